import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import type { MqttMessage } from '../../protocol/mqtt/index.js'
import { seconds, type Clock, type Timer } from '../../protocol/time.js'
import type { Log, MqttConnectOptions, MqttLink, MqttPort, Random, TlsCredentials } from '../platform/index.js'
import { goodConnection, reconnectDelay } from './back-off.js'

export interface ConnectionOptions {
  readonly mqtt: MqttPort
  readonly clock: Clock
  readonly random: Pick<Random, 'integer'>
  readonly log: Log
  /** The broker and who we are there. */
  readonly target: Pick<MqttConnectOptions, 'host' | 'port' | 'trustAnchors' | 'crls' | 'clientId' | 'will'>
  readonly onMessage: (message: MqttMessage) => void
  /** Makes a new connection ready for use; when it throws, the connection is given up and tried again later. */
  readonly prepare: (link: MqttLink) => Promise<void>
  readonly onUp: (link: MqttLink) => void
  readonly onDown: () => void
}

/** A command waits at the broker for a board that is away no longer than it may take at all. */
const sessionSeconds = 3600
const keepAliveSeconds = 30
const connectTimeout = seconds(15)

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: PlatenError) => void
}

/** Keeps one connection up, with the certificate it was last given; without one it is off. */
export class Connection {
  readonly #options: ConnectionOptions
  #begun = false
  #closed = false
  #credentials: TlsCredentials | undefined
  /** Grows with each change of the certificate: what belongs to an older one is thrown away. */
  #generation = 0
  #link: MqttLink | undefined
  #failures = 0
  #retry: Timer | undefined
  readonly #waiting: Waiting[] = []

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get link(): MqttLink | undefined {
    return this.#link
  }

  /** Connects from now on, as soon as there is a certificate. */
  begin(): void {
    this.#begun = true
    if (this.#credentials !== undefined) void this.#attempt(this.#generation)
  }

  /** Ends the connection there is, in good order, and makes one with these credentials; with none it stays off. */
  async use(credentials: TlsCredentials | undefined): Promise<void> {
    this.#generation += 1
    const generation = this.#generation
    this.#credentials = credentials
    this.#failures = 0
    await this.#drop(new PlatenError('connect-failed', 'the certificate was changed meanwhile'))
    if (credentials !== undefined && this.#begun && !this.#closed && generation === this.#generation) void this.#attempt(generation)
  }

  /** Waits for the outcome of the try under way, or of the next one. @throws what connecting throws */
  connected(): Promise<void> {
    if (this.#link !== undefined) return Promise.resolve()
    if (this.#closed || !this.#begun || this.#credentials === undefined) return Promise.reject(new PlatenError('connect-failed', 'the MQTT agent is off'))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#generation += 1
    await this.#drop(new PlatenError('connect-failed', 'the board stops'))
  }

  async #drop(reason: PlatenError): Promise<void> {
    this.#retry?.cancel()
    this.#retry = undefined
    const link = this.#link
    this.#link = undefined
    this.#settle((each) => each.reject(reason))
    if (link === undefined) return
    this.#options.onDown()
    await link.end().catch(() => undefined)
  }

  #settle(tell: (waiting: Waiting) => void): void {
    for (const each of this.#waiting.splice(0)) tell(each)
  }

  async #attempt(generation: number): Promise<void> {
    const credentials = this.#credentials
    if (credentials === undefined) return
    const { mqtt, target, onMessage, prepare, log } = this.#options
    let link: MqttLink | undefined
    try {
      link = await mqtt.connect({
        ...target, credentials, sessionSeconds, keepAliveSeconds, timeout: connectTimeout,
        onMessage: (message) => {
          if (generation === this.#generation) onMessage(message)
        },
      })
      if (generation === this.#generation) await prepare(link)
    } catch (error) {
      void link?.end().catch(() => undefined)
      if (generation === this.#generation) this.#failed(generation, asPlatenError(error))
      return
    }
    if (generation !== this.#generation) return void link.end().catch(() => undefined)
    this.#up(generation, link)
    log.info('connected to the broker', { host: target.host, port: target.port })
  }

  #up(generation: number, link: MqttLink): void {
    const { clock, log } = this.#options
    this.#link = link
    const since = clock.monotonic()
    this.#options.onUp(link)
    this.#settle((each) => each.resolve())
    void link.closed.then((reason) => {
      if (generation !== this.#generation || this.#link !== link) return
      this.#link = undefined
      this.#options.onDown()
      log.warn('the connection to the broker is lost', { reason })
      if (clock.monotonic() - since >= goodConnection) this.#failures = 0
      this.#again(generation)
    })
  }

  #failed(generation: number, error: PlatenError): void {
    const { log } = this.#options
    // A broker that is away for a night is not worth a line each five minutes.
    const tell = this.#failures === 0 ? log.warn.bind(log) : log.debug.bind(log)
    tell(error.message, { code: error.code, fix: error.fix })
    this.#settle((each) => each.reject(error))
    this.#again(generation)
  }

  #again(generation: number): void {
    const { clock, random } = this.#options
    this.#failures += 1
    this.#retry = clock.after('reconnecting to the broker', reconnectDelay(this.#failures, random), () => void this.#attempt(generation))
  }
}
