import { topicsOf, writePayload, type CertPayload, type DevicePlace, type DeviceTopics, type InfoPayload, type StatePayload } from '../../protocol/mqtt/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import type { CommandRunner } from '../commands/index.js'
import type { Disk, Log, LogLine, MqttLink, MqttPort, Random, TlsCredentials } from '../platform/index.js'
import { AnsweredCommands } from './answered.js'
import { CommandDesk } from './command-desk.js'
import { Connection } from './connection.js'
import { Outbox } from './outbox.js'

export interface MqttAgentOptions {
  readonly mqtt: MqttPort
  readonly clock: Clock
  readonly random: Pick<Random, 'integer'>
  readonly disk: Disk
  readonly log: Log & { subscribe(tell: (line: LogLine) => void): () => void }
  /** Where the commands that were taken are kept; has to be there. */
  readonly directory: string
  readonly place: DevicePlace
  readonly broker: { readonly host: string; readonly port: number; readonly trustAnchors: readonly Uint8Array[]; readonly crls?: readonly Uint8Array[] }
  readonly bootId: string
}

type EventFacts = Readonly<Record<string, string | number | boolean>>

/** A request as it is now. */
export interface RequestNews {
  readonly id: number
  readonly facts: EventFacts
}

/** What there is to tell and to do, once the board has it all. */
export interface AgentWork {
  readonly commands: Pick<CommandRunner, 'run'>
  readonly info: InfoPayload
  readonly cert: () => CertPayload
  /** Newest first. */
  readonly requests: () => readonly RequestNews[]
  /** Calls `listener` after each change of the requests. @returns stops listening */
  readonly onChange: (listener: () => void) => () => void
}

/** How long the end of the board waits for what is on its way to the broker. */
const lastWords = seconds(2)

/** The MQTT front: tells the board's state and events, takes commands. It is off until it has a certificate. */
export class MqttAgent {
  readonly #options: MqttAgentOptions
  readonly #topics: DeviceTopics
  readonly #answered: AnsweredCommands
  readonly #outbox: Outbox
  readonly #connection: Connection
  readonly #unsubscribe: (() => void)[] = []
  #work: AgentWork | undefined
  #desk: CommandDesk | undefined
  #sequence = 0
  #toldCert = ''
  /** Each request as last told, by its number. */
  readonly #toldRequests = new Map<number, string>()

  private constructor(options: MqttAgentOptions, answered: AnsweredCommands) {
    const { mqtt, clock, random, log, broker, place, bootId } = options
    this.#options = options
    this.#topics = topicsOf(place)
    this.#answered = answered
    this.#outbox = new Outbox({ clock, log })
    this.#connection = new Connection({
      mqtt, clock, random, log,
      target: { ...broker, clientId: place.device, will: { topic: this.#topics.state, payload: writePayload({ state: 'lost', bootId } satisfies StatePayload) } },
      onMessage: (message) => void this.#desk?.receive(message),
      prepare: (link) => this.#prepare(link),
      onUp: (link) => {
        this.#outbox.connect(link)
        this.#tellCert()
      },
      onDown: () => this.#outbox.connect(undefined),
    })
  }

  /** @throws disk-failed */
  static async open(options: MqttAgentOptions): Promise<MqttAgent> {
    return new MqttAgent(options, await AnsweredCommands.open(options))
  }

  /** Connects as soon as there is a certificate, and tells from now on. */
  begin(work: AgentWork): void {
    const { clock, log, place, bootId } = this.#options
    this.#work = work
    this.#desk = new CommandDesk({
      place, bootId, clock, log, commands: work.commands, answered: this.#answered, outbox: this.#outbox,
      tellProgress: ({ verb, controller, correlationData }, text) => this.tell('progress', { verb, controller, text }, { correlationData }),
    })
    for (const { id, facts } of work.requests()) this.#toldRequests.set(id, JSON.stringify(facts))
    this.tell('boot', { restartReason: work.info.restartReason })
    this.#unsubscribe.push(
      work.onChange(() => this.#tellRequests()),
      log.subscribe(({ level, text, monotonic }) => {
        // With the stamp of the line, so that who reads both sees one event.
        if (level !== 'debug') this.tell('log', { level, text }, { monotonic })
        // Each change of a key is in the log: a line is the sign to look again.
        this.#tellCert()
      }),
    )
    this.#connection.begin()
  }

  async use(credentials: TlsCredentials | undefined): Promise<void> {
    const { link } = this.#connection
    if (credentials === undefined && link !== undefined) await this.#sayOff(link, 'identity taken away')
    await this.#connection.use(credentials)
  }

  isConnected(): boolean {
    return this.#connection.link !== undefined
  }

  connected(): Promise<void> {
    return this.#connection.connected()
  }

  /**
   * An event; kept while there is no connection, with the time at which it happened.
   * @param of.correlationData of the command that it belongs to
   * @param of.monotonic when it happened; default: now
   */
  tell(kind: string, facts: EventFacts, { correlationData, monotonic }: { readonly correlationData?: Uint8Array; readonly monotonic?: number } = {}): void {
    this.#sequence += 1
    const payload = writePayload({ ...this.#stamp(), ...monotonic === undefined ? {} : { monotonic }, sequence: this.#sequence, facts })
    this.#outbox.put({ topic: this.#topics.event(kind), payload, qos: 1, retain: false, ...correlationData === undefined ? {} : { correlationData } })
  }

  /** Sends what is on its way, for two seconds at most, says why the board goes, and ends the connection. */
  async close(reason: 'stopped' | 'restart'): Promise<void> {
    for (const stop of this.#unsubscribe) stop()
    const { link } = this.#connection
    if (link !== undefined) {
      await this.#atMost(lastWords, (this.#desk?.answered() ?? Promise.resolve()).then(() => this.#outbox.settled()))
      await this.#sayOff(link, reason)
    }
    await this.#connection.close()
  }

  async #prepare(link: MqttLink): Promise<void> {
    const { info } = this.#work ?? {}
    await link.subscribe(this.#topics.commands)
    await link.publish(retained(this.#topics.state, { state: 'online', ...this.#stamp() } satisfies StatePayload))
    await link.publish(retained(this.#topics.info, info))
    // Another board may have had our name meanwhile; each connection tells it anew.
    this.#toldCert = ''
  }

  #tellCert(): void {
    if (this.#work === undefined) return
    const report = this.#work.cert()
    const text = JSON.stringify(report)
    if (text === this.#toldCert) return
    this.#toldCert = text
    this.#outbox.put(retained(this.#topics.cert, report))
  }

  #tellRequests(): void {
    const requests = this.#work?.requests() ?? []
    for (const { id, facts } of requests.toReversed()) {
      const now = JSON.stringify(facts)
      if (this.#toldRequests.get(id) === now) continue
      this.#toldRequests.set(id, now)
      this.tell('request', facts)
    }
    const known = new Set(requests.map(({ id }) => id))
    for (const id of this.#toldRequests.keys()) if (!known.has(id)) this.#toldRequests.delete(id)
    this.#tellCert()
  }

  async #sayOff(link: MqttLink, reason: Extract<StatePayload, { state: 'off' }>['reason']): Promise<void> {
    await this.#atMost(lastWords, link.publish(retained(this.#topics.state, { state: 'off', reason, ...this.#stamp() } satisfies StatePayload)))
  }

  async #atMost(limit: typeof lastWords, work: Promise<void>): Promise<void> {
    let late: () => void = () => undefined
    const timer = this.#options.clock.after('last words over MQTT', limit, () => late())
    await Promise.race([work.catch(() => undefined), new Promise<void>((resolve) => (late = resolve))])
    timer.cancel()
  }

  #stamp(): { readonly bootId: string; readonly monotonic: number } {
    return { bootId: this.#options.bootId, monotonic: Math.floor(this.#options.clock.monotonic()) }
  }
}

function retained(topic: string, payload: unknown) {
  return { topic, payload: writePayload(payload), qos: 1, retain: true } as const
}
