import type { ErrorBound, Outcome } from './interval.js'

/** The chance that a check catches a board that is wrong in one stated way. */
export interface Power {
  /** "jitter from 1 to 540 s". */
  readonly alternative: string
  /** Between 0 and 1; a lower bound. */
  readonly chance: number
}

/** What a statistical check found: rejecting its promise is wrong with probability `alpha` at most, over the whole run. */
export interface Test {
  /** The chance of a finding at least this extreme from a board that keeps its promise. */
  readonly pValue: number
  /** Level of the whole run. */
  readonly alpha: number
  /** The level that this p-value was held against: Holm's share of `alpha`. */
  readonly level: number
  /** What a rejection means, as the end of a sentence: "the draws do not fill 1 to 600 s evenly". */
  readonly meaning: string
  /** The numbers as a phrase. */
  readonly statement: string
  /** Why not rejecting proves nothing: the outcome is then inconclusive instead of pass. */
  readonly unproven?: string
}

/** What the rig says about one promise. */
export interface Verdict {
  readonly name: string
  readonly promise: string
  readonly outcome: Outcome
  /** One sentence with the numbers that decided. */
  readonly reason: string
  /** The numbers, by what they are; names carry the unit. */
  readonly evidence: Readonly<Record<string, number>>
  /** The largest error of the measurements behind it; absent when nothing was measured. */
  readonly bound?: ErrorBound
  readonly test?: Test
  readonly power?: readonly Power[]
}

/** How a run ends; `infrastructure`: the rig, not the board, is at fault. */
export type RunOutcome = Outcome | 'infrastructure'

/** The outcome of several judgements: one failure fails, one doubt leaves it open, and nothing at all proves nothing. */
export function combine(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('fail')) return 'fail'
  return outcomes.length === 0 || outcomes.includes('inconclusive') ? 'inconclusive' : 'pass'
}

/** A promise found broken stays broken whatever else went wrong; without one, trouble with the rig comes first. */
export function runOutcome(outcomes: readonly Outcome[], troubles: number): RunOutcome {
  const judged = combine(outcomes)
  return judged !== 'fail' && troubles > 0 ? 'infrastructure' : judged
}

/** rig.md, "Runs and reports". */
export const exitCodes = { pass: 0, fail: 1, usage: 2, infrastructure: 3, inconclusive: 4 } as const

export function exitCode(outcome: RunOutcome | 'usage'): number {
  return exitCodes[outcome]
}
