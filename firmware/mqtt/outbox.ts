import { hasCode } from '../../protocol/errors.js'
import type { Clock } from '../../protocol/time.js'
import type { Log, MqttLink, MqttPublication } from '../platform/index.js'

/** Messages kept while there is no connection; then the oldest go. */
const kept = 500

interface Waiting {
  readonly publication: MqttPublication
  /** Clock.monotonic() after which nobody wants it. */
  readonly until?: number
}

/** What waits for the broker, in order. A message leaves when the broker has it: over a lost connection it may come twice. */
export class Outbox {
  readonly #clock: Clock
  readonly #log: Log
  readonly #waiting: Waiting[] = []
  readonly #idle: (() => void)[] = []
  #link: MqttLink | undefined
  #pumping = false
  #lost = 0

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock
    this.#log = log
  }

  /** How many messages were given up since the start because there were too many. */
  get lost(): number {
    return this.#lost
  }

  get length(): number {
    return this.#waiting.length
  }

  /** A retained message takes the place of the one before it on its topic. */
  put(publication: MqttPublication, until?: number): void {
    const waiting = { publication, ...(until === undefined ? {} : { until }) }
    // The first one may be on its way; it stays where it is.
    const before = publication.retain ? this.#waiting.findIndex((each, index) => (index > 0 || !this.#pumping) && each.publication.topic === publication.topic) : -1
    if (before !== -1) this.#waiting.splice(before, 1)
    this.#waiting.push(waiting)
    if (this.#waiting.length > kept) this.#giveUpOldest()
    void this.#pump()
  }

  /** Sends over this connection from now on; undefined when there is none. */
  connect(link: MqttLink | undefined): void {
    this.#link = link
    void this.#pump()
  }

  /** Resolves when nothing waits, or nothing can be sent. */
  settled(): Promise<void> {
    return this.#pumping ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve()
  }

  #giveUpOldest(): void {
    this.#waiting.splice(this.#pumping ? 1 : 0, 1)
    this.#lost += 1
    // Once: what is logged becomes an event, and waits here too.
    if (this.#lost === 1) this.#log.warn(`more than ${kept} messages wait for the broker; the oldest are given up`)
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    for (;;) {
      const [next] = this.#waiting
      const link = this.#link
      if (next === undefined || link === undefined) break
      if (!await this.#sent(next, link)) {
        // A new connection may have come meanwhile; it tries again.
        if (this.#link === link) this.#link = undefined
        continue
      }
      this.#waiting.shift()
    }
    this.#pumping = false
    for (const done of this.#idle.splice(0)) done()
  }

  /** @returns false when the connection is gone and the message has to wait for the next */
  async #sent({ publication, until }: Waiting, link: MqttLink): Promise<boolean> {
    if (until !== undefined && this.#clock.monotonic() >= until) return true
    try {
      await link.publish(publication)
      return true
    } catch (error) {
      if (hasCode(error, 'connect-failed')) return false
      this.#log.warn('the broker does not take a message', { topic: publication.topic, reason: error instanceof Error ? error.message : '' })
      return true
    }
  }
}
