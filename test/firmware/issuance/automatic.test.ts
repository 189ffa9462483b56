import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { days, hours, minutes, seconds } from '../../../protocol/time.js'
import { filesOf } from '../../support/disk-image.js'
import { keysIn } from '../../support/issuance-bench.js'
import { ScriptedScep } from '../../support/scripted-scep.js'
import { deferring, firstRequest, newYear, refusing, startAt, timerBoard } from '../../support/timer-board.js'

test('device.md 4: one millisecond before the start and its jitter nothing is sent; then the request goes out, once', async (t) => {
  const board = await timerBoard(t)
  t.deepEqual(board.rows(), ['To Be Processed'])
  t.is(board.issuance.history()[0]?.requestedAt, firstRequest)
  t.is(board.issuance.history()[0]?.details, 'Next Request Date/Time 2027-01-01T01:01:00Z')
  await board.until(firstRequest - 1)
  t.deepEqual(board.sent, [])
  await board.until(firstRequest)
  t.deepEqual(board.sent, [{ type: 'PKCSReq', at: firstRequest }])
  t.deepEqual(board.rows(), ['To Be Processed', 'Successful'])
  t.deepEqual(keysIn(board), ['office ready'])
  t.deepEqual(board.uses.put.length, 1)
  await board.until(firstRequest + days(1))
  t.is(board.sent.length, 1)
})

test('device.md 4: a deferred request is polled at the interval to the millisecond, and ends as Error when the polls are used up', async (t) => {
  const board = await timerBoard(t, { scep: deferring() })
  await board.until(firstRequest)
  t.deepEqual([board.rows(), board.newest()?.details], [['Processing.../deferred'], 'Deferred'])
  t.is(board.newest()?.extra.next, 'The server is asked again at 2027-01-01T01:11:00Z, poll 1 of 3.')
  t.deepEqual(keysIn(board), ['office pending'])
  await board.pass(seconds(600 - 0.001))
  t.is(board.sent.length, 1)
  await board.pass(seconds(0.001))
  await board.pass(hours(1))
  t.deepEqual(board.sent.map(({ type, at }) => `${type} ${(at - firstRequest) / 60_000}`), ['PKCSReq 0', 'CertPoll 10', 'CertPoll 20', 'CertPoll 30'])
  t.deepEqual([board.rows(), board.newest()?.details], [['Error/deferred'], 'Deferred'])
  t.is(board.newest()?.extra.next, 'The request has ended.')
  t.deepEqual(keysIn(board), [], 'its place in the store is free')
  t.is(new Set(board.scep.seen.map(({ message }) => message.transactionId)).size, 1, 'C-13: one transaction')
})

test('C-13: a deferred request that is granted at a poll is one row from begin to end', async (t) => {
  const scep = deferring(2)
  const board = await timerBoard(t, { scep })
  await board.until(firstRequest + minutes(20))
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'CertPoll', 'CertPoll'])
  t.deepEqual(board.rows(), ['To Be Processed', 'Successful'])
  t.is(board.newest()?.requestedAt, firstRequest)
})

test('device.md 4: a communication error is polled on, and while the server is away nothing is sent and no key is made', async (t) => {
  const board = await timerBoard(t)
  board.http.before = () => ({ status: 503, headers: {}, body: new Uint8Array() })
  await board.until(firstRequest + minutes(15))
  t.deepEqual([board.rows(), board.newest()?.details], [['Processing.../http-status'], 'Communication Error (TOP ERROR 503)'])
  t.deepEqual([board.made.keys, keysIn(board)], [0, []])
  board.http.before = () => undefined
  await board.pass(minutes(5))
  t.deepEqual(board.sent, [{ type: 'PKCSReq', at: firstRequest + minutes(20) }])
  t.deepEqual(board.rows(), ['To Be Processed', 'Successful'])
})

test('C-14: an answer that got lost is asked for by CertPoll of the same transaction: one certificate for one request', async (t) => {
  const board = await timerBoard(t, { scep: deferring(0) })
  board.http.after = (request, response) => {
    if (request.url.search.includes('PKIOperation') && board.scep.seen.length === 1) throw new PlatenError('timed-out', 'no answer')
    return response
  }
  await board.until(firstRequest)
  t.deepEqual([board.rows(), keysIn(board)], [['Processing.../timed-out'], ['office pending']])
  await board.pass(minutes(10))
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'CertPoll'])
  t.is(new Set(board.scep.seen.map(({ message }) => message.transactionId)).size, 1)
  t.deepEqual([board.rows(), keysIn(board), board.made.keys], [['To Be Processed', 'Successful'], ['office ready'], 1])
})

test('C-14: a server that does not know the transaction gets a new request, at once and in the same row', async (t) => {
  const scep = new ScriptedScep()
  const issue = scep.answer
  scep.answer = (seen) => (seen.message.messageType === 'CertPoll' ? { fields: { status: 'FAILURE', failInfo: 'badCertId' } } : scep.seen.length === 1 ? { fields: { status: 'PENDING' } } : issue(seen))
  const board = await timerBoard(t, { scep })
  await board.until(firstRequest + minutes(10))
  t.deepEqual(board.sent.map(({ type, at }) => `${type} ${(at - firstRequest) / 60_000}`), ['PKCSReq 0', 'CertPoll 10', 'PKCSReq 10'])
  t.deepEqual([board.rows(), keysIn(board)], [['To Be Processed', 'Successful'], ['office ready']])
})

test('device.md 4: without polling a communication error ends the request', async (t) => {
  const board = await timerBoard(t, { timer: { polling: false } })
  board.http.before = () => ({ status: 503, headers: {}, body: new Uint8Array() })
  await board.until(firstRequest + days(1))
  t.deepEqual(board.rows(), ['Error/http-status'])
})

test('device.md 4: a FAILURE is never polled and ends as Error at once', async (t) => {
  const board = await timerBoard(t, { scep: refusing('badTime') })
  await board.until(firstRequest + days(1))
  t.is(board.sent.length, 1)
  t.deepEqual([board.rows(), board.newest()?.details], [['Error/scep-failure'], 'Communication Error (SCEP ERROR Fail Info 3)'])
  t.deepEqual(keysIn(board), [])
})

test('device.md 4: an error inside the answer is never polled', async (t) => {
  const scep = new ScriptedScep()
  scep.answer = ({ content }) => ({ fields: { status: 'SUCCESS', certificates: [scep.issue(content)] }, options: { recipientNonce: new Uint8Array(16) } })
  const board = await timerBoard(t, { scep })
  await board.until(firstRequest + days(1))
  t.is(board.sent.length, 1)
  t.deepEqual(board.rows(), ['Error/nonce-mismatch'])
})

test('device.md 4: a full store is found before anything is sent, and is never polled', async (t) => {
  const board = await timerBoard(t, { maxKeys: 1 })
  await board.until(firstRequest + days(1))
  t.deepEqual([board.sent, board.http.before.length], [[], 0])
  t.deepEqual([board.rows(), board.newest()?.details], [['Error/store-full'], 'Key and Certificate Registration Limit Error'])
})

test('device.md 2, 3: while the timer is on, requests by hand and another CA are refused, and nothing changes', async (t) => {
  const board = await timerBoard(t, { scep: deferring() })
  const { keyName, ...rest } = { keyName: 'other', digest: 'sha256', keyLength: 2048, commonName: 'printer.example.com', dnsNames: [], ipAddresses: [] } as const
  const operations = board.disk.operations.length
  await t.throwsAsync(board.issuance.request({ keyName, ...rest }), { code: 'timer-enabled' })
  await t.throwsAsync(board.issuance.pin('ab'.repeat(32)), { code: 'timer-enabled' })
  t.is(board.disk.operations.length, operations)
  await board.until(firstRequest)
  const transactionId = board.newest()?.extra.transactionId
  await t.throwsAsync(board.issuance.poll(transactionId), { code: 'timer-enabled' })
  await t.throwsAsync(board.issuance.giveUp(transactionId), { code: 'timer-enabled' })
  await t.throwsAsync(board.issuance.poll(), { code: 'nothing-to-poll' })
})

test('timer off while the server has deferred: the row ends with what it waited for, the key goes, and a request by hand is taken', async (t) => {
  const scep = deferring(1)
  const board = await timerBoard(t, { scep })
  await board.until(firstRequest + minutes(5))
  await board.issuance.automatic.update({ enabled: false })
  t.deepEqual([board.rows(), keysIn(board)], [['Error/deferred'], []])
  await board.pass(days(1))
  t.is(board.sent.length, 1)
  t.is((await board.issuance.request({ keyName: 'by hand', digest: 'sha256', keyLength: 2048, commonName: 'printer.example.com', dnsNames: [], ipAddresses: [] })).status, 'Successful')
})

test('device.md 4: a clock that is not set holds the request as To Be Processed with the reason; when it is set, the request runs', async (t) => {
  const board = await timerBoard(t)
  board.clock.setWall(0, 'unset')
  await board.pass(days(1))
  t.deepEqual([board.rows(), board.sent], [['To Be Processed/clock-not-set'], []])
  board.clock.setWall(startAt - minutes(1), 'synced')
  await board.pass(minutes(1))
  t.deepEqual(board.rows(), ['To Be Processed'])
  await board.pass(minutes(1))
  t.deepEqual(board.sent.map(({ at }) => at), [firstRequest])
})

test('device.md 4: periodic requests follow each success at the interval, and the next date is shown', async (t) => {
  const board = await timerBoard(t, { timer: { periodic: true, periodicDays: 30, renewByExpiry: false } })
  await board.until(firstRequest)
  const next = firstRequest + days(30) + minutes(1)
  t.is(board.issuance.automatic.view().nextAt, next)
  t.is(board.newest()?.extra.next, `The next request goes out at ${new Date(next).toISOString().replace('.000Z', 'Z')}.`)
  await board.until(next - 1)
  t.is(board.sent.length, 1)
  await board.until(next)
  t.deepEqual(board.sent.map(({ at }) => at), [firstRequest, next])
})

test('device.md 4: the jitter is drawn once and stored: a restart neither draws it anew nor repeats a request', async (t) => {
  const board = await timerBoard(t)
  await board.until(startAt - minutes(1))
  await board.close()
  const again = await timerBoard(t, { image: board.disk.image(), clock: board.clock, scep: board.scep, sent: board.sent, jitter: 500 })
  t.is(again.issuance.automatic.view().nextAt, firstRequest)
  await again.until(firstRequest)
  await again.close()
  const third = await timerBoard(t, { image: again.disk.image(), clock: board.clock, scep: board.scep, sent: board.sent })
  await third.until(firstRequest + days(2))
  t.deepEqual(board.sent, [{ type: 'PKCSReq', at: firstRequest }])
})

test('device.md 4: the restart after a success is asked for once, and not again by the boot that follows', async (t) => {
  const board = await timerBoard(t, { timer: { restartAfterAcquiring: true } })
  await board.until(firstRequest)
  t.deepEqual(board.restarts, ['a certificate was acquired'])
  await board.close()
  const again = await timerBoard(t, { image: board.disk.image(), clock: board.clock })
  await again.pass(hours(1))
  t.deepEqual(again.restarts, [])
  t.deepEqual(again.rows(), ['To Be Processed', 'Successful'])
})

test('device.md 4: the stored challenge goes into the request, and stands in clear in no file and no line of the log', async (t) => {
  const challenge = 'a challenge nobody may see'
  const board = await timerBoard(t, { timer: { challenge } })
  await board.until(firstRequest)
  t.is(board.scep.challenges()[0], challenge)
  const written = JSON.stringify([...filesOf(board.disk.image())].map(([path, bytes]) => [path, Buffer.from(bytes).toString('latin1')]))
  t.true(written.includes('printer.example.com'))
  t.false(written.includes(challenge))
  t.false(board.logged.join().includes(challenge))
})

test('an answer that the disk does not take at first is written down when it does', async (t) => {
  const board = await timerBoard(t, { scep: deferring() })
  const create = board.disk.create.bind(board.disk)
  board.http.after = (request, response) => {
    if (request.url.search.includes('PKIOperation')) board.disk.create = () => board.disk.read('/nothing', 1).then(() => undefined)
    return response
  }
  await board.until(firstRequest + seconds(30))
  t.deepEqual(board.rows(), ['Processing...'])
  board.disk.create = create
  board.http.after = (_, response) => response
  await board.until(firstRequest + minutes(1))
  t.deepEqual(board.rows(), ['Processing.../deferred'])
  await board.until(firstRequest + hours(1))
  t.is(board.sent.length, 4)
})

test('history: 20 rows, the next request of the timer among them', async (t) => {
  const board = await timerBoard(t, { scep: refusing('badTime'), timer: { periodic: true, periodicDays: 1 } })
  await board.until(newYear + days(30))
  t.is(board.issuance.history().length, 20)
  t.is(board.rows()[0], 'To Be Processed')
  t.is(board.sent.length, 30)
})
