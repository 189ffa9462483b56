import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { identityOf } from '../../protocol/mqtt/index.js'
import type { KeyEntry, KeyId, KeyStore } from '../key-store/index.js'
import type { TlsCredentials } from '../platform/index.js'
import type { MqttSettingsFile } from '../settings/index.js'
import type { KeyUseDriver, UseStatus } from './driver.js'
import { cannotServe, certificateToServe, shownChain } from './serving-certificate.js'

/** The MQTT agent, as far as its certificate goes. */
export interface MqttIdentity {
  /** Connects anew with these credentials; without any it ends the connection and stays off. */
  use(credentials: TlsCredentials | undefined): Promise<void>
  /** Whether there is a connection now. */
  isConnected(): boolean
  /** Waits until the broker has accepted the credentials. @throws what connecting throws */
  connected(): Promise<void>
}

export interface MqttUseOptions {
  readonly store: Pick<KeyStore, 'privateKey'>
  readonly agent: MqttIdentity
  readonly settings: Pick<MqttSettingsFile, 'get' | 'update'>
  /** Whom the broker has to see: the Common Name of the certificate. */
  readonly device: string
}

/** MQTT: the board's own identity at the broker. Without a key of its own the agent is off: the default key is nobody there. */
export class MqttUse implements KeyUseDriver {
  readonly use = 'mqtt'
  readonly #options: MqttUseOptions
  #serving: KeyEntry | undefined
  #before: KeyEntry | undefined

  constructor(options: MqttUseOptions) {
    this.#options = options
  }

  enabled(): boolean {
    return this.#options.settings.get().enabled
  }

  async setEnabled(on: boolean): Promise<void> {
    await this.#options.settings.update({ enabled: on })
  }

  canServe(entry: KeyEntry): void {
    const { device, store } = this.#options
    const { subject } = certificateToServe(this.use, entry, store)
    if (identityOf(subject) !== device) throw cannotServe(this.use, entry, `its certificate is for ${subject}, and this board is ${device} at the broker`, `Request a certificate with cn=${device}, or correct mqtt.device in the config.`)
  }

  async apply(entry: KeyEntry): Promise<void> {
    await this.#options.agent.use({ privateKey: this.#options.store.privateKey(entry.id), chain: shownChain(entry) })
    this.#before = this.#serving
    this.#serving = entry
  }

  current(): KeyId | undefined {
    return this.#serving?.id
  }

  /** A real connection to the broker. One that is away at the moment counts as a failure too: nobody has seen the key serve. */
  async probe(): Promise<void> {
    await this.#options.agent.connected().catch((cause: unknown) => {
      const { message, facts } = asPlatenError(cause)
      throw new PlatenError('probe-failed', message, { facts, cause })
    })
  }

  async undo(): Promise<void> {
    if (this.#before === undefined) await this.switchOff()
    else await this.apply(this.#before)
    this.#before = undefined
  }

  async switchOff(): Promise<void> {
    this.#serving = undefined
    this.#before = undefined
    await this.#options.agent.use(undefined)
  }

  status(): Promise<UseStatus> {
    if (this.#serving === undefined) return Promise.resolve({ state: 'failed', detail: 'The agent is off.' })
    return Promise.resolve(this.#options.agent.isConnected() ? { state: 'serving', detail: 'Connected to the broker.' } : { state: 'waiting', detail: 'The broker is away; it is tried again.' })
  }
}
