import type { MqttConnectOptions, MqttLink, MqttPort, MqttPublication } from '../../../firmware/platform/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { topicMatches, type MqttMessage } from '../../../protocol/mqtt/index.js'
import type { milliseconds} from '../../../protocol/time.js';
import { seconds, type Clock } from '../../../protocol/time.js'

/** A client notices after one and a half keep-alives that nobody answers (MQTT 5 section 3.1.2.10). */
const patience = 1.5

interface Connection {
  readonly options: MqttConnectOptions
  readonly filters: string[]
  readonly end: (reason: string) => void
  /** Settles when it has ended. */
  readonly ended: Promise<string>
}

/** A broker in memory for one board, which can fail as brokers and networks do. It keeps no session. */
export class VirtualBroker implements MqttPort {
  /** `away`: nobody listens. `half-open`: what is sent gets lost, and nobody says so. */
  mode: 'serves' | 'away' | 'half-open' = 'serves'
  /** Everything that reached it. */
  readonly published: MqttPublication[] = []
  readonly #clock: Clock
  readonly #listening = new Set<(publication: MqttPublication) => void>()
  #connection: Connection | undefined

  /** @param clock the world's */
  constructor(clock: Clock) {
    this.#clock = clock
  }

  get connected(): boolean {
    return this.#connection !== undefined && this.mode === 'serves'
  }

  /** Ends the connection that there is, and says so to the client. */
  kick(reason = 'the broker ended the connection'): void {
    this.#connection?.end(reason)
  }

  /** @returns false when nobody is there to take it */
  deliver(message: MqttMessage): boolean {
    const { options, filters } = this.#connection ?? {}
    if (this.mode !== 'serves' || options === undefined || filters?.some((filter) => topicMatches(filter, message.topic)) !== true) return false
    options.onMessage(message)
    return true
  }

  /** Calls `listener` with each publication. @returns stops */
  onPublished(listener: (publication: MqttPublication) => void): () => void {
    this.#listening.add(listener)
    return () => void this.#listening.delete(listener)
  }

  async connect(options: MqttConnectOptions): Promise<MqttLink> {
    if (this.mode === 'away') throw new PlatenError('connect-failed', 'nobody listens there')
    if (this.mode === 'half-open') {
      await this.#pause('half-open connect', options.timeout)
      throw new PlatenError('timed-out', 'the broker did not answer')
    }
    // Whoever comes again under a name takes the place of the one before (MQTT 5 section 3.1.4).
    this.kick('taken over by another connection')
    let end: (reason: string) => void = () => undefined
    const ended = new Promise<string>((resolve) => (end = resolve))
    const connection: Connection = {
      options, filters: [], ended,
      end: (reason) => {
        if (this.#connection === connection) this.#connection = undefined
        end(reason)
      },
    }
    this.#connection = connection
    return this.#link(connection)
  }

  #link(connection: Connection): MqttLink {
    return {
      closed: connection.ended,
      publish: async (publication) => {
        await this.#reach(connection)
        this.published.push(publication)
        for (const listener of [...this.#listening]) listener(publication)
      },
      subscribe: async (filter) => {
        await this.#reach(connection)
        connection.filters.push(filter)
      },
      end: () => {
        connection.end('ended by the client')
        return Promise.resolve()
      },
    }
  }

  /** Returns when what was sent is at the broker. */
  async #reach(connection: Connection): Promise<void> {
    if (this.mode !== 'serves') {
      await this.#pause('keep-alive', seconds(connection.options.keepAliveSeconds * patience))
      connection.end('keep-alive: the broker does not answer')
    }
    if (this.#connection !== connection) throw new PlatenError('connect-failed', 'the connection has ended')
  }

  #pause(name: string, duration: ReturnType<typeof milliseconds>): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(`virtual broker: ${name}`, duration, resolve))
  }
}
