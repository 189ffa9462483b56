/** Joins the MQTT agent to the board: its config, its identity as a use of a key, and what it tells of the other modules. */
import { PlatenError } from '../protocol/errors.js'
import { isoDate } from '../protocol/commands/index.js'
import type { CertPayload } from '../protocol/mqtt/index.js'
import { certificatesOfPem, crlsOfPem } from '../protocol/pem.js'
import { readCertificate } from '../protocol/scep/index.js'
import type { CommandRunner } from './commands/index.js'
import type { BoardConfig } from './config.js'
import type { HistoryEntry, Issuance } from './issuance/index.js'
import type { KeyStore } from './key-store/index.js'
import { MqttUse } from './key-use/index.js'
import { MqttAgent, type RequestNews } from './mqtt/index.js'
import type { LogBook, Platform } from './platform/index.js'
import { MqttSettingsFile } from './settings/index.js'

/** Largest file of trust anchors, bytes. */
const anchorsLimit = 256 * 1024

export interface MqttFront {
  readonly agent: MqttAgent
  readonly use: MqttUse
}

/** @throws config-invalid when the trust anchors cannot be read; disk-failed */
export async function openMqttFront({ platform, config, bootId, log, store }: {
  readonly platform: Platform
  readonly config: BoardConfig
  readonly bootId: string
  readonly log: LogBook
  readonly store: KeyStore
}): Promise<MqttFront | undefined> {
  if (config.mqtt === undefined) return undefined
  const { broker, site, device, trustAnchors } = config.mqtt
  const { hostname, port } = new URL(broker)
  const agent = await MqttAgent.open({
    ...platform, log, bootId,
    directory: config.data,
    place: { site, device },
    broker: { host: hostname.replace(/^\[|\]$/gu, ''), port: port === '' ? 8883 : Number(port), ...await anchors(platform, trustAnchors) },
  })
  return { agent, use: new MqttUse({ store, agent, device, settings: await MqttSettingsFile.open({ disk: platform.disk, directory: config.data, log }) }) }
}

/** Lets the agent tell of the board and take its commands, now that both are there. */
export function beginMqtt(agent: MqttAgent, { commands, store, issuance, facts }: {
  readonly commands: CommandRunner
  readonly store: KeyStore
  readonly issuance: Issuance
  readonly facts: { readonly product: string; readonly version: string; readonly model: string; readonly bootId: string; readonly restartReason: string }
}): void {
  const { product, version, model, bootId, restartReason } = facts
  agent.begin({
    commands,
    info: { product, version, model, bootId, restartReason },
    cert: () => certReport(store, issuance),
    requests: () => issuance.history().map(requestNews),
    onChange: (listener) => issuance.onChange(listener),
  })
}

/** The CA certificates of the broker, and the CRLs beside them, if any: then a certificate on them is refused. */
async function anchors({ disk }: Platform, file: string): Promise<{ readonly trustAnchors: readonly Uint8Array[]; readonly crls: readonly Uint8Array[] }> {
  const fix = 'Put the CA certificate of the broker there, as PEM.'
  const pem = await disk.read(file, anchorsLimit).catch((cause: unknown) => {
    throw new PlatenError('config-invalid', `mqtt.trustAnchors: ${file} cannot be read`, { facts: { file }, fix, cause })
  })
  const text = new TextDecoder().decode(pem)
  const trustAnchors = certificatesOfPem(text)
  if (trustAnchors.length === 0) throw new PlatenError('config-invalid', `mqtt.trustAnchors: ${file} has no certificate`, { facts: { file }, fix })
  return { trustAnchors, crls: crlsOfPem(text) }
}

function certReport(store: KeyStore, issuance: Issuance): CertPayload {
  const [newest] = issuance.history()
  const { nextAt, status } = issuance.automatic.view()
  const tls = store.keyFor('tls')?.chain[0]
  const uses = store.entries().flatMap((entry) => {
    const [leaf] = entry.chain
    return leaf === undefined ? [] : entry.uses.map((use) => ({ use, ...certificateFacts(leaf) }))
  })
  return {
    status: newest?.status ?? 'none',
    details: newest?.details ?? '',
    ...(tls === undefined ? {} : certificateFacts(tls)),
    ...(nextAt === undefined || status !== 'Processing...' ? {} : { nextPollAt: isoDate(nextAt) }),
    uses,
  }
}

function certificateFacts(leaf: Uint8Array): { readonly serial: string; readonly notAfter: string } {
  const { serial, notAfter } = readCertificate(leaf)
  return { serial, notAfter: isoDate(notAfter) }
}

function requestNews({ id, status, details, keyName, code, extra: { transactionId } }: HistoryEntry): RequestNews {
  return { id, facts: { request: id, status, details, keyName, ...(code === undefined ? {} : { code }), ...(transactionId === undefined ? {} : { transactionId }) } }
}
