import test from 'ava'
import fc from 'fast-check'
import { seconds } from '../../../protocol/time.js'
import { calibrated, errorBound, exactWitness, judge, measured, scaledWitness, spell, spellInterval, window } from '../../../rig/verdicts/index.js'

const promise = window(seconds(60), seconds(1))

test('an interval is judged by both of its ends, and the ends of the promise belong to it', (t) => {
  t.is(judge({ low: 60_000, high: 61_000 }, promise), 'pass')
  t.is(judge({ low: 59_999, high: 60_500 }, promise), 'inconclusive')
  t.is(judge({ low: 60_500, high: 61_001 }, promise), 'inconclusive')
  t.is(judge({ low: 59_000, high: 59_999 }, promise), 'fail')
  t.is(judge({ low: 61_001, high: 62_000 }, promise), 'fail')
  t.is(judge({ low: 59_000, high: 62_000 }, promise), 'inconclusive')
})

test('rig.md Witnesses: the bound is the spread of the latency, the quantum and the drift over the duration', (t) => {
  const bound = errorBound({ latency: { low: 2, high: 28 }, quantum: 1, driftRatio: 50e-6 }, 600_000)
  t.deepEqual(bound, { total: 57, latency: 26, quantum: 1, drift: 30 })
})

test('rig.md One scenario, four clocks: a scaled clock makes the host noise larger by its scale', (t) => {
  const host = calibrated([3, 9, 4], 1, 0)
  t.is(errorBound(host, 1000).total, 7)
  t.is(errorBound(scaledWitness(host, 60), 1000).total, 420)
  t.throws(() => calibrated([], 1, 0), { instanceOf: TypeError })
})

test('virtual time has no error', (t) => {
  t.deepEqual(measured(1000, 61_000, exactWitness), { low: 60_000, high: 60_000 })
})

test('whatever the latencies of two stamps, the true length lies in the measured interval', (t) => {
  const latency = fc.double({ min: 0, max: 40, noNaN: true })
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e9 }), latency, latency, (length, first, second) => {
    const { low, high } = measured(5 + first, 5 + length + second, { latency: { low: 0, high: 40 }, quantum: 1, driftRatio: 0 })
    return low <= length && length <= high
  }))
  t.pass()
})

test('lengths of time read as a person says them', (t) => {
  t.deepEqual([0, 12.3456, 1500, -45, 61_000, 270_000, 7_200_000, 2_685_600_000].map(spell),
    ['0 ms', '12.3 ms', '1.5 s', '−45 ms', '61 s', '4 min 30 s', '2 h', '31 d 2 h'])
  t.is(spellInterval({ low: 1000, high: 1020 }), '[1 s, 1.02 s]')
  t.is(spellInterval({ low: 1000, high: 1000 }), '1 s')
})
