import test from 'ava'
import { minutes, seconds } from '../../../protocol/time.js'
import { checkScript } from '../../../rig/scep-server/index.js'
import { connectVirtual, succeeds, virtualBench, virtualPassword } from '../../support/virtual-bench.js'

test('the real firmware enrols in virtual time, and no time passes that nothing asked for', async (t) => {
  const { clock, board, server } = await virtualBench(t)
  await connectVirtual(t, board, server)
  const { status } = await succeeds(t, board, 'request key-name=web cn=printer.example.com use=tls')
  t.is(status, 'Successful')
  t.is(clock.monotonic(), 0)
  t.deepEqual(server.transcript.records.map(({ operation, messageType, peer }) => [operation, messageType ?? '', peer]).slice(-1), [['PKIOperation', 'PKCSReq', 'board']])
})

test('a server that takes its time takes virtual time, and one that is too slow is given up at the timeout to the millisecond', async (t) => {
  const { clock, board, server } = await virtualBench(t)
  await connectVirtual(t, board, server)
  server.setScript(checkScript({ faults: [{ fault: 'delay', seconds: 4.999, operation: 'GetCACaps' }] }))
  await succeeds(t, board, 'request key-name=a cn=printer.example.com')
  t.is(clock.monotonic(), 4999)
  server.setScript(checkScript({ faults: [{ fault: 'delay', seconds: 6, operation: 'GetCACaps' }] }))
  const { result } = await board.command('request key-name=b cn=printer.example.com', { answers: { 'Challenge Password (empty for none): ': '' } })
  t.is(result.ok ? '' : result.code, 'timed-out')
  t.is(clock.monotonic(), 4999 + 5000)
})

test('keys and settings survive a power cut; timers and the session do not', async (t) => {
  const { clock, board, server, log } = await virtualBench(t)
  await connectVirtual(t, board, server)
  await succeeds(t, board, 'request key-name=web cn=printer.example.com')
  t.true(clock.timers().length > 0)
  await board.cutPower()
  t.deepEqual(clock.timers(), [])
  const lines = log.length
  await clock.advance(minutes(30))
  t.is(log.length, lines)
  await board.powerOn()
  await board.attend(virtualPassword)
  t.is((await succeeds(t, board, 'keys list'))['keys'], '2')
  t.regex((await succeeds(t, board, 'status'))['restart-reason'] ?? '', /power on/)
})

test('a power cut loses what was not synced, or not, as the seed has it; an orderly stop loses nothing', async (t) => {
  const found: string[] = []
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const { board } = await virtualBench(t, { seed })
    await board.disk.create('/data/synced', Uint8Array.of(1, 2, 3, 4))
    await board.disk.syncFile('/data/synced')
    await board.disk.syncDirectory('/data')
    await board.disk.create('/data/unsynced', Uint8Array.of(1, 2, 3, 4))
    const stopped = seed === 'a'
    await (stopped ? board.powerOff() : board.cutPower())
    t.deepEqual([...await board.disk.read('/data/synced', 10)], [1, 2, 3, 4])
    const size = (await board.disk.facts('/data/unsynced'))?.size
    if (stopped) t.is(size, 4)
    else found.push(size === undefined ? 'gone' : size === 4 ? 'whole' : 'part')
    await board.powerOn()
  }
  t.true(new Set(found).size >= 2, found.join(' '))
})

test('a power cut in the middle of an exchange leaves the request to the next start', async (t) => {
  const { clock, board, server } = await virtualBench(t)
  await connectVirtual(t, board, server)
  server.setScript(checkScript({ faults: [{ fault: 'delay', seconds: 3, operation: 'PKIOperation' }] }))
  const asked = board.command('request key-name=web cn=printer.example.com', { answers: { 'Challenge Password (empty for none): ': '' } })
  asked.catch(() => undefined)
  clock.after('test: the plug', seconds(1), () => void board.cutPower())
  await t.throwsAsync(asked, { message: /did not say/ })
  await board.powerOn()
  await board.attend(virtualPassword)
  const { 'request-status': status, 'request-details': details } = await succeeds(t, board, 'status')
  t.is(status, 'Error', details)
})

test('a restart that was asked for starts the board again by itself, with the reason', async (t) => {
  const { board } = await virtualBench(t)
  await succeeds(t, board, 'restart')
  await board.restarted()
  t.is(board.boots, 2)
  await board.attend(virtualPassword)
  t.regex((await succeeds(t, board, 'status'))['restart-reason'] ?? '', /restart asked for by administrator/)
})

test('a board signs out after 15 minutes, and attending it signs in again', async (t) => {
  const { clock, board } = await virtualBench(t)
  await clock.advance(minutes(15))
  const from = clock.monotonic()
  await board.attend(virtualPassword)
  await succeeds(t, board, 'whoami')
  t.is(clock.monotonic(), from)
})

test('the log says when: the board counts from its own power-on, the rig from its own', async (t) => {
  const { clock, board, log } = await virtualBench(t)
  await board.powerOff()
  await clock.advance(seconds(90))
  await board.powerOn()
  const ready = log.filter(({ line }) => line.includes('the board is ready'))
  t.deepEqual(ready.map(({ at }) => at), [0, 90_000])
  t.true(ready.every(({ line }) => line.startsWith('[0, ')))
})

test('everything random follows from the seed and the name', async (t) => {
  const bootIds = async (seed: string, name: string): Promise<string> => {
    const { board } = await virtualBench(t, { seed, name })
    return (await succeeds(t, board, 'status'))['boot-id'] ?? ''
  }
  const first = await bootIds('one', 'a')
  t.is(await bootIds('one', 'a'), first)
  t.not(await bootIds('two', 'a'), first)
  t.not(await bootIds('one', 'b'), first)
})
