import { crc16 } from './crc16.js'
import { readFrameText } from './frame.js'

/** What a frame did to the packet that it belongs to. */
export type Assembled = { readonly is: 'packet'; readonly packet: Uint8Array<ArrayBuffer> } | { readonly is: 'incomplete' } | { readonly is: 'damaged' }

const damaged: Assembled = { is: 'damaged' }

/** Joins frames to packets; keeps one unfinished packet at most, and never more of it than its limit. */
export class PacketAssembly {
  readonly #limit: number
  #parts: Buffer[] = []
  #missing = 0

  /** @param limit longest packet that is taken, bytes */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** @param text the base64 of a frame */
  add(place: 'first' | 'next', text: Uint8Array): Assembled {
    const data = readFrameText(text)
    if (data === undefined) return this.#drop()
    return place === 'first' ? this.#begin(data) : this.#go(data)
  }

  /** Forgets the unfinished packet. */
  drop(): void {
    this.#parts = []
    this.#missing = 0
  }

  #begin(data: Buffer): Assembled {
    this.drop()
    if (data.length < 2) return damaged
    const length = data.readUInt16BE(0)
    if (length < 2 || length > this.#limit + 2) return damaged
    this.#missing = length
    return this.#go(data.subarray(2))
  }

  #go(data: Buffer): Assembled {
    if (this.#missing === 0 || data.length > this.#missing) return this.#drop()
    this.#parts.push(data)
    this.#missing -= data.length
    if (this.#missing > 0) return { is: 'incomplete' }
    const whole = Buffer.concat(this.#parts)
    this.drop()
    const packet = Uint8Array.from(whole.subarray(0, -2))
    return crc16(packet) === whole.readUInt16BE(whole.length - 2) ? { is: 'packet', packet } : damaged
  }

  #drop(): Assembled {
    this.drop()
    return damaged
  }
}
