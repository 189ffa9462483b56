import type { RandomBytes } from '../../../protocol/random.js'

/** Mulberry32: small, even enough for faults, and the same everywhere. Never for keys or nonces that must hold. */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function seededBytes(chance: () => number): RandomBytes {
  return (count) => Uint8Array.from({ length: count }, () => Math.floor(chance() * 256))
}
