import { Duplex } from 'node:stream'
import type { RandomBytes } from '../../protocol/random.js'
import type { BoardEvent } from '../../protocol/smp/index.js'
import type { Duration } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import type { Board, CommandOutcome } from './board.js'
import { ConsoleDriver } from './console-driver.js'
import { ConsoleSession } from './console-session.js'
import { FrameLine } from './frame-line.js'

export interface BoardConsoleOptions {
  readonly path: string
  readonly baudRate?: number
  readonly onText?: (text: string) => void
  /** Where frames are wanted beside the text: numbers requests, and sees events. */
  readonly frames?: { readonly random: RandomBytes; readonly onEvent: (event: BoardEvent) => void }
}

interface Attached {
  readonly session: ConsoleSession
  readonly driver: ConsoleDriver
  readonly frames: FrameLine | undefined
}

/** The rig's end of the serial line of a board, whatever the board is made of. */
export class BoardConsole {
  readonly #platform: Pick<RigPlatform, 'clock' | 'lines'>
  readonly #options: BoardConsoleOptions
  #attached: Attached | undefined

  constructor(platform: Pick<RigPlatform, 'clock' | 'lines'>, options: BoardConsoleOptions) {
    this.#platform = platform
    this.#options = options
  }

  /** Takes the line; does nothing when it is taken already. @throws connect-failed */
  async attach(): Promise<void> {
    if (this.#attached !== undefined) return
    const { path, baudRate, onText, frames } = this.#options
    const { clock, lines } = this.#platform
    const line = await lines.open(path, baudRate)
    const shared = frames === undefined ? undefined : shareLine(line, { clock, ...frames })
    const session = new ConsoleSession(shared?.text ?? line, clock, onText)
    this.#attached = { session, driver: new ConsoleDriver(session), frames: shared?.frames }
  }

  /** Leaves the line to somebody else. */
  detach(): void {
    this.#attached?.session.close()
    this.#attached = undefined
  }

  /** The board is gone: whoever waits for what it says is told so. */
  interrupt(): void {
    this.#attached?.session.interrupt()
  }

  /** @throws TypeError when it is not attached, or was not made for frames */
  get frames(): FrameLine {
    const { frames } = this.#whenAttached()
    if (frames === undefined) throw new TypeError('this console is for people only')
    return frames
  }

  /** @throws timed-out */
  async until(pattern: RegExp, deadline: Duration): Promise<string> {
    return this.#whenAttached().session.until(pattern, deadline)
  }

  /** @throws timed-out */
  async awake(deadline: Duration): Promise<void> {
    await this.#whenAttached().driver.awake(deadline)
  }

  async signIn(password: string): Promise<void> {
    await this.#whenAttached().driver.signIn(password)
  }

  async attend(password: string): Promise<void> {
    await this.#whenAttached().driver.attend(password)
  }

  async command(...[line, options]: Parameters<Board['command']>): Promise<CommandOutcome> {
    return this.#whenAttached().driver.command(line, options)
  }

  #whenAttached(): Attached {
    if (this.#attached === undefined) throw new TypeError('the board is not attached')
    return this.#attached
  }
}

/** One line as two: frames, and the text of people as a stream of its own. */
function shareLine(line: Duplex, options: Pick<ConstructorParameters<typeof FrameLine>[1], 'clock' | 'random' | 'onEvent'>): { readonly text: Duplex; readonly frames: FrameLine } {
  const text: Duplex = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      frames.type(bytes)
      done()
    },
    destroy: (error, done) => {
      frames.close()
      done(error)
    },
  })
  const frames = new FrameLine(line, { ...options, onText: (bytes) => void text.push(bytes) })
  void frames.ended.then(() => text.destroy())
  return { text, frames }
}
