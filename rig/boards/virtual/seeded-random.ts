import { createHash } from 'node:crypto'
import { integerFrom, type Random } from '../../../firmware/platform/index.js'

/** What a board draws from: never the same bytes twice, and all of them follow from the seed. Good for virtual boards alone. */
export function seededRandom(seed: string): Random {
  let pool = Buffer.alloc(0)
  let blocks = 0
  const bytes = (count: number): Uint8Array<ArrayBuffer> => {
    while (pool.length < count) {
      pool = Buffer.concat([pool, createHash('sha512').update(`${seed} ${blocks}`).digest()])
      blocks += 1
    }
    const taken = Uint8Array.from(pool.subarray(0, count))
    pool = pool.subarray(count)
    return taken
  }
  return { bytes, integer: (low, high) => integerFrom(bytes, low, high) }
}
