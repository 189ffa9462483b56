import { milliseconds, type Clock } from '../../../protocol/time.js'

export interface NoiseOptions {
  /** Uniform in [0, 1); all that happens to the bytes follows from it. */
  readonly random: () => number
  /** Faults per byte: 0.001 is one in a thousand. */
  readonly rate: number
}

/** What was done to the bytes so far. */
export interface NoiseCount {
  readonly dropped: number
  readonly doubled: number
  readonly flipped: number
}

/** Faults of a serial line as data: bytes in, the bytes that arrive out. */
export class Noise {
  readonly #random: () => number
  readonly #rate: number
  /** Bytes that still pass unharmed. */
  #clean: number
  #count = { dropped: 0, doubled: 0, flipped: 0 }

  constructor({ random, rate }: NoiseOptions) {
    this.#random = random
    this.#rate = rate
    this.#clean = this.#stretch()
  }

  get count(): NoiseCount {
    return this.#count
  }

  pass(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = []
    let from = 0
    while (bytes.length - from > this.#clean) {
      const at = from + this.#clean
      parts.push(bytes.subarray(from, at), this.#harm(bytes[at] ?? 0))
      from = at + 1
      this.#clean = this.#stretch()
    }
    parts.push(bytes.subarray(from))
    this.#clean -= bytes.length - from
    return Uint8Array.from(Buffer.concat(parts))
  }

  #harm(byte: number): Uint8Array {
    const kind = Math.floor(this.#random() * 3)
    if (kind === 0) {
      this.#count.dropped += 1
      return new Uint8Array()
    }
    if (kind === 1) {
      this.#count.doubled += 1
      return Uint8Array.of(byte, byte)
    }
    this.#count.flipped += 1
    return Uint8Array.of(byte ^ (1 << Math.floor(this.#random() * 8)))
  }

  /** Unharmed bytes before the next fault: geometric, so that each byte is hit with the same chance. */
  #stretch(): number {
    return this.#rate <= 0 ? Infinity : Math.floor(Math.log(1 - this.#random()) / Math.log(1 - this.#rate))
  }
}

export interface NoisyWireOptions extends NoiseOptions {
  readonly clock: Clock
  readonly deliver: (bytes: Uint8Array<ArrayBuffer>) => void
  /** Longest delay of a piece, ms. A UART keeps its order: a piece is never early for the one before it. */
  readonly delay?: number
}

/** Bytes that arrive together at most. */
const longestPiece = 200

/** One direction of a serial line that harms, splits and delays what goes over it. */
export class NoisyWire {
  readonly noise: Noise
  readonly #options: NoisyWireOptions
  #free = 0

  constructor(options: NoisyWireOptions) {
    this.#options = options
    this.noise = new Noise(options)
  }

  send(bytes: Uint8Array): void {
    const { clock, random, deliver, delay = 5 } = this.#options
    const arrived = this.noise.pass(bytes)
    for (let at = 0; at < arrived.length;) {
      const piece = arrived.subarray(at, at + 1 + Math.floor(random() * longestPiece))
      at += piece.length
      this.#free = Math.max(this.#free, clock.monotonic() + Math.floor(random() * (delay + 1)))
      clock.after('bytes on the wire', milliseconds(this.#free - clock.monotonic()), () => deliver(piece))
    }
  }
}
