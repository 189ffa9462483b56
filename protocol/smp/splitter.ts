import type { Clock, Timer } from '../time.js'
import { writeFrames } from './frame.js'
import { LineReader, type Piece } from './line-reader.js'

export interface LineSplitterOptions {
  readonly clock: Clock
  readonly onText: (bytes: Uint8Array<ArrayBuffer>) => void
  readonly onPacket: (packet: Uint8Array<ArrayBuffer>) => void
  /** Longest packet that is taken, bytes. */
  readonly limit?: number
}

/** One direction of a line that people and machines share: bytes in, text and packets out. */
export class LineSplitter {
  readonly #options: LineSplitterOptions
  readonly #reader: LineReader
  #silence: Timer | undefined

  constructor(options: LineSplitterOptions) {
    this.#options = options
    this.#reader = new LineReader(options)
  }

  /** Frames that were dropped. */
  get damaged(): number {
    return this.#reader.damaged
  }

  take(bytes: Uint8Array): void {
    this.#silence?.cancel()
    this.#silence = undefined
    this.#give(this.#reader.read(bytes))
  }

  /** Stops waiting; called when the line is gone. */
  close(): void {
    this.#silence?.cancel()
    this.#silence = undefined
  }

  #give(pieces: readonly Piece[]): void {
    const { patience } = this.#reader
    if (patience !== undefined) {
      this.#silence = this.#options.clock.after('silence on the line', patience, () => {
        this.#silence = undefined
        this.#give(this.#reader.quiet())
      })
    }
    for (const piece of pieces) {
      if (piece.is === 'text') this.#options.onText(piece.bytes)
      else this.#options.onPacket(piece.packet)
    }
  }
}

/**
 * The other direction, where a person's keys and packets go out on one line: packets go between lines, or interrupt
 * a line that is being typed with NUL, which no console shows.
 */
export class LineJoiner {
  readonly #write: (bytes: Uint8Array) => void
  #open = false

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write
  }

  text(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const last = bytes.at(-1)
    this.#open = last !== 0x0a && last !== 0x0d
    this.#write(bytes)
  }

  packet(packet: Uint8Array): void {
    const frames = writeFrames(packet)
    // Two, so that one of them may be lost.
    this.#write(this.#open ? Buffer.concat([Buffer.of(0, 0), frames]) : frames)
  }
}
