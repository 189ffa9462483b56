import { randomBytes } from 'node:crypto'
import type { RandomBytes } from '../../protocol/random.js'
import type { Random } from './ports.js'

/** 48 bits are exact in a double and more than any range we draw from. */
const drawBytes = 6
const drawSpan = 2 ** 48

/**
 * Draws a whole number uniformly from `low` to `high`, both included. A draw that would favour the low end is
 * thrown away and drawn again, so there is no modulo bias.
 * @throws TypeError when the bounds are not safe whole numbers in order, less than 2^48 apart
 */
export function integerFrom(bytes: RandomBytes, low: number, high: number): number {
  const span = high - low + 1
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || span < 1 || span > drawSpan) {
    throw new TypeError(`no whole numbers to draw from between ${low} and ${high}`)
  }
  const fair = drawSpan - (drawSpan % span)
  for (;;) {
    const draw = bytes(drawBytes).reduce((number, byte) => number * 256 + byte, 0)
    if (draw < fair) return low + (draw % span)
  }
}

/** The kernel's random source, by OpenSSL. */
export const linuxRandom: Random = {
  bytes: (count) => Uint8Array.from(randomBytes(count)),
  integer: (low, high) => integerFrom(linuxRandom.bytes, low, high),
}
