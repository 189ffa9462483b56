import type { Random } from '../../platform/index.js'

/** Auto Adjust Issuance Request Time (device.md section 4), whole seconds, both ends included. */
export const shortestJitter = 1
export const longestJitter = 600

/**
 * The whole second that a uniform draw means.
 * @param u uniform, 0 <= u < 1: 0 gives 1, the greatest double below 1 gives 600, and it never falls as u grows
 * @throws RangeError for any other number
 */
export function jitterFrom(u: number): number {
  if (!(u >= 0 && u < 1)) throw new RangeError(`${u} is not in [0, 1)`)
  return shortestJitter + Math.floor(u * (longestJitter - shortestJitter + 1))
}

/** Draws a jitter, uniform over 1 to 600 whole seconds. */
export function drawJitter(random: Pick<Random, 'integer'>): number {
  return random.integer(shortestJitter, longestJitter)
}
