import { X509Certificate } from 'node:crypto'
import type { Disk, ProcessExit, Processes, RunningProcess } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { seconds, type Duration } from '../../protocol/time.js'
import type { VirtualClock } from '../../rig/boards/virtual-clock.js'

interface Daemon {
  readonly number: number
  readonly say: (line: string) => void
  readonly end: (exit: ProcessExit) => void
  authorized: boolean
  hung: boolean
}

/** wpa_supplicant, wpa_cli and the switch behind them in virtual time: it reads the real configuration from the disk. */
export class FakeSupplicant implements Processes {
  /** Common names that the authentication server lets in. */
  readonly accepts = new Set<string>()
  /** What it is told to do wrong. */
  installed = true
  hangs = false
  /** Takes no configuration: neither live nor at a start. */
  refuses = false
  dies = false
  silent = false
  carrier = '1'
  /** Before it says that an authentication has failed. */
  lastWords = ''
  fileSystem = 'tmpfs'
  /** What happened, in order: `start`, `reconfigure`, `SIGKILL`, and each authentication by its name. */
  readonly story: string[] = []
  #daemon: Daemon | undefined
  #config = ''
  #count = 0
  readonly #clock: VirtualClock
  readonly #disk: Disk

  constructor(clock: VirtualClock, disk: Disk) {
    this.#clock = clock
    this.#disk = disk
  }

  get running(): boolean {
    return this.#daemon !== undefined
  }

  /** The daemon that runs now answers nobody any more; the next one does. */
  hang(): void {
    if (this.#daemon !== undefined) this.#daemon.hung = true
  }

  /** The daemon ends by itself. */
  die(): void {
    this.#daemon?.end({ code: 255, signal: undefined })
  }

  /** The switch asks anew, as it does at intervals and when the cable comes back. */
  reauthenticate(): void {
    const daemon = this.#daemon
    if (daemon !== undefined) void this.#clock.track(this.#authenticate(daemon, this.#config))
  }

  has(): Promise<boolean> {
    return Promise.resolve(this.installed)
  }

  start(...[command, args, options = {}]: Parameters<Processes['start']>): Promise<RunningProcess> {
    if (!this.installed) return Promise.reject(new PlatenError('connect-failed', `cannot start ${command}`, { fix: `Install ${command}.` }))
    this.story.push('start')
    let ended: (exit: ProcessExit) => void = () => undefined
    const exited = new Promise<ProcessExit>((resolve) => (ended = resolve))
    const daemon: Daemon = {
      number: (this.#count += 1), authorized: false, hung: false,
      say: (line) => options.onLine?.(line),
      end: (exit) => {
        if (this.#daemon === daemon) this.#daemon = undefined
        ended(exit)
      },
    }
    this.#daemon = daemon
    this.#config = args[args.indexOf('-c') + 1]!
    if (this.refuses) {
      options.onLine?.('Failed to read or parse configuration')
      daemon.end({ code: 255, signal: undefined })
      return Promise.resolve({ pid: daemon.number, exited, signal: () => undefined })
    }
    void this.#clock.track(this.#authenticate(daemon, this.#config))
    return Promise.resolve({
      pid: daemon.number, exited,
      signal: (name) => {
        this.story.push(name)
        daemon.end({ code: undefined, signal: name })
      },
    })
  }

  async run(command: string, args: readonly string[], timeout: Duration): Promise<ProcessExit & { readonly lines: readonly string[] }> {
    const answer = (...lines: readonly string[]) => ({ code: 0, signal: undefined, lines })
    if (command === 'stat') return answer(this.fileSystem)
    if (command === 'cat') return answer(this.carrier)
    const daemon = this.#daemon
    if (daemon === undefined) return { code: 255, signal: undefined, lines: ['Failed to connect'] }
    if (this.hangs || daemon.hung) return this.#timeout(timeout)
    const verb = args.at(-1)!
    if (verb === 'status') return answer('wpa_state=ASSOCIATED', `suppPortStatus=${daemon.authorized ? 'Authorized' : 'Unauthorized'}`)
    if (verb === 'ping') return answer('PONG')
    this.story.push(verb)
    if (verb === 'terminate') {
      daemon.end({ code: 0, signal: undefined })
      return answer('OK')
    }
    if (verb === 'reconfigure' && this.refuses) return answer('FAIL')
    daemon.authorized = false
    void this.#clock.track(this.#authenticate(daemon, this.#config))
    return answer('OK')
  }

  #timeout(timeout: Duration): Promise<never> {
    return new Promise((_, reject) => this.#clock.after('wpa_cli', timeout, () => reject(new PlatenError('timed-out', 'wpa_cli did not end'))))
  }

  /** Two seconds, as the real one takes. */
  async #authenticate(daemon: Daemon, config: string): Promise<void> {
    const name = await this.#shownName(config)
    this.#clock.after('EAP', seconds(2), () => {
      if (this.#daemon !== daemon || daemon.hung || this.silent) return
      if (this.dies) {
        daemon.end({ code: 255, signal: undefined })
        return
      }
      this.story.push(`EAP ${name}`)
      daemon.say('eth0: CTRL-EVENT-EAP-STARTED EAP authentication started')
      daemon.authorized = this.accepts.has(name)
      if (!daemon.authorized && this.lastWords !== '') daemon.say(this.lastWords)
      daemon.say(daemon.authorized ? 'eth0: CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully' : 'eth0: CTRL-EVENT-EAP-FAILURE EAP authentication failed')
    })
  }

  async #shownName(config: string): Promise<string> {
    const text = Buffer.from(await this.#disk.read(config, 10_000)).toString()
    const chain = Buffer.from(await this.#disk.read(/client_cert="(.*)"/.exec(text)![1]!, 100_000)).toString()
    return new X509Certificate(chain).subject.replace('CN=', '')
  }
}
