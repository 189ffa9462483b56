/** A fast generator for simulations (sfc32), seeded by two whole numbers: the same seeds give the same numbers bit for bit. */
export class SeededRandom {
  #a: number
  #b: number
  #c = 0x9e3779b9
  #counter = 1

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = stream | 0
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.next()
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0
    return (sum >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** Uniform over the whole numbers from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** Log-uniform: each power of ten is as likely as the next; a whole number. */
  spread(low: number, high: number): number {
    return Math.floor(low * (high / low) ** this.next())
  }

  /** Exponential with this mean, a whole number of at least 1. */
  waiting(mean: number): number {
    return 1 + Math.floor(-mean * Math.log(1 - this.next()))
  }
}
