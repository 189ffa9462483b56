import type { MqttConnectOptions, MqttLink, MqttPort } from '../../firmware/platform/index.js'
import type { CommandName } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { eventPayload, jsonOf, readPayload, refuseSecrets, replyPayload, responseTopic, topicsOf, writePayload, type DevicePlace, type MqttMessage, type ReplyPayload } from '../../protocol/mqtt/index.js'
import type { RandomBytes } from '../../protocol/random.js'
import { seconds, type Clock, type Duration } from '../../protocol/time.js'

export interface MqttControllerOptions {
  readonly mqtt: MqttPort
  readonly clock: Clock
  readonly random: RandomBytes
  /** The Common Name of its certificate. */
  readonly name: string
  readonly site: string
  readonly broker: Pick<MqttConnectOptions, 'host' | 'port' | 'trustAnchors' | 'credentials'>
  /** Told each message as it is sent or seen. */
  readonly onRecord?: (record: MqttRecord) => void
}

/** A message as the controller sent or saw it, with its properties. */
export interface MqttRecord extends MqttMessage {
  /** Clock.monotonic() */
  readonly at: number
  readonly direction: 'sent' | 'received'
}

/** An idempotency key: fresh ones are as good as never the same. */
const keyBytes = 16
const connectTimeout = seconds(15)

/** Gives commands to boards over MQTT, and sees what they tell. */
export class MqttController {
  /** Everything sent and received, in order. */
  readonly transcript: MqttRecord[] = []
  readonly #options: MqttControllerOptions
  readonly #waiting = new Map<string, (message: MqttMessage) => void>()
  readonly #listeners = new Set<(message: MqttMessage) => void>()
  #link!: MqttLink

  private constructor(options: MqttControllerOptions) {
    this.#options = options
  }

  /** Connects and sees the answers and the events of all boards of the site. @throws what connecting throws */
  static async connect(options: MqttControllerOptions): Promise<MqttController> {
    const controller = new MqttController(options)
    const { mqtt, name, site, broker } = options
    controller.#link = await mqtt.connect({ ...broker, clientId: name, sessionSeconds: 0, keepAliveSeconds: 30, timeout: connectTimeout, onMessage: (message) => controller.#receive(message) })
    const { state, info, cert, event } = topicsOf({ site, device: '+' })
    for (const filter of [`${responseTopic({ site, device: '' }, name)}#`, state, info, cert, event('+')]) await controller.#link.subscribe(filter)
    return controller
  }

  /**
   * Gives a command and waits for its answer, whatever it is.
   * @param options.deadline also the expiry of the message, in whole seconds; default 30 s
   * @param options.progress told what the board says that it is doing, until it answers
   * @param options.key idempotency key; default: a fresh one. With the same key a command is done once.
   * @throws permission-denied (a secret is not sent over MQTT), timed-out, connect-failed, bad-response
   */
  async command(device: string, name: CommandName, fields: Readonly<Record<string, unknown>> = {}, options: { readonly deadline?: Duration; readonly key?: Uint8Array; readonly progress?: (text: string) => void } = {}): Promise<ReplyPayload> {
    refuseSecrets(name, fields)
    const { clock, random, site, name: controller } = this.#options
    const { deadline = seconds(30), key = random(keyBytes) } = options
    const place = { site, device }
    const id = `${device} ${Buffer.from(key).toString('hex')}`
    const answered = new Promise<MqttMessage>((resolve, reject) => {
      const timer = clock.after(`answer to ${name} over MQTT`, deadline, () => {
        this.#waiting.delete(id)
        reject(new PlatenError('timed-out', `${device} did not answer ${name} within ${deadline / 1000} s`, { facts: { device, command: name } }))
      })
      this.#waiting.set(id, (message) => {
        timer.cancel()
        this.#waiting.delete(id)
        resolve(message)
      })
    })
    const stop = options.progress === undefined ? () => undefined : this.#follow(place, key, options.progress)
    void answered.catch(() => undefined).then(stop)
    await this.send({
      topic: topicsOf(place).command(name), payload: writePayload(fields), retain: false,
      expirySeconds: Math.max(1, Math.ceil(deadline / 1000)), responseTopic: responseTopic(place, controller), correlationData: key,
    })
    return readPayload(replyPayload, (await answered).payload)
  }

  /** Hands on the progress of one command. @returns stops */
  #follow(place: DevicePlace, key: Uint8Array, progress: (text: string) => void): () => void {
    const own = topicsOf(place).event('progress')
    return this.onMessage(({ topic, correlationData, payload }) => {
      if (topic !== own || correlationData === undefined || !Buffer.from(correlationData).equals(key)) return
      const { controller, text } = eventPayload.safeParse(jsonOf(payload)).data?.facts ?? {}
      if (controller === this.#options.name && typeof text === 'string') progress(text)
    })
  }

  /** Publishes any message with QoS 1, as it is: for what a well-behaved controller would not send. @throws connect-failed, permission-denied */
  async send(message: MqttMessage): Promise<void> {
    this.#record('sent', message)
    await this.#link.publish({ ...message, qos: 1 })
  }

  /** Calls `listener` with each message that comes. @returns stops listening */
  onMessage(listener: (message: MqttMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Waits for a message that `wanted` says yes to, from among those that came already and those to come.
   * @throws timed-out
   */
  async message(what: string, wanted: (message: MqttRecord) => boolean, deadline: Duration = seconds(30)): Promise<MqttRecord> {
    const there = this.transcript.find((record) => record.direction === 'received' && wanted(record))
    if (there !== undefined) return there
    return await new Promise((resolve, reject) => {
      const stop = this.onMessage(() => {
        const newest = this.transcript.at(-1)
        if (newest === undefined || !wanted(newest)) return
        timer.cancel()
        stop()
        resolve(newest)
      })
      const timer = this.#options.clock.after(`waiting for ${what} over MQTT`, deadline, () => {
        stop()
        reject(new PlatenError('timed-out', `${what} did not come over MQTT within ${deadline / 1000} s`))
      })
    })
  }

  async close(): Promise<void> {
    await this.#link.end()
  }

  #receive(message: MqttMessage): void {
    this.#record('received', message)
    for (const listener of [...this.#listeners]) listener(message)
    const { site, name } = this.#options
    const prefix = responseTopic({ site, device: '' }, name)
    if (!message.topic.startsWith(prefix) || message.correlationData === undefined) return
    this.#waiting.get(`${message.topic.slice(prefix.length)} ${Buffer.from(message.correlationData).toString('hex')}`)?.(message)
  }

  #record(direction: MqttRecord['direction'], message: MqttMessage): void {
    const { clock, onRecord } = this.#options
    const record = { at: clock.monotonic(), direction, ...message }
    this.transcript.push(record)
    onRecord?.(record)
  }
}
