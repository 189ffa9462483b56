import { createPrivateKey, createPublicKey } from 'node:crypto'
import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { eventPayload, identityOf, jsonOf, readPayload, statePayload, topicsOf, type BrokerIdentity } from '../../../protocol/mqtt/index.js'
import { certificatePem, certificatesOfPem } from '../../../protocol/pem.js'
import { issueCertificate, readCertificate } from '../../../protocol/scep/index.js'
import { days, seconds } from '../../../protocol/time.js'
import type { Bench, BenchBoard, BenchBroker } from '../../bench/index.js'
import { MqttController, type MqttRecord } from '../../boards/index.js'
import { startEmbeddedBroker, type Broker, type BrokerOptions, type EmbeddedBroker } from '../../broker/index.js'
import { startMosquitto } from '../../peers/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { openJsonLines } from '../json-lines-file.js'

/** A broker that the boards of a run reach, watched. */
export interface BenchBrokerRunning {
  /** For the configuration of a board that is made for the run. */
  configure(device: string): { readonly broker: string; readonly site: string; readonly device: string; readonly trustAnchors: string }
  /** Tells each line of a device's log as it comes, in the form of a log. @returns stops */
  follow(device: string, onEvent: (line: string, at: number) => void): () => void
  /** Waits until the device says that it is there. @throws board-not-ready */
  online(device: string, since: number): Promise<void>
  /** Cuts the connection of a device; undefined when the broker is not the rig's. */
  readonly kick: ((device: string) => void) | undefined
  close(): Promise<void>
}

const host = '127.0.0.1'
const controllerName = 'rig'
const onlineDeadline = seconds(30)

/** The name of a board on the broker. */
export function deviceOf({ name, mqtt }: BenchBoard): string {
  return mqtt?.device ?? `${name}.bench`
}

/**
 * Starts the broker of a bench, or connects to the one elsewhere, and writes down all that the rig sees of it.
 * @param clientAnchor CA of the boards' identities, DER
 * @returns undefined where there is none, or none that the rig may look into
 */
export async function openBroker(platform: RigPlatform, bench: Bench, { boards, directory, out, clientAnchor }: { readonly boards: readonly BenchBoard[]; readonly directory: string; readonly out: string; readonly clientAnchor: Uint8Array }): Promise<BenchBrokerRunning | undefined> {
  const { broker } = bench
  if (broker.kind === 'none') return undefined
  if (broker.kind === 'url') return broker.identity === undefined ? undefined : watch(platform, broker, out, await elsewhere(platform, broker, broker.identity))
  const own = await makeIdentities(platform, clientAnchor)
  const identities: readonly BrokerIdentity[] = [{ kind: 'controller', site: broker.site, name: controllerName }, ...boards.map((board) => ({ kind: 'device', site: broker.site, name: deviceOf(board) }) as const)]
  const options = { port: 0, credentials: own.broker, clientAnchors: [own.authority, clientAnchor], identities }
  const started: Broker & Partial<Pick<EmbeddedBroker, 'kick'>> = broker.kind === 'embedded' ? await startEmbeddedBroker(platform, options) : await startMosquitto(platform, { ...options, directory })
  const anchors = `${directory}/broker-anchors.pem`
  await platform.files.write(anchors, certificatePem(own.authority))
  const { port, kick } = started
  return watch(platform, broker, out, { address: { host, port }, name: controllerName, credentials: own.controller, trustAnchors: [own.authority], anchors, kick, close: () => started.close() })
}

interface Reached {
  readonly address: { readonly host: string; readonly port: number }
  readonly name: string
  readonly credentials: BrokerOptions['credentials']
  readonly trustAnchors: readonly Uint8Array[]
  /** The same as a PEM file. */
  readonly anchors: string
  readonly kick: ((device: string) => void) | undefined
  close(): Promise<void>
}

async function watch(platform: RigPlatform, { site }: BenchBroker, out: string, reached: Reached): Promise<BenchBrokerRunning> {
  const transcript = await openJsonLines(platform.files, `${out}/mqtt.jsonl`, 'the transcript')
  const { mqtt, clock, random } = platform
  const { address, name, credentials, trustAnchors, anchors, kick } = reached
  const controller = await MqttController.connect({ mqtt, clock, random, name, site, broker: { ...address, trustAnchors, credentials }, onRecord: (record) => transcript.add(transcribed(record)) })
    .catch(async (error: unknown) => {
      await reached.close()
      throw error
    })
  return {
    configure: (device) => ({ broker: `mqtts://${address.host}:${address.port}`, site, device, trustAnchors: anchors }),
    follow: (device, onEvent) => controller.onMessage((message) => {
      const line = message.topic === topicsOf({ site, device }).event('log') ? logLine(message.payload) : undefined
      if (line !== undefined) onEvent(line, clock.monotonic())
    }),
    online: async (device, since) => {
      const { state } = topicsOf({ site, device })
      await controller.message(`${device} online`, ({ topic, payload, at }) => topic === state && at >= since && readPayload(statePayload, payload).state === 'online', onlineDeadline).catch((cause: unknown) => {
        throw new PlatenError('board-not-ready', `${device} did not come to the broker within ${onlineDeadline / 1000} s`, { facts: { device }, fix: 'See the use mqtt of the board, and its log.', cause })
      })
    },
    kick,
    close: async () => {
      await controller.close()
      await reached.close()
      await transcript.settled()
    },
  }
}

/** What a device told of its log, as its line would show it. */
function logLine(payload: Uint8Array): string | undefined {
  try {
    const { monotonic, bootId, facts: { level, text } } = readPayload(eventPayload, payload)
    return `[${monotonic}, ${bootId}, ${String(level)}] ${String(text)}`
  } catch (error) {
    if (asPlatenError(error).code !== 'bad-response') throw error
    return undefined
  }
}

/** Nothing secret is sent over MQTT, so all of it can be shown. */
function transcribed({ payload, correlationData, ...record }: MqttRecord): object {
  return {
    ...record,
    ...correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData).toString('hex') },
    payload: jsonOf(payload) ?? Buffer.from(payload).toString('latin1'),
  }
}

/** A CA for this run alone, with the broker and the rig. */
async function makeIdentities({ clock, keys }: RigPlatform, clientAnchor: Uint8Array): Promise<{ readonly authority: Uint8Array; readonly broker: BrokerOptions['credentials']; readonly controller: BrokerOptions['credentials'] }> {
  const [root, leaf] = [await keys.rsa(2048), await keys.rsa(2048)]
  // A board whose clock runs behind believes it too.
  const validity = { notBefore: readCertificate(clientAnchor).notBefore - days(1), notAfter: clock.wall() + days(30), digest: 'sha256' } as const
  const authority = issueCertificate({ ...validity, subject: { commonName: 'Platen Rig MQTT CA' }, serial: '01', isCa: true, keyUsage: ['keyCertSign'], privateKey: root })
  const credentials = (commonName: string, serial: string, more: { readonly extendedKeyUsage: readonly ['serverAuth' | 'clientAuth']; readonly ipAddresses?: readonly string[] }): BrokerOptions['credentials'] => ({
    privateKey: leaf,
    chain: [issueCertificate({ ...validity, ...more, subject: { commonName }, serial, keyUsage: ['digitalSignature'], publicKey: createPublicKey(leaf), issuer: { certificate: authority, privateKey: root } })],
  })
  return {
    authority,
    broker: credentials('broker', '02', { extendedKeyUsage: ['serverAuth'], ipAddresses: [host] }),
    controller: credentials(controllerName, '03', { extendedKeyUsage: ['clientAuth'] }),
  }
}

async function elsewhere({ files }: RigPlatform, { url = '' }: BenchBroker, identity: NonNullable<BenchBroker['identity']>): Promise<Reached> {
  const read = async (path: string): Promise<string> => {
    const bytes = await files.read(path)
    if (bytes === undefined) throw new PlatenError('missing-field', `broker.identity: ${path} cannot be read`, { facts: { path }, fix: 'Name PEM files that are there.' })
    return Buffer.from(bytes).toString('utf8')
  }
  const { hostname, port } = new URL(url)
  const chain = certificatesOfPem(await read(identity.certificate))
  return {
    address: { host: hostname.replace(/^\[|\]$/gu, ''), port: port === '' ? 8883 : Number(port) },
    name: identityOf(readCertificate(chain[0] ?? new Uint8Array()).subject) ?? controllerName,
    credentials: { privateKey: createPrivateKey(await read(identity.key)), chain },
    trustAnchors: certificatesOfPem(await read(identity.trustAnchors)), anchors: identity.trustAnchors,
    kick: undefined, close: () => Promise.resolve(),
  }
}
