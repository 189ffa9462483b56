import { createHash } from 'node:crypto'

/** Numbers in [0, 1), multiples of 2^-53. */
export type Draw = () => number

/**
 * The same numbers for the same seed, on every machine: xoshiro128** (Blackman and Vigna 2018), its state
 * taken from the seed's SHA-256. For dither, samples and schedules of the rig; never for a key.
 */
export function seeded(seed: string): Draw {
  const digest = createHash('sha256').update(seed).digest()
  const state = new Uint32Array([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)))
  return () => (next(state) >>> 5) / 0x8000000 + (next(state) >>> 6) / 0x20000000000000
}

/** One whole number from `low` to `high`, both included. */
export function wholeNumber(draw: Draw, low: number, high: number): number {
  return low + Math.floor(draw() * (high - low + 1))
}

function next(state: Uint32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = state
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9)
  const [x, y] = [c ^ a, d ^ b]
  state.set([a ^ y, b ^ x, x ^ (b << 9), rotate(y, 11)])
  return result
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
