import test from 'ava'
import { minutes, seconds } from '../../../protocol/time.js'
import { exactWitness, spacing, window, type Spacing, type WitnessFacts } from '../../../rig/verdicts/index.js'

const polls: Spacing = {
  name: 'polls at the interval',
  promise: 'a poll every minute, three times',
  event: 'poll',
  stamps: [0, 60_000, 120_000, 180_000],
  each: window(minutes(1), seconds(1)),
  count: 3,
}
const host: WitnessFacts = { latency: { low: 0, high: 28 }, quantum: 1, driftRatio: 0 }

test('device.md 4: polls at the interval and the count pass', (t) => {
  const { verdict, intervals } = spacing(polls, exactWitness)
  t.is(verdict.outcome, 'pass')
  t.deepEqual(intervals.map(({ measured }) => measured.low), [60_000, 60_000, 60_000])
})

test('device.md 4: one millisecond early fails in exact time', (t) => {
  const { verdict } = spacing({ ...polls, stamps: [0, 60_000, 119_999, 180_000] }, exactWitness)
  t.is(verdict.outcome, 'fail')
  t.regex(verdict.reason, /poll 2 took 59.999 s/)
})

test('device.md 4: a poll too many and a poll too few fail', (t) => {
  const { verdict, intervals } = spacing({ ...polls, stamps: [...polls.stamps, 240_000] }, exactWitness)
  t.is(verdict.outcome, 'fail')
  t.is(verdict.reason, '4 polls were seen, 3 were promised')
  t.deepEqual(intervals.map(({ outcome }) => outcome), ['pass', 'pass', 'pass', 'fail'])
  t.is(spacing({ ...polls, stamps: polls.stamps.slice(1) }, exactWitness).verdict.outcome, 'fail')
})

test('an error that reaches over the edge of the promise is inconclusive, and the reason says how large it is', (t) => {
  const { verdict, intervals } = spacing({ ...polls, stamps: [0, 60_500, 120_505, 181_000] }, host)
  t.is(verdict.outcome, 'inconclusive')
  t.regex(verdict.reason, /poll 2 took .* ±29 ms/)
  t.deepEqual(intervals.map(({ outcome }) => outcome), ['pass', 'inconclusive', 'pass'])
  t.is(verdict.bound!.total, 29)
})

test('device.md 4: no poll where none was promised passes, one fails; none where some were hoped for is inconclusive', (t) => {
  t.is(spacing({ ...polls, stamps: [0], count: 0 }, exactWitness).verdict.outcome, 'pass')
  t.is(spacing({ ...polls, stamps: [0, 60_000], count: 0 }, exactWitness).verdict.outcome, 'fail')
  const { count, ...uncounted } = polls
  t.is(count, 3)
  t.is(spacing({ ...uncounted, stamps: [0] }, exactWitness).verdict.outcome, 'inconclusive')
})
