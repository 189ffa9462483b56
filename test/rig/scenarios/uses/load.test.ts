import test from 'ava'
import { milliseconds, seconds } from '../../../../protocol/time.js'
import { VirtualClock } from '../../../../rig/boards/index.js'
import { PingRecord, requestLoad } from '../../../../rig/scenarios/uses/load.js'
import { serviceGap } from '../../../../rig/verdicts/index.js'

/** Wall ms of the first ping; the rig's clock reads 5,000 then. */
const wall = 1_800_000_000_000
const record = (...lines: readonly string[]): PingRecord => {
  const pings = new PingRecord(5000 - wall, 10)
  lines.forEach((line) => pings.read(line))
  return pings
}
const stamp = (ms: number): string => `[${((wall + ms) / 1000).toFixed(6)}]`
const answer = (ms: number, sequence: number, took: number): string => `${stamp(ms)} 64 bytes from 10.77.2.1: icmp_seq=${sequence} ttl=64 time=${took} ms`

test('a ping that was answered started its time before its stamp, on the clock of the rig', (t) => {
  const [first, ...more] = record('PING 10.77.2.1 (10.77.2.1) from 10.77.1.1 : 56(84) bytes of data.', answer(2, 1, 1.5), '1 packets transmitted, 1 received').samples()
  t.is(more.length, 0)
  t.true(first!.served)
  t.true(Math.abs(first!.started - 5000.5) < 0.01 && Math.abs(first!.ended - 5002) < 0.01)
})

test('a ping without an answer is lost, unless the answer comes late; a refused one is lost', (t) => {
  const silent = `${stamp(20)} no answer yet for icmp_seq=2`
  t.deepEqual(record(answer(2, 1, 1), silent).samples().map(({ served }) => served), [true, false])
  const late = record(answer(2, 1, 1), silent, answer(80, 2, 69)).samples()
  t.deepEqual(late.map(({ served }) => served), [true, true])
  t.true(Math.abs(late[1]!.started - 5011) < 0.01)
  t.deepEqual(record(`${stamp(3)} From 10.77.1.1 icmp_seq=1 Destination Host Unreachable`).samples().map(({ served }) => served), [false])
})

test('an outage of a tunnel is measured from its pings', (t) => {
  const lines = Array.from({ length: 300 }, (_, at) => at).map((at) => (at >= 150 && at < 170 ? `${stamp(at * 10 + 10)} no answer yet for icmp_seq=${at}` : answer(at * 10 + 1, at, 1)))
  const { gap, lost } = serviceGap(record(...lines).samples(), { low: 6000, high: 7000 }, { quantum: 1, driftRatio: 0 })
  t.is(lost, 20)
  // 200 ms were lost, at one ping every 10 ms.
  t.true(gap.low > 170 && gap.low <= 200 && gap.high >= 200 && gap.high < 225, JSON.stringify(gap))
})

test('a load asks again after each answer and each failure, with its pause, and ends when it is told', async (t) => {
  const clock = new VirtualClock(0)
  let asked = 0
  const load = requestLoad({
    name: 'requests', promise: { lost: 0, gap: 100 }, clock, pause: milliseconds(10),
    ask: () => (asked += 1) % 3 === 0 ? Promise.reject(new Error('not served')) : Promise.resolve({ serial: '0a' }),
  })
  const running = await load.start()
  await clock.until(new Promise<void>((resolve) => void clock.after('test', seconds(1), resolve)))
  const samples = await clock.until(running.stop())
  t.true(samples.length >= 99 && samples.length <= 102)
  t.deepEqual(samples.slice(0, 3).map(({ served, serial }) => [served, serial]), [[true, '0a'], [true, '0a'], [false, undefined]])
  t.is(samples[1]!.started - samples[0]!.ended, 10)
})
