import type { IClientOptions, IPublishPacket, MqttClient } from 'mqtt'
import { PlatenError, type ErrorCode } from '../../protocol/errors.js'
import type { MqttMessage } from '../../protocol/mqtt/index.js'
import { certificatePem, crlPem } from '../../protocol/pem.js'
import type { Clock } from '../../protocol/time.js'
import type { MqttConnectOptions, MqttLink, MqttPort, MqttPublication } from './ports.js'

/** MQTT 5 over TLS by the library `mqtt`, which is loaded with the first connection: most boards have no broker. */
export function linuxMqtt(clock: Clock): MqttPort {
  return {
    connect: async (options) => {
      const { connect } = await import('mqtt')
      return await connected(clock, connect(libraryOptions(options)), options)
    },
  }
}

/** Reason codes from here on are failures (MQTT 5 section 2.4). */
const failures = 0x80

/** The library's own reconnecting is off: when, and with which certificate, is not its to decide. */
function libraryOptions({ host, port, credentials, trustAnchors, crls = [], clientId, sessionSeconds, keepAliveSeconds, will, timeout }: MqttConnectOptions): IClientOptions {
  return {
    protocol: 'mqtts', protocolVersion: 5, host, port, clientId,
    key: credentials.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: credentials.chain.map(certificatePem).join(''),
    ca: trustAnchors.map(certificatePem),
    ...(crls.length === 0 ? {} : { crl: crls.map(crlPem) }),
    rejectUnauthorized: true,
    clean: sessionSeconds === 0,
    keepalive: keepAliveSeconds,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Our own timer rules; the library's only has to be later.
    connectTimeout: 2 * timeout,
    properties: { sessionExpiryInterval: sessionSeconds },
    ...(will === undefined ? {} : { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
  }
}

function connected(clock: Clock, client: MqttClient, { host, port, timeout, onMessage }: MqttConnectOptions): Promise<MqttLink> {
  const facts = { host, port }
  let reason = 'the broker closed the connection'
  client.on('error', (error) => (reason = error.message))
  client.on('disconnect', ({ reasonCode = 0 }) => (reason = `the broker ended the connection (reason ${reasonCode})`))
  client.on('message', (topic, payload, packet) => onMessage(messageOf(topic, payload, packet)))
  const closed = new Promise<string>((resolve) => client.once('close', () => resolve(reason)))
  return new Promise((resolve, reject) => {
    const fail = (error: PlatenError): void => {
      timer.cancel()
      client.end(true)
      reject(error)
    }
    const timer = clock.after(`connecting to the broker ${host}`, timeout, () => fail(new PlatenError('timed-out', `the broker ${host} port ${port} did not accept us within ${timeout / 1000} s`, { facts })))
    client.once('connect', () => {
      timer.cancel()
      resolve(new LinuxMqttLink(client, closed))
    })
    client.once('error', (error) => fail(connectError(error, host, port)))
    client.once('close', () => fail(new PlatenError('connect-failed', `the broker ${host} port ${port} closed the connection: ${reason}`, { facts })))
  })
}

class LinuxMqttLink implements MqttLink {
  readonly closed: Promise<string>
  readonly #client: MqttClient
  readonly #waiting = new Set<(error: PlatenError) => void>()

  constructor(client: MqttClient, closed: Promise<string>) {
    this.#client = client
    this.closed = closed
    void closed.then((reason) => {
      client.end(true)
      for (const fail of this.#waiting) fail(new PlatenError('connect-failed', reason))
    })
  }

  publish({ topic, payload, qos, retain, expirySeconds, responseTopic, correlationData }: MqttPublication): Promise<void> {
    const properties = {
      ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
      ...(responseTopic === undefined ? {} : { responseTopic }),
      ...(correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData) }),
    }
    return this.#answered(async () => {
      await this.#client.publishAsync(topic, Buffer.from(payload), { qos, retain, properties })
    })
  }

  subscribe(filter: string): Promise<void> {
    return this.#answered(async () => {
      const [grant] = await this.#client.subscribeAsync(filter, { qos: 1, rap: true })
      if (grant === undefined || grant.qos >= failures) throw new PlatenError('permission-denied', `the broker does not let us subscribe to ${filter}`, { facts: { filter } })
    })
  }

  /** The library answers nothing when the connection ends first. */
  async #answered(work: () => Promise<void>): Promise<void> {
    let fail: (error: PlatenError) => void = () => undefined
    const lost = new Promise<never>((_, reject) => (fail = reject))
    this.#waiting.add(fail)
    try {
      if (!this.#client.connected) throw new PlatenError('connect-failed', 'the connection to the broker has ended')
      await Promise.race([work(), lost])
    } catch (cause) {
      throw cause instanceof PlatenError ? cause : answerError(cause)
    } finally {
      this.#waiting.delete(fail)
    }
  }

  async end(): Promise<void> {
    await this.#client.endAsync(!this.#client.connected)
    await this.closed
  }
}

/** A reason code is an answer of the broker; without one, none came. */
function answerError(cause: unknown): PlatenError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'number' ? cause.code : 0
  return code >= failures ? new PlatenError('permission-denied', `the broker refuses: ${message}`, { facts: { reason: code }, cause }) : new PlatenError('connect-failed', message, { cause })
}

function messageOf(topic: string, payload: Buffer, { retain, properties = {} }: IPublishPacket): MqttMessage {
  const { messageExpiryInterval, responseTopic, correlationData } = properties
  return {
    topic, payload: Uint8Array.from(payload), retain,
    ...(messageExpiryInterval === undefined ? {} : { expirySeconds: messageExpiryInterval }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: Uint8Array.from(correlationData) }),
  }
}

/** What OpenSSL and Node say when the other side's certificate is not believed; a refusal of ours comes as an alert. */
const untrusted = /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|CRL_|ERR_TLS_CERT_ALTNAME)/u

function connectError(error: Error & { readonly code?: unknown }, host: string, port: number): PlatenError {
  const code = typeof error.code === 'string' ? error.code : ''
  const facts = { host, port, reason: code === '' ? error.message : code }
  const [kind, text, fix] = trouble(error, code)
  return new PlatenError(kind, `the broker ${host} port ${port} ${text}`, { facts, fix, cause: error })
}

function trouble(error: Error & { readonly code?: unknown }, code: string): readonly [ErrorCode, string, string] {
  if (untrusted.test(code)) return ['tls-untrusted', `shows a certificate that is not trusted: ${error.message}`, 'Check mqtt.trustAnchors and the host name in mqtt.broker.']
  if (typeof error.code === 'number') return ['permission-denied', `refuses this client: ${error.message}`, 'Ask the operator of the broker whether this device is known there.']
  if (code.startsWith('ERR_SSL')) return ['permission-denied', `ends the TLS handshake: ${error.message}`, 'Ask the operator of the broker which CA it takes certificates from.']
  return ['connect-failed', `cannot be reached: ${error.message}`, 'Check mqtt.broker, DNS and the network.']
}
