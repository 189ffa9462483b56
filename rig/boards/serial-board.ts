import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { BoardConsole } from './board-console.js'
import type { Board, CommandOutcome } from './board.js'

export interface SerialBoardOptions {
  readonly name: string
  /** A device, `unix:/path` or `tcp://host:port`. */
  readonly path: string
  /** Default 115200. */
  readonly baudRate?: number
  /** Where its HTTPS listener is reached; by default nowhere. */
  readonly https?: { readonly host: string; readonly port: number }
  /** Programs with their words that switch its supply. */
  readonly power?: { readonly on: readonly string[]; readonly off: readonly string[] }
  readonly onConsole?: (text: string) => void
}

/** From power to a console that answers, on a small board. */
const startDeadline = seconds(60)
/** Of a board that runs already. */
const answerDeadline = seconds(5)
const switchDeadline = seconds(30)

/** A board on a bench, by its serial line. */
export class SerialBoard implements Board {
  readonly name: string
  readonly https: { readonly host: string; readonly port: number }
  readonly #platform: RigPlatform
  readonly #options: SerialBoardOptions
  readonly #console: BoardConsole

  constructor(platform: RigPlatform, options: SerialBoardOptions) {
    this.name = options.name
    this.https = options.https ?? { host: '', port: 0 }
    this.#platform = platform
    this.#options = options
    const { path, baudRate, onConsole } = options
    this.#console = new BoardConsole(platform, { path, ...baudRate === undefined ? {} : { baudRate }, ...onConsole === undefined ? {} : { onText: onConsole } })
  }

  /** Without control of its power the board must be on already. @throws timed-out, connect-failed */
  async powerOn(): Promise<void> {
    await this.#console.attach()
    const { power } = this.#options
    if (power !== undefined) await this.#switch(power.on)
    await this.#console.awake(power === undefined ? answerDeadline : startDeadline).catch((cause: unknown) => {
      throw new PlatenError('timed-out', `the console of the board ${this.name} does not answer on ${this.#options.path}`, {
        facts: { board: this.name }, cause, fix: power === undefined ? 'Switch the board on, and check the cable and the baud rate.' : 'Check the cable, the baud rate and the power commands of the bench file.',
      })
    })
  }

  /** @throws not-configured without control of its power */
  async powerOff(): Promise<void> {
    await this.#switch(this.#supply().off)
  }

  /** The same as `powerOff`: a supply that is switched off asks nobody. @throws not-configured */
  async cutPower(): Promise<void> {
    await this.powerOff()
  }

  async signIn(password: string): Promise<void> {
    await this.#console.signIn(password)
  }

  async attend(password: string): Promise<void> {
    await this.#console.attend(password)
  }

  async command(...[line, options]: Parameters<Board['command']>): Promise<CommandOutcome> {
    return this.#console.command(line, options)
  }

  async restarted(): Promise<void> {
    await this.#console.until(/Platen/u, startDeadline)
    await this.#console.awake(startDeadline)
  }

  /** Leaves the line; the board runs on. */
  detach(): void {
    this.#console.detach()
  }

  #supply(): NonNullable<SerialBoardOptions['power']> {
    if (this.#options.power === undefined) throw new PlatenError('not-configured', `the rig has no control of the power of the board ${this.name}`, { facts: { board: this.name }, fix: 'Give the board power: {on: …, off: …} in the bench file.' })
    return this.#options.power
  }

  async #switch([program = '', ...words]: readonly string[]): Promise<void> {
    let last = ''
    const running = await this.#platform.processes.start(program, words, { onLine: (line) => (last = line) })
    const timer = this.#platform.clock.after('power-switch', switchDeadline, () => running.signal('SIGKILL'))
    const { code } = await running.exited
    timer.cancel()
    if (code !== 0) throw new PlatenError('connect-failed', `${program} did not switch the power of the board ${this.name}${last === '' ? '' : `: ${last}`}`, { facts: { board: this.name } })
  }
}
