import { stringify } from 'yaml'
import { minutes, seconds, type Duration } from '../../protocol/time.js'
import type { Processes, RigPlatform, RunningProcess } from '../platform/index.js'
import { BoardConsole } from './board-console.js'
import type { Board, CommandOutcome } from './board.js'
import { createSerialLine, type SerialLine } from './serial-line.js'

export interface ProcessBoardOptions {
  readonly name: string
  /** The board's own folder: configuration, data, serial line. */
  readonly directory: string
  /** The built firmware's entry point. */
  readonly firmware: string
  /** For the entry point, after the configuration. */
  readonly words?: readonly string[]
  readonly maxKeys?: number
  /** Where its HTTPS listener is, and reached; default 127.0.0.1. */
  readonly address?: string
  /** Starts the board where it is to live; default: on this machine. */
  readonly processes?: Processes
  /** Its broker, as the config has it. */
  readonly mqtt?: { readonly broker: string; readonly site: string; readonly device: string; readonly trustAnchors: string }
  /** Further sections of its configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>
  /** Sees what the board writes on its serial line. */
  readonly onConsole?: (text: string) => void
  /** Sees what the process says on standard output and standard error. */
  readonly onLog?: (line: string) => void
}

const startDeadline = seconds(60)
/** A board that does not stop when asked is a finding, but it must not hold up the run. */
const stopDeadline = seconds(15)

/** The built firmware as a child process, with a pty or a Unix socket as its serial line. */
export class ProcessBoard implements Board {
  readonly name: string
  readonly https: { readonly host: string; readonly port: number }
  readonly line: SerialLine
  /** Its own folder, with all that it keeps. */
  readonly directory: string
  readonly configPath: string
  readonly #platform: RigPlatform
  readonly #options: ProcessBoardOptions
  #process: RunningProcess | undefined
  readonly #console: BoardConsole

  private constructor(platform: RigPlatform, options: ProcessBoardOptions, line: SerialLine, port: number) {
    this.name = options.name
    this.https = { host: options.address ?? '127.0.0.1', port }
    this.line = line
    this.directory = options.directory
    this.configPath = `${options.directory}/board.yaml`
    this.#platform = platform
    this.#options = options
    this.#console = new BoardConsole(platform, { path: line.hostPath, ...options.onConsole === undefined ? {} : { onText: options.onConsole } })
  }

  /** Makes the board's folder, configuration and serial line; the board is off. */
  static async create(platform: RigPlatform, options: ProcessBoardOptions): Promise<ProcessBoard> {
    const line = await createSerialLine(platform, options.directory)
    const port = await platform.network.freeTcpPort()
    const board = new ProcessBoard(platform, options, line, port)
    await platform.files.write(board.configPath, stringify({
      data: `${options.directory}/data`,
      serial: { path: line.boardPath },
      https: { address: board.https.host, port },
      ...options.configuration,
      ...options.maxKeys === undefined ? {} : { model: { maxKeys: options.maxKeys } },
      ...options.mqtt === undefined ? {} : { mqtt: options.mqtt },
    }))
    return board
  }

  async powerOn(): Promise<void> {
    await this.start()
    await this.attach()
    await this.#console.until(/platen|Platen/u, startDeadline)
    await this.#console.awake(startDeadline)
  }

  /** Switches it on, for somebody else at its line. */
  async start(): Promise<void> {
    this.#process = await (this.#options.processes ?? this.#platform.processes).start(process.execPath, ['--enable-source-maps', this.#options.firmware, this.configPath, ...this.#options.words ?? []], {
      onLine: (line) => this.#options.onLog?.(line),
    })
  }

  async powerOff(): Promise<void> {
    await this.#end('SIGTERM', stopDeadline)
  }

  async cutPower(): Promise<void> {
    await this.#end('SIGKILL', minutes(1))
    this.#console.interrupt()
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

  /** Takes the rig's end of the serial line. */
  async attach(): Promise<void> {
    await this.#console.attach()
  }

  /** Leaves the rig's end of the serial line to somebody else; the board runs on. */
  detach(): void {
    this.#console.detach()
  }

  /** Switches the board off and takes its serial line away. */
  async dispose(): Promise<void> {
    await this.powerOff()
    this.detach()
    await this.line.close()
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL', deadline: Duration): Promise<void> {
    const running = this.#process
    if (running === undefined) return
    running.signal(signal)
    const timer = this.#platform.clock.after('board-stop', deadline, () => running.signal('SIGKILL'))
    await running.exited
    timer.cancel()
    this.#process = undefined
  }
}
