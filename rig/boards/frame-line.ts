import type { Duplex } from 'node:stream'
import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { BoardClient, LineJoiner, LineSplitter, type BoardEvent } from '../../protocol/smp/index.js'
import type { Clock } from '../../protocol/time.js'

export interface FrameLineOptions {
  readonly clock: Clock
  readonly random: RandomBytes
  /** What the board writes for people. */
  readonly onText?: (bytes: Uint8Array<ArrayBuffer>) => void
  readonly onEvent?: (event: BoardEvent) => void
}

/** The rig's end of a serial line: frames for the machine, and beside them a person's keys and screen. */
export class FrameLine {
  readonly client: BoardClient
  /** Settles when the line has ended, from either side. */
  readonly ended: Promise<void>
  readonly #line: Duplex
  readonly #joiner: LineJoiner
  readonly #splitter: LineSplitter

  constructor(line: Duplex, { clock, random, onText = () => undefined, onEvent = () => undefined }: FrameLineOptions) {
    this.#line = line
    this.#joiner = new LineJoiner((bytes) => {
      if (line.writable) line.write(bytes)
    })
    this.client = new BoardClient({ clock, onEvent, firstSequence: random(1)[0] ?? 0, send: (packet) => this.#joiner.packet(packet) })
    this.#splitter = new LineSplitter({ clock, onText, onPacket: (packet) => this.client.take(packet) })
    line.on('data', (bytes: Uint8Array) => this.#splitter.take(bytes))
    this.ended = new Promise((resolve) => {
      line.on('error', () => line.destroy())
      line.once('end', () => line.destroy())
      line.once('close', () => {
        this.#splitter.close()
        this.client.close(new PlatenError('connect-failed', 'The serial line to the board was closed.', { fix: 'Check the cable and that the board is on.' }))
        resolve()
      })
    })
  }

  /** Frames from the board that were damaged on the way. */
  get damaged(): number {
    return this.#splitter.damaged
  }

  /** A person's keys, as they are. */
  type(bytes: Uint8Array): void {
    this.#joiner.text(bytes)
  }

  close(): void {
    this.#line.destroy()
  }
}
