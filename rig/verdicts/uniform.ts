import { judgeFindings } from './holm.js'
import { independenceFindings } from './independence.js'
import type { WitnessFacts } from './interval.js'
import { jitterInRange, type JitterSample } from './jitter-sample.js'
import { alternatives, type Alternative } from './power.js'
import { shapeFindings } from './shape.js'
import type { Verdict } from './verdict.js'

/** rig.md, "Verdict on jitter", 3: the chance that a run fails a board that keeps every promise. */
export const defaultAlpha = 1e-6

export interface UniformOptions {
  /** Of the run: the dither of the KS test comes from it. */
  readonly seed: string
  readonly witness: WitnessFacts
  readonly alpha?: number
  /** Most statistical checks that the run has in all; powers are stated for Holm's strictest level among so many. Default 20. */
  readonly checks?: number
  /** Wrong boards that this many samples must be able to catch, else inconclusive. Default: constant and half range. */
  readonly required?: readonly Alternative[]
}

/**
 * The verdicts on jitter uniform on 1..600 s (rig.md): range, shape, not too even, independence; Holm over them. In a
 * run with other statistical verdicts `settleRun` judges them all together.
 *
 * @param samples in the order of time on each board
 */
export function uniformJitter(samples: readonly JitterSample[], options: UniformOptions): readonly Verdict[] {
  const { seed, witness, alpha = defaultAlpha, checks = 20, required = [alternatives.constant, alternatives.halfRange] } = options
  const level = alpha / checks
  const findings = [
    ...shapeFindings(samples, { seed, level, required, stated: Object.values(alternatives) }),
    ...independenceFindings(samples, level),
  ]
  return [jitterInRange(samples, witness), ...judgeFindings(findings, alpha)]
}
