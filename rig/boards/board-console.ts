import type { Duration } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import type { Board, CommandOutcome } from './board.js'
import { ConsoleDriver } from './console-driver.js'
import { ConsoleSession } from './console-session.js'

/** The rig's end of the serial line of a board, whatever the board is made of. */
export class BoardConsole {
  readonly #platform: Pick<RigPlatform, 'clock' | 'lines'>
  readonly #open: { readonly path: string; readonly baudRate?: number; readonly onText?: (text: string) => void }
  #attached: { readonly session: ConsoleSession; readonly driver: ConsoleDriver } | undefined

  constructor(platform: Pick<RigPlatform, 'clock' | 'lines'>, open: { readonly path: string; readonly baudRate?: number; readonly onText?: (text: string) => void }) {
    this.#platform = platform
    this.#open = open
  }

  /** Takes the line; does nothing when it is taken already. @throws connect-failed */
  async attach(): Promise<void> {
    if (this.#attached !== undefined) return
    const { path, baudRate, onText } = this.#open
    const session = new ConsoleSession(await this.#platform.lines.open(path, baudRate), this.#platform.clock, onText)
    this.#attached = { session, driver: new ConsoleDriver(session) }
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

  #whenAttached(): { readonly session: ConsoleSession; readonly driver: ConsoleDriver } {
    if (this.#attached === undefined) throw new TypeError('the board is not attached')
    return this.#attached
  }
}
