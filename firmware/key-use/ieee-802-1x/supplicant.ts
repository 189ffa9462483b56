import { asPlatenError, hasCode } from '../../../protocol/errors.js'
import { minutes, seconds, type Clock, type Duration, type Timer } from '../../../protocol/time.js'
import type { Log, ProcessExit, Processes, RunningProcess } from '../../platform/index.js'

export interface SupplicantOptions {
  readonly processes: Processes
  readonly clock: Clock
  readonly log: Log
  /** Its configuration file and the folder of its control socket. */
  readonly configPath: string
  readonly controls: string
}

/** `wpa_cli` asks over a local socket: no answer in this time means that the daemon hangs. */
const answerDeadline = seconds(3)
const shortestPause = seconds(1)
const longestPause = minutes(1)
/** A daemon that ran this long was no false start. */
const provenAfter = minutes(1)
const linesKept = 200

interface Running {
  readonly process: RunningProcess
  readonly interface: string
  readonly startedAt: number
}

/** The daemon wpa_supplicant on one wired interface: started when it is first needed, and again, with back-off, when it ends by itself. */
export class Supplicant {
  readonly #options: SupplicantOptions
  #interface: string | undefined
  #running: Running | undefined
  #lines: string[] = []
  #pause: Duration = shortestPause
  #restart: Timer | undefined
  #ended: string | undefined
  #swept = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SupplicantOptions) {
    this.#options = options
  }

  /** What it said since the last `reload`. */
  lines(): readonly string[] {
    return this.#lines
  }

  /** Why it is not running though it should, in words; undefined while it runs. */
  ended(): string | undefined {
    return this.#running === undefined ? this.#ended : undefined
  }

  /**
   * Reads its configuration anew and authenticates anew: live where it answers, by a fresh start where it does not run,
   * hangs, refuses, or sits on another interface.
   * @throws connect-failed when it is not installed
   */
  reload(interfaceName: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#lines = []
      const live = this.#running?.interface === interfaceName && await this.#command('reconfigure') === 'OK'
      if (live) return
      await this.#end('SIGKILL')
      this.#interface = interfaceName
      await this.#start(interfaceName)
    })
  }

  /** Begins to authenticate once more, as it is: after a failure the daemon itself waits for half a minute. */
  async again(): Promise<void> {
    await this.#command('reassociate')
  }

  /** Its status by name; undefined when it does not answer. */
  async status(): Promise<ReadonlyMap<string, string> | undefined> {
    const lines = await this.#ask('status')
    return lines === undefined ? undefined : new Map(lines.flatMap((line) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }))
  }

  /** Ends it; the port is given up by an EAPOL-Logoff. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#end('SIGTERM'))
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #start(interfaceName: string): Promise<void> {
    const { processes, clock, configPath } = this.#options
    if (!this.#swept) await this.#endStray(interfaceName)
    this.#swept = true
    const process = await processes.start('wpa_supplicant', ['-D', 'wired', '-i', interfaceName, '-c', configPath], { onLine: (line) => this.#heard(line) })
    const running = { process, interface: interfaceName, startedAt: clock.monotonic() }
    this.#running = running
    this.#ended = undefined
    void process.exited.then((exit) => this.#gone(running, exit))
  }

  /** A board that was killed leaves its daemon behind, which would go on answering with its own key. */
  async #endStray(interfaceName: string): Promise<void> {
    const { processes, controls } = this.#options
    await processes.run('wpa_cli', ['-p', controls, '-i', interfaceName, 'terminate'], answerDeadline).catch((error: unknown) => {
      if (!hasCode(error, 'timed-out')) throw error
    })
  }

  #heard(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > linesKept) this.#lines.shift()
    this.#options.log.debug(`wpa_supplicant: ${line}`)
  }

  #gone(running: Running, { code, signal }: ProcessExit): void {
    if (this.#running !== running) return
    const { clock, log } = this.#options
    this.#running = undefined
    this.#ended = `wpa_supplicant ended (${signal ?? `exit code ${code ?? 'unknown'}`}): ${this.#lines.at(-1)?.trim() ?? 'it said nothing'}`
    if (clock.monotonic() - running.startedAt >= provenAfter) this.#pause = shortestPause
    log.error(this.#ended, { interface: running.interface, restartInSeconds: this.#pause / 1000 })
    this.#restart = clock.after('restart wpa_supplicant', this.#pause, () => void this.#startAgain())
    this.#pause = Math.min(longestPause, this.#pause * 2) as Duration
  }

  async #startAgain(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#interface !== undefined && this.#running === undefined) await this.#start(this.#interface)
    }).catch((error: unknown) => this.#options.log.error('wpa_supplicant cannot be started', { reason: asPlatenError(error).message }))
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#restart?.cancel()
    this.#interface = undefined
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    const timer = this.#options.clock.after('end wpa_supplicant', answerDeadline, () => running.process.signal('SIGKILL'))
    running.process.signal(signal)
    await running.process.exited
    timer.cancel()
  }

  /** @returns the last line of its answer, `OK` or `FAIL`; undefined when there is none */
  async #command(name: 'reconfigure' | 'reassociate'): Promise<string | undefined> {
    return (await this.#ask(name))?.at(-1)?.trim()
  }

  async #ask(command: string): Promise<readonly string[] | undefined> {
    const { processes, controls } = this.#options
    const interfaceName = this.#running?.interface
    if (interfaceName === undefined) return undefined
    try {
      const { code, lines } = await processes.run('wpa_cli', ['-p', controls, '-i', interfaceName, command], answerDeadline)
      return code === 0 ? lines : undefined
    } catch (error) {
      if (hasCode(error, 'timed-out')) return undefined
      throw error
    }
  }
}
