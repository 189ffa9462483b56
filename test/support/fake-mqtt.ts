import type { MqttConnectOptions, MqttLink, MqttPort, MqttPublication } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import type { MqttMessage } from '../../protocol/mqtt/index.js'

/** One connection to a broker that only notes. */
export class FakeLink implements MqttLink {
  readonly options: MqttConnectOptions
  readonly published: MqttPublication[] = []
  readonly filters: string[] = []
  readonly closed: Promise<string>
  ended = false
  /** Answers each publication; default: the broker has it. */
  answer: (publication: MqttPublication) => Promise<void> = () => Promise.resolve()
  #close!: (reason: string) => void

  constructor(options: MqttConnectOptions) {
    this.options = options
    this.closed = new Promise((resolve) => (this.#close = resolve))
  }

  async publish(publication: MqttPublication): Promise<void> {
    if (this.ended) throw new PlatenError('connect-failed', 'the connection has ended')
    await this.answer(publication)
    this.published.push(publication)
  }

  subscribe(filter: string): Promise<void> {
    this.filters.push(filter)
    return Promise.resolve()
  }

  end(): Promise<void> {
    this.drop('ended by us')
    return Promise.resolve()
  }

  drop(reason: string): void {
    this.ended = true
    this.#close(reason)
  }

  deliver(message: Partial<MqttMessage> & { readonly topic: string }): void {
    this.options.onMessage({ payload: new Uint8Array(), retain: false, ...message })
  }
}

/** A broker in memory, seen from one board: it takes everything and delivers what a test says. */
export class FakeMqtt implements MqttPort {
  readonly links: FakeLink[] = []
  /** Thrown by each connect, while set. */
  fails: PlatenError | undefined
  tries = 0

  connect(options: MqttConnectOptions): Promise<FakeLink> {
    this.tries += 1
    if (this.fails !== undefined) return Promise.reject(this.fails)
    const link = new FakeLink(options)
    this.links.push(link)
    return Promise.resolve(link)
  }

  get link(): FakeLink {
    return this.links.at(-1)!
  }

  /** Everything that reached the broker, over all connections. */
  get published(): readonly MqttPublication[] {
    return this.links.flatMap(({ published }) => published)
  }
}

