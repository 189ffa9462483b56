import { chiSquaredCritical, noncentralTail } from './distributions.js'
import { jitterRange } from './jitter-sample.js'
import type { Power } from './verdict.js'

/** A wrong board, as the chance of each whole second from 1 to 600. */
export interface Alternative {
  readonly name: string
  readonly chances: readonly number[]
}

const span = jitterRange.high

const upTo = (last: number): readonly number[] => Array.from({ length: span }, (_, at) => (at < last ? 1 / last : 0))

/** The boards that a check of the shape has to catch (rig.md, "Verdict on jitter", 3). */
export const alternatives = {
  constant: { name: 'a constant jitter', chances: Array.from({ length: span }, (_, at) => (at === span / 2 - 1 ? 1 : 0)) },
  halfRange: { name: 'jitter from 1 to 300 s', chances: upTo(300) },
  truncated: { name: 'jitter from 1 to 540 s', chances: upTo(540) },
} as const satisfies Record<string, Alternative>

/**
 * How far apart the samples' and the model's distribution must be for the KS test to reject at `level` for certain
 * (Massart 1990: p ≤ 2·exp(−2·n·d²)); slightly above the exact critical value, so powers from it are lower bounds.
 */
export function ksCritical(count: number, level: number): number {
  return Math.sqrt(Math.log(2 / level) / (2 * count))
}

/**
 * The KS test's chance to catch the alternative, as a lower bound: where the alternative's distribution function is 0
 * or 1 the sample's is so too, for certain, so a gap to the model there is a gap in every sample.
 */
export function ksPower({ name, chances }: Alternative, count: number, level: number): Power {
  const last = chances.findLastIndex((chance) => chance > 0)
  const first = chances.findIndex((chance) => chance > 0)
  const gap = Math.max(1 - (last + 1) / span, first / span)
  return { alternative: name, chance: gap > ksCritical(count, level) ? 1 : 0 }
}

/** The chi-squared test's chance to catch the alternative: a noncentral chi-squared variable over the critical value. */
export function chiSquaredPower({ name, chances }: Alternative, count: number, bins: number, level: number): Power {
  const width = span / bins
  const noncentrality = Array.from({ length: bins }, (_, bin) =>
    (chances.slice(bin * width, (bin + 1) * width).reduce((sum, chance) => sum + chance, 0) - 1 / bins) ** 2 * bins * count)
    .reduce((sum, term) => sum + term, 0)
  return { alternative: name, chance: noncentralTail(chiSquaredCritical(level, bins - 1), bins - 1, noncentrality) }
}
