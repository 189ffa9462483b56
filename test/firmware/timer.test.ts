import test, { type ExecutionContext } from 'ava'
import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { days, hours, minutes, seconds } from '../../protocol/time.js'
import { checkScript } from '../../rig/scep-server/index.js'
import { connectVirtual, succeeds, virtualBench, virtualPassword } from '../support/virtual-bench.js'

type Bench = Awaited<ReturnType<typeof virtualBench>>

/** Of the virtual bench: 2027-03-01T08:00Z. */
const start = 'start=2027-03-01T09:00:00Z'
const request = 'key-name=office cn=printer.example.com use=tls'

async function connected(t: ExecutionContext, options: Parameters<typeof virtualBench>[1] = {}): Promise<Bench> {
  const bench = await virtualBench(t, options)
  await connectVirtual(t, bench.board, bench.server)
  return bench
}

async function refused({ board }: Bench, line: string, challenge = ''): Promise<{ code: string; message: string; fix: string; field: string | undefined }> {
  const { result } = await board.command(line, { answers: { [CHALLENGE_PROMPT]: challenge } })
  if (result.ok) throw new Error(`${line} was not refused`)
  return { code: result.code, message: result.message, fix: result.fix, field: result.facts['field'] }
}

const messages = ({ server }: Bench): readonly string[] => server.transcript.records.flatMap(({ messageType }) => (messageType === undefined ? [] : [messageType]))

test('timer set switches the timer on with the fields given, timer show tells what comes next, timer off keeps the settings', async (t) => {
  const bench = await connected(t)
  const off = await succeeds(t, bench.board, 'timer show')
  t.deepEqual([off['enabled'], off['polls'], off['every'], off['next'], off['challenge']], ['false', '0', '0', undefined, 'none'])
  const on = await succeeds(t, bench.board, `timer set ${start} ${request} adjust=no polls=3 poll-interval=20`)
  t.deepEqual(
    [on['enabled'], on['start'], on['due'], on['next'], on['next-kind'], on['jitter'], on['polls'], on['poll-interval'], on['use'], on['adjust']],
    ['true', '2027-03-01T09:00:00Z', '2027-03-01T09:00:00Z', '2027-03-01T09:00:00Z', 'start', '0', '3', '20', 'tls', 'false'],
  )
  const adjusted = await succeeds(t, bench.board, 'timer set adjust=yes every=90')
  const jitter = Number(adjusted['jitter'])
  t.true(jitter >= 1 && jitter <= 600)
  t.is(Date.parse(adjusted['next'] ?? ''), Date.parse('2027-03-01T09:00:00Z') + seconds(jitter))
  t.deepEqual([adjusted['every'], adjusted['polls']], ['90', '3'])
  t.is((await succeeds(t, bench.board, 'status'))['next-request'], adjusted['next'])
  const again = await succeeds(t, bench.board, 'timer off')
  t.deepEqual([again['enabled'], again['next'], again['every'], again['key-name']], ['false', undefined, '90', 'office'])
})

test('device.md 4: a start that has passed, and a timer without its request, are refused by the name of the field; nothing changes', async (t) => {
  const bench = await connected(t)
  const past = await refused(bench, `timer set start=2027-03-01T07:59:59Z ${request}`)
  t.deepEqual([past.code, past.field, /start/.test(past.fix)], ['invalid-value', 'start', true])
  const missing = await refused(bench, `timer set ${start} key-name=office`)
  t.deepEqual([missing.code, missing.field], ['missing-field', 'cn'])
  for (const field of ['polls=101', 'poll-interval=0', 'every=366', 'adjust=perhaps', 'start=tomorrow', 'start=2027-03-01T09:00:00']) {
    t.is((await refused(bench, `timer set ${field}`)).field, field.split('=')[0])
  }
  t.is((await succeeds(t, bench.board, 'timer show'))['enabled'], 'false')
})

test('device.md 2, 3: while the timer is on, request, comm set and ca pin answer timer-enabled, and nothing is changed', async (t) => {
  const bench = await connected(t)
  await succeeds(t, bench.board, `timer set ${start} ${request}`)
  const before = await succeeds(t, bench.board, 'comm show')
  for (const line of ['comm set timeout=60', `ca pin ${'ab'.repeat(32)}`, 'request key-name=other cn=printer.example.com']) t.is((await refused(bench, line)).code, 'timer-enabled', line)
  t.deepEqual(await succeeds(t, bench.board, 'comm show'), before)
  t.is((await succeeds(t, bench.board, 'keys list'))['keys'], '1')
  await succeeds(t, bench.board, 'timer off')
  await succeeds(t, bench.board, 'comm set timeout=60')
})

test('the challenge is asked hidden, kept when the answer is empty, and used', async (t) => {
  const bench = await connected(t)
  const { result, lines } = await bench.board.command(`timer set ${start} ${request}`, { answers: { [CHALLENGE_PROMPT]: 'hush hush' } })
  t.true(result.ok)
  t.false(lines.join().includes('hush'))
  t.is((await succeeds(t, bench.board, 'timer set polls=1'))['challenge'], 'stored')
  t.false(bench.log.map(({ line }) => line).join().includes('hush'))
  t.is((await refused(bench, 'timer set challenge=hush')).code, 'invalid-value')
})

test('device.md 4, 8: after acquiring the board restarts with the reason, the new certificate serves, and periodic work goes on', async (t) => {
  const bench = await connected(t)
  const { board, clock } = bench
  await succeeds(t, board, `timer set ${start} ${request} adjust=no every=30 restart=yes delete-old=yes renew=no`)
  await clock.advance(hours(1))
  await board.restarted()
  await board.attend(virtualPassword)
  const status = await succeeds(t, board, 'status')
  t.regex(status['restart-reason'] ?? '', /restart asked for by automatic issuance: a certificate was acquired/)
  t.deepEqual([status['tls-key'], board.boots], ['office', 2])
  const next = status['next-request'] ?? ''
  t.true(Math.abs(Date.parse(next) - Date.parse('2027-03-31T09:00:00Z')) < 60_000, next)
  await clock.advance(days(30))
  await clock.advance(minutes(1))
  await board.attend(virtualPassword)
  t.deepEqual(messages(bench), ['PKCSReq', 'RenewalReq'])
  t.is(board.boots, 3)
  const { keys } = await succeeds(t, board, 'keys list')
  t.is(keys, '2', 'the default key and one more: the old one is gone')
})

test('C-14: a power cut while the server decides: the poll after it keeps the transaction, in the same row', async (t) => {
  const bench = await connected(t)
  const { board, clock, server } = bench
  server.setScript(checkScript({ faults: [{ fault: 'pending', times: 2 }] }))
  await succeeds(t, board, `timer set ${start} ${request} adjust=no polls=5 poll-interval=10`)
  await clock.advance(minutes(61))
  await board.attend(virtualPassword)
  const waiting = await succeeds(t, board, 'timer show')
  t.deepEqual([waiting['next-kind'], waiting['reason'], waiting['polls-left']], ['poll', 'deferred', '5'])
  await board.cutPower()
  await clock.advance(minutes(3))
  await board.powerOn()
  await board.attend(virtualPassword)
  t.is((await succeeds(t, board, 'timer show'))['next'], waiting['next'])
  await clock.advance(minutes(20))
  await board.attend(virtualPassword)
  t.deepEqual(messages(bench), ['PKCSReq', 'CertPoll', 'CertPoll'])
  t.is(new Set(server.transcript.records.flatMap(({ transactionId }) => (transactionId === undefined ? [] : [transactionId]))).size, 1)
  const { 'request-status': newest } = await succeeds(t, board, 'status')
  t.is(newest, 'To Be Processed', 'the next renewal')
  const row = await succeeds(t, board, 'history 2')
  t.deepEqual([row['status'], row['key-name']], ['Successful', 'office'])
})
