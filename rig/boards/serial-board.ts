import { hasCode, PlatenError } from '../../protocol/errors.js'
import { milliseconds, seconds, type Duration } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { BoardConsole } from './board-console.js'
import { BoardEvents } from './board-events.js'
import type { Board, CommandOutcome } from './board.js'
import type { PowerSupply } from './power-supply.js'
import { SmpBoard } from './smp-board.js'

export interface SerialBoardOptions {
  readonly name: string
  /** A device, `unix:/path` or `tcp://host:port`. */
  readonly path: string
  /** Default 115200. */
  readonly baudRate?: number
  /** Where its HTTPS listener is reached; by default nowhere. */
  readonly https?: { readonly host: string; readonly port: number }
  /** Absent: it is on, and its power cannot be cut. */
  readonly power?: PowerSupply
  /** As people type, or by frames; default console. */
  readonly drive?: 'console' | 'frames'
  readonly onConsole?: (text: string) => void
  /** Told each line of its log from the first `attend` on, as it comes by frames. */
  readonly onLog?: (line: string, at: number) => void
}

/** From power to a console that answers, on a small board. */
const startDeadline = seconds(60)
/** Of a board that runs already. */
const answerDeadline = seconds(5)
/** After which Enter is pressed once more. */
const firstTry = seconds(2)
/** A line that comes with the power, such as a USB device, is tried so often. */
const betweenTries = milliseconds(250)

/** How a board begins to talk after a start. */
const banner = /^Platen \S/mu

/** A board on a bench, by its serial line, which people and machines share. */
export class SerialBoard implements Board {
  readonly name: string
  readonly https: { readonly host: string; readonly port: number }
  readonly #platform: RigPlatform
  readonly #options: SerialBoardOptions
  readonly #console: BoardConsole
  readonly #events: BoardEvents | undefined
  #password: string | undefined
  /** The console's text since the last start was noticed. */
  #text = ''

  constructor(platform: RigPlatform, options: SerialBoardOptions) {
    this.name = options.name
    this.https = options.https ?? { host: '', port: 0 }
    this.#platform = platform
    this.#options = options
    const { path, baudRate, onLog } = options
    this.#events = onLog === undefined ? undefined : new BoardEvents(() => this.#console.frames.client, platform.clock, onLog)
    this.#console = new BoardConsole(platform, {
      path, onText: (text) => this.#seen(text), ...baudRate === undefined ? {} : { baudRate },
      frames: { random: platform.random, onEvent: (event) => this.#events?.take(event) },
    })
  }

  /** By frames, whatever it is driven by. */
  get machine(): SmpBoard {
    return new SmpBoard(this.name, this.#console.frames)
  }

  /** Without control of its power the board must be on already. @throws timed-out, connect-failed */
  async powerOn(): Promise<void> {
    const { power, path } = this.#options
    if (power !== undefined) await power.on()
    await this.#attach(power === undefined ? answerDeadline : startDeadline)
    await this.#awake(power === undefined ? answerDeadline : startDeadline).catch((cause: unknown) => {
      throw new PlatenError('timed-out', `the console of the board ${this.name} does not answer on ${path}`, {
        facts: { board: this.name }, cause, fix: power === undefined ? 'Switch the board on, and check the cable and the baud rate.' : 'Check the cable, the baud rate and the power commands of the bench file.',
      })
    })
  }

  /** @throws not-configured without control of its power */
  async powerOff(): Promise<void> {
    await this.#supply().off()
    this.detach()
  }

  /** @throws not-configured without control of its power */
  async cutPower(): Promise<void> {
    await this.#supply().cut()
    this.detach()
  }

  async signIn(password: string): Promise<void> {
    this.#password = password
    await (this.#options.drive === 'frames' ? this.machine : this.#console).signIn(password)
    await this.#follow()
  }

  async attend(password: string): Promise<void> {
    this.#password = password
    const byFrames = this.#options.drive === 'frames'
    if (!byFrames) await this.#console.attend(password)
    if (!byFrames && this.#events === undefined) return
    if (await this.#isSignedIn()) return
    await this.machine.signIn(password)
    await this.#events?.follow()
  }

  async command(...[line, options]: Parameters<Board['command']>): Promise<CommandOutcome> {
    return (this.#options.drive === 'frames' ? this.machine : this.#console).command(line, options)
  }

  async restarted(): Promise<void> {
    await this.#console.until(/Platen/u, startDeadline)
    await this.#console.awake(startDeadline)
  }

  /** Leaves the line; the board runs on. */
  detach(): void {
    this.#console.detach()
  }

  /** A session by frames for the log, where somebody wants it. */
  async #follow(): Promise<void> {
    if (this.#events === undefined || this.#password === undefined) return
    if (!await this.#isSignedIn()) await this.machine.signIn(this.#password)
    await this.#events.follow()
  }

  async #isSignedIn(): Promise<boolean> {
    const { result } = await this.machine.command('whoami')
    return result.ok
  }

  /** A start ends every session; the log of the new run is wanted from its begin. */
  #seen(text: string): void {
    this.#options.onConsole?.(text)
    this.#text = (this.#text + text).slice(-200)
    if (!banner.test(this.#text)) return
    this.#text = ''
    // Whoever types next signs in and reads what was missed, should this come to nothing.
    this.#follow().catch(() => undefined)
  }

  async #attach(deadline: Duration): Promise<void> {
    const end = this.#platform.clock.monotonic() + deadline
    for (;;) {
      try {
        await this.#console.attach()
        return
      } catch (error) {
        if (!hasCode(error, 'connect-failed') || this.#options.power === undefined || this.#platform.clock.monotonic() >= end) throw error
        await new Promise<void>((resolve) => void this.#platform.clock.after('line of a board', betweenTries, resolve))
      }
    }
  }

  /** The first key may be lost on a line that somebody has just left. */
  async #awake(deadline: Duration): Promise<void> {
    try {
      await this.#console.awake(firstTry)
    } catch (error) {
      if (!hasCode(error, 'timed-out')) throw error
      await this.#console.awake(milliseconds(deadline - firstTry))
    }
  }

  #supply(): PowerSupply {
    if (this.#options.power === undefined) throw new PlatenError('not-configured', `the rig has no control of the power of the board ${this.name}`, { facts: { board: this.name }, fix: 'Give the board power: {on: …, off: …} in the bench file.' })
    return this.#options.power
  }
}
