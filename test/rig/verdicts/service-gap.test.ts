import test from 'ava'
import fc from 'fast-check'
import { exchangeSeen, judgeGap, serviceGap, type LoadSample } from '../../../rig/verdicts/index.js'

const exact = { quantum: 0, driftRatio: 0 }

/** A service that is away from `from` to `to`, and a load that asks it again and again, one request at a time. */
interface Model {
  readonly from: number
  readonly length: number
  /** What becomes of a request that meets the outage. */
  readonly then: 'lost' | 'waits'
  /** Of each request in turn: there, served, back, and the pause after it; ms. */
  readonly rounds: readonly { readonly there: number; readonly back: number; readonly pause: number }[]
}

const round = fc.record({ there: fc.double({ min: 0.1, max: 4, noNaN: true }), back: fc.double({ min: 0.1, max: 4, noNaN: true }), pause: fc.double({ min: 0, max: 10, noNaN: true }) })
const model: fc.Arbitrary<Model> = fc.record({
  from: fc.double({ min: 200, max: 260, noNaN: true }), length: fc.oneof(fc.double({ min: 0, max: 12, noNaN: true }), fc.double({ min: 0, max: 300, noNaN: true })),
  then: fc.constantFrom('lost' as const, 'waits' as const), rounds: fc.array(round, { minLength: 5, maxLength: 40 }),
})

/** Long enough that the load has gone on well after the outage. */
function play({ from, length, then, rounds }: Model): { readonly samples: readonly LoadSample[]; readonly usual: number } {
  const to = from + length
  const samples: LoadSample[] = []
  let usual = 0
  for (let at = 0, started = 0; started < to + 200; at += 1) {
    const { there, back, pause } = rounds[at % rounds.length]!
    const arrived = started + there
    const away = length > 0 && arrived >= from && arrived < to
    const ended = away && then === 'waits' ? to + back : arrived + back
    const served = !away || then === 'waits'
    samples.push({ started, ended, served, serial: arrived < from ? 'old' : 'new' })
    usual = Math.max(usual, there + back)
    started = ended + pause
  }
  return { samples, usual }
}

test('rig.md witnesses: the true gap is always within what is measured, whether requests wait or are lost', (t) => {
  fc.assert(fc.property(model, (one) => {
    const { samples } = play(one)
    const { gap } = serviceGap(samples, { low: one.from - 50, high: one.from + one.length + 50 }, exact)
    return gap.low <= one.length + 1e-9 && one.length <= gap.high + 1e-9
  }))
  t.pass()
})

test('the measured gap is no wider than two rounds of the load, and a latency', (t) => {
  fc.assert(fc.property(model.filter(({ length }) => length > 30), (one) => {
    const { samples } = play(one)
    const rounds = Math.max(...one.rounds.map(({ there, back, pause }) => there + back + pause))
    const { gap, bound } = serviceGap(samples, { low: one.from - 50, high: one.from + one.length + 50 }, exact)
    return gap.high - gap.low <= 4 * rounds && Math.abs(bound.total - (gap.high - gap.low) / 2) < 1e-9
  }))
  t.pass()
})

test('without an outage nothing is lost and the gap may be nothing; every loss within the window is counted', (t) => {
  fc.assert(fc.property(model, (one) => {
    const { samples } = play({ ...one, length: 0 })
    const { gap, lost } = serviceGap(samples, { low: one.from - 50, high: one.from + 50 }, exact)
    return gap.low <= 8 && lost === 0
  }))
  fc.assert(fc.property(model.map((one) => ({ ...one, then: 'lost' as const })), (one) => {
    const { samples } = play(one)
    return serviceGap(samples, { low: one.from - 50, high: one.from + one.length + 50 }, exact).lost === samples.filter(({ served }) => !served).length
  }))
  t.pass()
})

test('the moment of the exchange lies between the last request that saw the old certificate and the first that saw the new', (t) => {
  fc.assert(fc.property(model, (one) => {
    const { samples } = play({ ...one, length: 0 })
    const seen = exchangeSeen(samples, 'old', 'new')
    return seen !== undefined && seen.low <= one.from && one.from <= seen.high
  }))
  t.is(exchangeSeen([{ started: 0, ended: 1, served: true, serial: 'old' }], 'old', 'new'), undefined)
})

const steady = (from: number, to: number): LoadSample[] => Array.from({ length: (to - from) / 10 }, (_, at) => ({ started: from + at * 10, ended: from + at * 10 + 2, served: true }))
const promised = { load: 'requests', lost: 0, gap: 100 }
const outcomes = (samples: readonly LoadSample[], limits = promised): readonly string[] =>
  judgeGap(serviceGap(samples, { low: 1000, high: 1500 }, { quantum: 1, driftRatio: 0 }), limits).map(({ outcome }) => outcome)

test('three values: a gap wholly within the promise passes, wholly outside fails, across its edge is inconclusive', (t) => {
  t.deepEqual(outcomes([...steady(0, 1200), ...steady(1250, 2500)]), ['pass', 'pass'])
  const waits = (length: number): LoadSample[] => [...steady(0, 1200), { started: 1200, ended: 1200 + length, served: true }, ...steady(1200 + length, 2500)]
  t.deepEqual(outcomes(waits(400)), ['pass', 'fail'])
  t.deepEqual(outcomes(waits(100)), ['pass', 'inconclusive'])
})

test('one request lost fails a promise of none; a promise of two takes it', (t) => {
  const samples = [...steady(0, 1200), { started: 1200, ended: 1201, served: false }, ...steady(1210, 2500)]
  t.deepEqual(outcomes(samples), ['fail', 'pass'])
  t.deepEqual(outcomes(samples, { ...promised, lost: 2 }), ['pass', 'pass'])
})

test('a single lost request says how long the service was away at most, and nothing of how long at least', (t) => {
  const samples = [...steady(0, 1200), { started: 1200, ended: 1201, served: false }, ...steady(1210, 2500)]
  const { gap } = serviceGap(samples, { low: 1000, high: 1500 }, exact)
  t.deepEqual(gap, { low: 0, high: 22 })
})

test('a load that did not run before, during and after the exchange proves nothing', (t) => {
  t.deepEqual(outcomes(steady(0, 900)), ['inconclusive', 'inconclusive'])
  t.deepEqual(outcomes(steady(1100, 2500)), ['inconclusive', 'inconclusive'])
  t.deepEqual(outcomes([]), ['inconclusive', 'inconclusive'])
})
