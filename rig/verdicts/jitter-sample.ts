import { errorBound, type ErrorBound, type Interval, type WitnessFacts } from './interval.js'
import type { Verdict } from './verdict.js'

/** One jitter as it was seen: from the start that was set to the request's arrival. */
export interface JitterSample {
  readonly board: string
  /** The scheduled start; boards with the same one were powered on at the same instant. */
  readonly start: string | number
  /** Milliseconds. */
  readonly jitter: Interval
}

/** device.md section 4, "Auto Adjust Issuance Request Time": seconds, whole numbers, both ends included. */
export const jitterRange: Interval = { low: 1, high: 600 }
export const jitterPromise = 'a uniformly random whole number of seconds from 1 to 600 is added to the start time'

export const halfWidth = ({ low, high }: Interval): number => (high - low) / 2
const middle = ({ low, high }: Interval): number => (low + high) / 2

/** The largest error of the samples, milliseconds. */
export function blurOf(samples: readonly JitterSample[]): number {
  return samples.reduce((most, { jitter }) => Math.max(most, halfWidth(jitter)), 0)
}

/** The whole second that a sample stands for; what lies outside the range is counted at its end (the range verdict fails it). */
export function wholeSecond({ jitter }: JitterSample): number {
  return Math.min(jitterRange.high, Math.max(jitterRange.low, Math.round(middle(jitter) / 1000)))
}

/** The samples of each board, in the order given. */
export function byBoard(samples: readonly JitterSample[]): ReadonlyMap<string, readonly JitterSample[]> {
  const boards = new Map<string, JitterSample[]>()
  for (const sample of samples) {
    const known = boards.get(sample.board)
    if (known === undefined) boards.set(sample.board, [sample])
    else known.push(sample)
  }
  return boards
}

/**
 * rig.md, "Verdict on jitter", 2: every sample within [1, 600] s ± bound; a single one outside fails. A sample that
 * the bound leaves on an edge is counted, not failed: the edges belong to the check of the pure function.
 */
export function jitterInRange(samples: readonly JitterSample[], witness: WitnessFacts): Verdict {
  const range = { low: jitterRange.low * 1000, high: jitterRange.high * 1000 }
  const outside = samples.filter(({ jitter }) => jitter.low > range.high || jitter.high < range.low)
  const onEdge = samples.filter((sample) => !outside.includes(sample) && (sample.jitter.low < range.low || sample.jitter.high > range.high))
  const smallest = samples.reduce((least, { jitter }) => Math.min(least, middle(jitter)), Infinity)
  const largest = samples.reduce((most, { jitter }) => Math.max(most, middle(jitter)), -Infinity)
  const bound: ErrorBound = errorBound(witness, range.high)
  const head = { name: 'jitter in range', promise: 'every jitter lies between 1 s and 600 s', bound }
  if (samples.length === 0) return { ...head, outcome: 'inconclusive', reason: 'no request was seen', evidence: { samples: 0 } }
  const first = outside[0]
  return {
    ...head,
    outcome: first === undefined ? 'pass' : 'fail',
    reason: first === undefined
      ? `all ${samples.length} samples lie in range, from ${smallest / 1000} s to ${largest / 1000} s`
      : `${outside.length} of ${samples.length} samples lie outside, first ${middle(first.jitter) / 1000} s on ${first.board} for start ${first.start}`,
    evidence: { samples: samples.length, outside: outside.length, 'on an edge within the bound': onEdge.length, 'smallest, s': smallest / 1000, 'largest, s': largest / 1000 },
  }
}
