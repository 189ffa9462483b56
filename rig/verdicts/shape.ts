import { chiSquaredEven, kolmogorovUniform } from './distributions.js'
import type { StatisticalFinding } from './holm.js'
import { blurOf, jitterPromise, jitterRange, wholeSecond, type JitterSample } from './jitter-sample.js'
import { chiSquaredPower, ksPower, type Alternative } from './power.js'
import { seeded } from './seeded.js'
import type { Power } from './verdict.js'

/** 25 bins of 24 whole seconds: between the 20 and 30 of rig.md, and a divisor of 600, so that all are equally likely. */
export const jitterBins = 25

/** Below this a verdict on the shape is always inconclusive. */
export const fewestForShape = 50

/** Five expected in each bin, the usual condition for chi-squared; with fewer samples KS judges alone. */
const fewestForBins = 5 * jitterBins

/** Half a bin: with a larger error a sample's bin says little. */
const worstBlur = (jitterRange.high * 1000) / jitterBins / 2

/** Chance of being caught that a required alternative must have for a pass to mean something. */
const enough = 0.99

export interface ShapeOptions {
  /** Of the dither. */
  readonly seed: string
  /** The strictest level that Holm may hold a check against: powers are stated for it. */
  readonly level: number
  /** Wrong boards that must not get by; where too few samples could not catch one, the verdict is inconclusive. */
  readonly required: readonly Alternative[]
  /** Wrong boards whose chance of being caught is stated. */
  readonly stated: readonly Alternative[]
}

export function binCounts(seconds: readonly number[]): readonly number[] {
  const counts = Array.from({ length: jitterBins }, () => 0)
  for (const second of seconds) {
    const bin = Math.floor(((second - 1) * jitterBins) / jitterRange.high)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return counts
}

/**
 * Shape of the jitter (rig.md, "Verdict on jitter", 3 and 5): chi-squared and KS, and for each that it does not fit
 * too well either.
 *
 * The jitter is a whole number of seconds k, the KS test is for a continuous distribution. So a seeded uniform number
 * from (0, 1] is taken off each k: k − u is uniform on [0, 600) exactly when k is uniform on 1..600, and the test is
 * exact instead of too lenient, at the price of a p-value that depends a little on the seed.
 */
export function shapeFindings(samples: readonly JitterSample[], options: ShapeOptions): readonly StatisticalFinding[] {
  const seconds = samples.map(wholeSecond)
  const count = seconds.length
  const withBins = count >= fewestForBins
  const powers = (list: readonly Alternative[]): { readonly ks: readonly Power[]; readonly chiSquared: readonly Power[] } => ({
    ks: list.map((wrong) => ksPower(wrong, Math.max(1, count), options.level)),
    chiSquared: withBins ? list.map((wrong) => chiSquaredPower(wrong, count, jitterBins, options.level)) : [],
  })
  const unproven = whyUnproven(samples, powers(options.required))
  const stated = powers(options.stated)
  const doubt = unproven === undefined ? {} : { unproven }
  const findings: StatisticalFinding[] = []
  if (withBins) {
    const { statistic, pValue } = chiSquaredEven(binCounts(seconds))
    const statement = `chi-squared ${statistic.toFixed(1)} on ${jitterBins} bins of 24 s, n = ${count}`
    const evidence = { samples: count, 'chi-squared': statistic, bins: jitterBins }
    findings.push(
      { name: 'jitter shape, chi-squared', promise: jitterPromise, statement, meaning: 'the draws do not fill 1 to 600 s evenly', pValue, evidence, power: stated.chiSquared, ...doubt },
      { name: 'jitter not too even, chi-squared', promise: 'the draws scatter as chance does', statement, meaning: 'the draws are more even than chance makes them', pValue: 1 - pValue, evidence, ...doubt },
    )
  }
  if (count > 0) {
    const draw = seeded(`${options.seed} dither`)
    const { statistic, pValue } = kolmogorovUniform(seconds.map((second) => second - 1 + draw()), 0, jitterRange.high)
    const statement = `KS distance ${statistic.toFixed(4)}, n = ${count}`
    const evidence = { samples: count, 'KS distance': statistic }
    findings.push(
      { name: 'jitter shape, KS', promise: jitterPromise, statement, meaning: 'the draws are not uniform on 1 to 600 s', pValue, evidence, power: stated.ks, ...doubt },
      { name: 'jitter not too even, KS', promise: 'the draws scatter as chance does', statement, meaning: 'the draws follow the model more closely than chance does', pValue: 1 - pValue, evidence, ...doubt },
    )
  }
  return findings
}

function whyUnproven(samples: readonly JitterSample[], powers: { readonly ks: readonly Power[]; readonly chiSquared: readonly Power[] }): string | undefined {
  if (samples.length < fewestForShape) return `${samples.length} samples are too few for a verdict on the shape, which needs ${fewestForShape}`
  const blur = blurOf(samples)
  if (blur > worstBlur) return `samples are off by up to ${(blur / 1000).toFixed(1)} s, more than the ${worstBlur / 1000} s that the bins allow`
  const missed = powers.ks.find(({ chance }, at) => Math.max(chance, powers.chiSquared[at]?.chance ?? 0) < enough)
  return missed === undefined ? undefined : `${samples.length} samples are too few to catch ${missed.alternative} for certain`
}
