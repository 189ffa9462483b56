/** The tests and tails that the verdicts need, typed; the mathematics is that of the @stdlib packages. */
import chi2gof from '@stdlib/stats-chi2gof'
import kstest from '@stdlib/stats-kstest'
import chiSquaredCdf from '@stdlib/stats-base-dists-chisquare-cdf'
import normalCdf from '@stdlib/stats-base-dists-normal-cdf'

export interface TestResult {
  readonly statistic: number
  readonly pValue: number
}

/** Pearson's test that all bins are equally likely. */
export function chiSquaredEven(counts: readonly number[]): TestResult {
  const { statistic, pValue } = chi2gof([...counts], counts.map(() => 1 / counts.length))
  return { statistic, pValue }
}

/** Exact two-sided Kolmogorov-Smirnov test (Marsaglia, Tsang, Wang 2003) against the continuous uniform on (low, high). */
export function kolmogorovUniform(values: readonly number[], low: number, high: number): TestResult {
  const { statistic, pValue } = kstest([...values], 'uniform', low, high)
  return { statistic, pValue }
}

/** The chance that a chi-squared variable exceeds `value`. */
export function chiSquaredTail(value: number, freedom: number): number {
  return 1 - chiSquaredCdf(value, freedom)
}

/** The value that a chi-squared variable exceeds with probability `level`, by bisection. */
export function chiSquaredCritical(level: number, freedom: number): number {
  let [low, high] = [0, 100 + 10 * freedom]
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2
    if (chiSquaredTail(middle, freedom) > level) low = middle
    else high = middle
  }
  return high
}

/** The chance that a noncentral chi-squared variable exceeds `value`: a Poisson mixture of central ones. */
export function noncentralTail(value: number, freedom: number, noncentrality: number): number {
  if (noncentrality === 0) return chiSquaredTail(value, freedom)
  const mean = noncentrality / 2
  const spread = 9 * Math.sqrt(mean) + 12
  let [sum, tail] = [0, 0]
  for (let count = Math.max(0, Math.floor(mean - spread)); count <= mean + spread; count += 1) {
    // The tail only grows with the count: once it is 1 it need not be asked again.
    if (tail < 1) tail = chiSquaredTail(value, freedom + 2 * count)
    sum += Math.exp(count * Math.log(mean) - mean - logFactorial(count)) * tail
  }
  return Math.min(1, sum)
}

export function normalBelow(z: number): number {
  return normalCdf(z, 0, 1)
}

/** The chance of `|Z| ≥ |z|`. */
export function normalTwoSided(z: number): number {
  return Math.min(1, 2 * normalBelow(-Math.abs(z)))
}

/** The chance of at least `hits` in `trials` independent trials; exact. */
export function binomialTail(trials: number, chance: number, hits: number): number {
  if (hits <= 0) return 1
  let sum = 0
  for (let count = hits; count <= trials; count += 1) {
    const term = Math.exp(logFactorial(trials) - logFactorial(count) - logFactorial(trials - count) + count * Math.log(chance) + (trials - count) * Math.log1p(-chance))
    sum += term
    if (count > trials * chance && term < sum * 1e-17) break
  }
  return Math.min(1, sum)
}

/** The chance that `draws` from `cells` equally likely cells hit at most `distinct` different ones; exact. */
export function occupancyTail(draws: number, cells: number, distinct: number): number {
  let chances = [1]
  for (let draw = 0; draw < draws; draw += 1) {
    chances = Array.from({ length: Math.min(draw + 1, cells, distinct) + 1 }, (_, hit) =>
      ((chances[hit] ?? 0) * hit) / cells + ((chances[hit - 1] ?? 0) * (cells - hit + 1)) / cells)
  }
  return Math.min(1, chances.reduce((sum, chance) => sum + chance, 0))
}

const logFactorials = [0, 0]

function logFactorial(count: number): number {
  for (let next = logFactorials.length; next <= count; next += 1) logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next))
  return logFactorials[count] ?? 0
}
