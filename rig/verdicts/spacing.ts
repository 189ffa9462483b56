import { errorBound, judge, measured, spell, spellInterval, type ErrorBound, type Interval, type Outcome, type WitnessFacts } from './interval.js'
import { combine, type Verdict } from './verdict.js'

/** A length of time that was promised and measured; milliseconds. */
export interface MeasuredInterval {
  /** What it is: "poll 3 after poll 2". */
  readonly label: string
  readonly board?: string
  readonly measured: Interval
  readonly promise: Interval
  readonly bound: ErrorBound
  readonly outcome: Outcome
}

/** Something that happens again and again: polls, periodic requests, renewals. */
export interface Spacing {
  readonly name: string
  readonly promise: string
  /** What one event is called: "poll". */
  readonly event: string
  readonly board?: string
  /** When the witness saw each event, milliseconds on its clock, in order; the first is where counting starts. */
  readonly stamps: readonly number[]
  /** From one event to the next. */
  readonly each: Interval
  /** How many events follow the first; absent when the number is not part of the promise. */
  readonly count?: number
}

export interface SpacingResult {
  readonly verdict: Verdict
  readonly intervals: readonly MeasuredInterval[]
}

/** One interval between two stamps of the same witness against its promise. */
export function measure(label: string, from: number, to: number, promise: Interval, witness: WitnessFacts, board?: string): MeasuredInterval {
  const length = measured(from, to, witness)
  return { label, measured: length, promise, bound: errorBound(witness, to - from), outcome: judge(length, promise), ...(board === undefined ? {} : { board }) }
}

/** Whether each event follows the one before it as promised, and as often as promised; one too many has failed whenever it came. */
export function spacing(spec: Spacing, witness: WitnessFacts): SpacingResult {
  const intervals = spec.stamps.slice(1).map((stamp, at): MeasuredInterval => {
    const interval = measure(`${spec.event} ${at + 1}`, spec.stamps[at] ?? stamp, stamp, spec.each, witness, spec.board)
    return spec.count !== undefined && at >= spec.count ? { ...interval, outcome: 'fail' } : interval
  })
  return { intervals, verdict: judgeIntervals(spec, intervals) }
}

/** One verdict on intervals that were measured by `measure`, for a promise that they share. */
export function judgeIntervals(spec: { readonly name: string; readonly promise: string; readonly event: string; readonly count?: number }, intervals: readonly MeasuredInterval[]): Verdict {
  const lows = intervals.map((interval) => interval.measured.low)
  const highs = intervals.map((interval) => interval.measured.high)
  const bound = intervals.map((interval) => interval.bound).sort((a, b) => b.total - a.total)[0]
  const head = {
    name: spec.name,
    promise: spec.promise,
    evidence: {
      [`${spec.event}s seen`]: intervals.length,
      ...(spec.count === undefined ? {} : { [`${spec.event}s promised`]: spec.count }),
      ...(intervals.length === 0 ? {} : { 'shortest, ms': Math.min(...lows), 'longest, ms': Math.max(...highs) }),
    },
    ...(bound === undefined ? {} : { bound }),
  }
  if (spec.count !== undefined && intervals.length !== spec.count) {
    return { ...head, outcome: 'fail', reason: `${intervals.length} ${spec.event}s were seen, ${spec.count} were promised` }
  }
  if (intervals.length === 0 && spec.count === 0) return { ...head, outcome: 'pass', reason: `no ${spec.event} was seen, as promised` }
  if (intervals.length === 0) return { ...head, outcome: 'inconclusive', reason: `no ${spec.event} was seen` }
  const outcome = combine(intervals.map((interval) => interval.outcome))
  const telling = intervals.find((interval) => interval.outcome === outcome)
  if (telling === undefined || outcome === 'pass') {
    return { ...head, outcome, reason: `all ${intervals.length} lie within the promise; they measured ${spellInterval({ low: Math.min(...lows), high: Math.max(...highs) })}` }
  }
  const [is, must] = [spellInterval(telling.measured), spellInterval(telling.promise)]
  return {
    ...head,
    outcome,
    reason: outcome === 'fail'
      ? `${telling.label} took ${is}, promised was ${must}`
      : `${telling.label} took ${is}; with an error of ±${spell(telling.bound.total)} that is neither inside nor outside ${must}`,
  }
}
