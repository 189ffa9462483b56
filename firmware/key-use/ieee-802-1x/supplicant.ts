import { asPlatenError } from '../../../protocol/errors.js'
import { minutes, seconds, type Clock, type Duration, type Timer } from '../../../protocol/time.js'
import type { Log, ProcessExit, Processes, RunningProcess } from '../../platform/index.js'
import { newestAttempt } from './attempt.js'
import { answerDeadline, SupplicantControl } from './supplicant-control.js'

export interface SupplicantOptions {
  readonly processes: Processes
  readonly clock: Clock
  readonly log: Log
  /** Its configuration file and the folder of its control socket. */
  readonly configPath: string
  readonly controls: string
}

const shortestPause = seconds(1)
const longestPause = minutes(1)
/** A daemon that ran this long was no false start. */
const provenAfter = minutes(1)
/** With two misses of 3 s each, a restart after 1 s and an authentication of a few seconds: service returns within 60 s. */
const betweenPings = seconds(20)
const missesOfADead = 2
const linesKept = 200

interface Running {
  readonly process: RunningProcess
  readonly interface: string
  readonly startedAt: number
  misses: number
}

/**
 * The daemon wpa_supplicant on one wired interface: started when it is first needed, asked every 20 s whether it lives,
 * killed when it hangs, and started again, with back-off, when it ends.
 */
export class Supplicant {
  readonly #options: SupplicantOptions
  readonly #control: SupplicantControl
  #interface: string | undefined
  #running: Running | undefined
  #lines: string[] = []
  #pause: Duration = shortestPause
  /** The next ping or the next start. */
  #next: Timer | undefined
  #ended: string | undefined
  #told = ''
  #swept = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SupplicantOptions) {
    this.#options = options
    this.#control = new SupplicantControl(options.processes, options.controls)
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
      const live = this.#running?.interface === interfaceName && await this.#control.command(interfaceName, 'reconfigure') === 'OK'
      if (live) return
      await this.#end('SIGKILL')
      this.#interface = interfaceName
      await this.#start(interfaceName)
    })
  }

  /** Begins to authenticate once more, as it is: after a failure the daemon itself waits for half a minute. */
  async again(): Promise<void> {
    if (this.#running !== undefined) await this.#control.command(this.#running.interface, 'reassociate')
  }

  /** Its status by name; undefined when it does not answer. */
  async status(): Promise<ReadonlyMap<string, string> | undefined> {
    const lines = this.#running === undefined ? undefined : await this.#control.ask(this.#running.interface, 'status')
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
    // A board that was killed leaves its daemon behind, which would go on answering with its own key.
    if (!this.#swept) await this.#control.command(interfaceName, 'terminate')
    this.#swept = true
    const process = await processes.start('wpa_supplicant', ['-D', 'wired', '-i', interfaceName, '-c', configPath], { onLine: (line) => this.#heard(line) })
    const running = { process, interface: interfaceName, startedAt: clock.monotonic(), misses: 0 }
    this.#running = running
    this.#ended = undefined
    this.#watch(running)
    void process.exited.then((exit) => this.#gone(running, exit))
  }

  #watch(running: Running): void {
    this.#next = this.#options.clock.after('ask wpa_supplicant', betweenPings, () => void this.#ping(running))
  }

  async #ping(running: Running): Promise<void> {
    const answer = await this.#control.command(running.interface, 'ping').catch((error: unknown) => {
      this.#options.log.warn('wpa_supplicant cannot be asked', { reason: asPlatenError(error).message })
      return 'unknown'
    })
    if (this.#running !== running) return
    running.misses = answer === undefined ? running.misses + 1 : 0
    if (running.misses === missesOfADead) running.process.signal('SIGKILL')
    else if (running.misses === 0) this.#watch(running)
    else await this.#ping(running)
  }

  #heard(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > linesKept) this.#lines.shift()
    this.#options.log.debug(`wpa_supplicant: ${line}`)
    if (/CTRL-EVENT-EAP-(SUCCESS|FAILURE)/.test(line)) this.#tell()
  }

  /** Each change of the outcome, once. */
  #tell(): void {
    const { log } = this.#options
    const { outcome, words } = newestAttempt(this.#lines)
    if (this.#told === outcome + words) return
    this.#told = outcome + words
    if (outcome === 'success') log.info('IEEE 802.1X: authenticated', { interface: this.#interface ?? '' })
    else log.warn('IEEE 802.1X: not authenticated', { interface: this.#interface ?? '', reason: words })
  }

  #gone(running: Running, { code, signal }: ProcessExit): void {
    if (this.#running !== running) return
    this.#running = undefined
    const lastWords = this.#lines.at(-1)?.trim() ?? 'it said nothing'
    this.#ended = running.misses === missesOfADead ? 'wpa_supplicant hung and was ended' : `wpa_supplicant ended (${signal ?? `exit code ${code ?? 'unknown'}`}): ${lastWords}`
    if (this.#options.clock.monotonic() - running.startedAt >= provenAfter) this.#pause = shortestPause
    this.#startLater(this.#ended, running.interface)
  }

  #startLater(reason: string, interfaceName: string): void {
    const { clock, log } = this.#options
    log.error(`IEEE 802.1X: ${reason}`, { interface: interfaceName, restartInSeconds: this.#pause / 1000 })
    this.#next?.cancel()
    this.#next = clock.after('restart wpa_supplicant', this.#pause, () => void this.#startAgain())
    this.#pause = Math.min(longestPause, this.#pause * 2) as Duration
  }

  async #startAgain(): Promise<void> {
    await this.#inTurn(async () => {
      const name = this.#interface
      if (name === undefined || this.#running !== undefined) return
      this.#lines = []
      await this.#start(name).catch((error: unknown) => {
        this.#ended = asPlatenError(error).message
        this.#startLater(this.#ended, name)
      })
    })
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#next?.cancel()
    this.#interface = undefined
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    const timer = this.#options.clock.after('end wpa_supplicant', answerDeadline, () => running.process.signal('SIGKILL'))
    running.process.signal(signal)
    await running.process.exited
    timer.cancel()
  }
}
