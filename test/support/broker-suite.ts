/** What holds on every broker; the embedded one and mosquitto are put to the same. */
import { createPublicKey } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { MqttAgent, type AgentWork } from '../../firmware/mqtt/index.js'
import { LogBook, type MqttLink, type TlsCredentials } from '../../firmware/platform/index.js'
import { responseTopic, topicsOf, writePayload, type BrokerIdentity, type MqttMessage } from '../../protocol/mqtt/index.js'
import { issueCertificate, issueCrl } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import { MqttController } from '../../rig/boards/index.js'
import type { Broker, BrokerOptions } from '../../rig/broker/index.js'
import type { RigPlatform } from '../../rig/platform/index.js'
import { fixtureKeys } from './fixture-keys.js'
import { RecordingDisk } from './recording-disk.js'

export const site = 'head-office'
const host = '127.0.0.1'
const validity = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2046, 0, 1), digest: 'sha256' } as const
/** The CA of brokers, devices and controllers. */
export const authority = issueCertificate({ ...validity, subject: { commonName: 'MQTT CA' }, serial: '01', isCa: true, keyUsage: ['keyCertSign', 'cRLSign'], privateKey: fixtureKeys.one })

/** Serials as `credentialsOf` gives them: 02. */
export function authorityCrl(...serials: readonly string[]): Uint8Array {
  const at = Date.now() - 3_600_000
  return issueCrl({ issuer: { certificate: authority, privateKey: fixtureKeys.one }, thisUpdate: at, nextUpdate: at + 7_200_000, revoked: serials.map((serial) => ({ serial, at })), digest: 'sha256' })
}

export function credentialsOf(commonName: string, purpose: 'clientAuth' | 'serverAuth' = 'clientAuth'): TlsCredentials {
  const leaf = issueCertificate({
    ...validity, subject: { commonName }, serial: '02', keyUsage: ['digitalSignature'], extendedKeyUsage: [purpose], ...(purpose === 'serverAuth' ? { ipAddresses: [host] } : {}),
    publicKey: createPublicKey(fixtureKeys.three), issuer: { certificate: authority, privateKey: fixtureKeys.one },
  })
  return { privateKey: fixtureKeys.three, chain: [leaf] }
}

export function brokerOptions(devices: readonly string[]): BrokerOptions {
  const identities: readonly BrokerIdentity[] = [...devices.map((name) => ({ kind: 'device', site, name }) as const), { kind: 'controller', site, name: 'rig' }, { kind: 'controller', site, name: 'other' }]
  return { port: 0, credentials: credentialsOf('broker', 'serverAuth'), clientAnchors: [authority], identities }
}

export const target = (broker: Broker, name: string) => ({ host, port: broker.port, trustAnchors: [authority], credentials: credentialsOf(name) })

export async function controllerOn(t: ExecutionContext, { mqtt, clock, random }: RigPlatform, broker: Broker, name = 'rig'): Promise<MqttController> {
  const controller = await MqttController.connect({ mqtt, clock, random, name, site, broker: target(broker, name) })
  t.teardown(() => controller.close())
  return controller
}

/** A client that connects again when the broker has thrown it out, and keeps what was delivered to it. */
class HostileClient {
  readonly received: MqttMessage[] = []
  /** Resolves with the last command, which the controller gives. */
  readonly sawLast: Promise<void>
  #see!: () => void
  readonly #platform: RigPlatform
  readonly #broker: Broker
  readonly #name: string
  #link: MqttLink | undefined

  constructor(platform: RigPlatform, broker: Broker, name: string) {
    this.#platform = platform
    this.#broker = broker
    this.#name = name
    this.sawLast = new Promise((resolve) => (this.#see = resolve))
  }

  #receive(message: MqttMessage): void {
    this.received.push(message)
    if (message.topic.endsWith(`/${this.#name}/cmd/whoami`)) this.#see()
  }

  async try(work: (link: MqttLink) => Promise<void>): Promise<void> {
    this.#link ??= await this.#connect()
    await work(this.#link).catch(() => undefined)
  }

  async #connect(): Promise<MqttLink> {
    const link = await this.#platform.mqtt.connect({
      ...target(this.#broker, this.#name), clientId: this.#name, sessionSeconds: 3600, keepAliveSeconds: 30, timeout: seconds(15), onMessage: (message) => this.#receive(message),
    })
    void link.closed.then(() => {
      if (this.#link === link) this.#link = undefined
    })
    return link
  }

  async end(): Promise<void> {
    await this.#link?.end()
  }
}

const strange = ['mfp/1/hëad-öffice/x/state', 'mfp/1/\u{1F5A8}/state', '/', '//', 'mfp//1', `mfp/1/${site}//cmd/status`, '$SYS/broker/clients/total', '$share/group/mfp', `mfp/1/${site}/${'a'.repeat(5000)}/state`, `mfp/1/${site}/${'/'.repeat(80)}`]

/** Topics of others, and of nobody, that a device has no business with. */
function hostileTopics(other: string): readonly string[] {
  const { state, info, cert, event, command } = topicsOf({ site, device: other })
  return [state, info, cert, event('request'), command('status'), command('restart'), responseTopic({ site, device: other }, 'rig'), responseTopic({ site, device: other }, 'other'), ...strange]
}

function hostileFilters(other: string): readonly string[] {
  return ['#', '+/#', 'mfp/#', `mfp/1/${site}/#`, `mfp/1/${site}/+/cmd/#`, `mfp/1/${site}/+/state`, `mfp/1/${site}/${other}/#`, `mfp/1/${site}/${other}/cmd/#`, `mfp/1/${site}/_r/#`, '$SYS/#', `$share/group/mfp/1/${site}/${other}/cmd/#`, `mfp/1/+/${other}/cmd/status`, ...strange]
}

/**
 * Each device subscribes to and publishes on everything that is not its own; the proof is what was delivered to whom.
 * @returns how many hostile subscriptions and publications were tried
 */
export async function noCrossDelivery(t: ExecutionContext, platform: RigPlatform, broker: Broker, devices: readonly string[]): Promise<number> {
  const controller = await controllerOn(t, platform, broker)
  const clients = devices.map((name) => ({ name, client: new HostileClient(platform, broker, name) }))
  let tried = 0
  await Promise.all(clients.map(async ({ name, client }, index) => {
    const other = devices[(index + 1) % devices.length]!
    await client.try((link) => link.subscribe(topicsOf({ site, device: name }).commands))
    for (const filter of hostileFilters(other)) {
      tried += 1
      await client.try((link) => link.subscribe(filter))
    }
    for (const [retain, qos] of [[true, 1], [false, 1], [false, 0]] as const) {
      for (const topic of hostileTopics(other)) {
        tried += 1
        await client.try((link) => link.publish({ topic, payload: Buffer.from(name), qos, retain }))
      }
    }
    tried += 1
    await client.try((link) => link.publish({ topic: topicsOf({ site, device: name }).command('status'), payload: Buffer.from(name), qos: 1, retain: false }))
  }))
  // What was let through has been delivered when what came after it has.
  for (const { name, client } of clients) {
    await client.try((link) => link.publish({ topic: topicsOf({ site, device: name }).event('last'), payload: Buffer.from(name), qos: 1, retain: false }))
    await controller.send({ topic: topicsOf({ site, device: name }).command('whoami'), payload: Buffer.from('rig'), retain: false, expirySeconds: 30, responseTopic: responseTopic({ site, device: name }, 'rig'), correlationData: Buffer.from(name) })
    await controller.message(`the last event of ${name}`, (message) => message.topic.endsWith(`/${name}/evt/last`))
  }
  await Promise.all(clients.map(({ client }) => client.sawLast))
  const crossed = clients.flatMap(({ name, client }) => client.received.filter(({ topic, payload }) => topic !== topicsOf({ site, device: name }).command('whoami') || Buffer.from(payload).toString() !== 'rig').map(({ topic }) => `${name} got ${topic.slice(0, 80)}`))
  const forged = controller.transcript.filter(({ direction, topic, payload }) => direction === 'received' && !topic.endsWith(`/${Buffer.from(payload).toString()}/evt/last`)).map(({ topic, payload }) => `rig got ${topic.slice(0, 80)} from ${Buffer.from(payload).toString()}`)
  t.deepEqual([...crossed, ...forged], [])
  await Promise.all(clients.map(({ client }) => client.end()))
  return tried
}

/** The agent of a board on a real connection, its commands only counted. */
export async function agentOn(t: ExecutionContext, platform: RigPlatform, broker: Broker, device: string, { disk = new RecordingDisk(), bootId = '1a2b3c4d' }: { readonly disk?: RecordingDisk; readonly bootId?: string } = {}) {
  const { clock, mqtt } = platform
  const ran: string[] = []
  const log = new LogBook({ clock, bootId, level: 'debug', write: () => undefined })
  const { credentials, ...at } = target(broker, device)
  const agent = await MqttAgent.open({ mqtt, clock, random: { integer: (low) => low }, disk, log, directory: '/', place: { site, device }, bootId, broker: at })
  const run = (name: string, fields: unknown, { progress }: Parameters<AgentWork['commands']['run']>[2]): Promise<unknown> => {
    ran.push(name)
    for (const step of ['first', 'then']) progress(`${name}, ${step} …`)
    return Promise.resolve({ count: ran.length, fields })
  }
  agent.begin({
    commands: { run: run as AgentWork['commands']['run'] }, info: { product: 'Platen', version: '1', model: 'M', bootId, restartReason: 'first boot' },
    cert: () => ({ status: 'none', details: '', uses: [] }), requests: () => [], onChange: () => () => undefined,
  })
  await agent.use(credentials)
  await agent.connected()
  t.teardown(() => agent.close('stopped'))
  return { agent, ran, disk }
}

/** 0 executed replays: half of them before a restart of the board, half after it; and each has the one answer. */
export async function noReplayIsExecuted(t: ExecutionContext, platform: RigPlatform, broker: Broker, device: string, replays: number): Promise<void> {
  const controller = await controllerOn(t, platform, broker)
  const key = Buffer.from('the same key')
  const first = await agentOn(t, platform, broker, device)
  const answers: string[] = []
  let enough = { count: 0, tell: (): void => undefined }
  controller.onMessage(({ topic, payload }) => {
    if (topic.includes('/_r/')) answers.push(Buffer.from(payload).toString())
    if (answers.length === enough.count) enough.tell()
  })
  // By fifties: the board keeps 500 messages for a broker that takes them more slowly than they come.
  const send = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 50) {
      const batch = Math.min(50, left)
      const answered = new Promise<void>((tell) => (enough = { count: answers.length + batch, tell }))
      await Promise.all(Array.from({ length: batch }, () => controller.send({
        topic: topicsOf({ site, device }).command('restart'), payload: writePayload({}), retain: false, expirySeconds: 600, responseTopic: responseTopic({ site, device }, 'rig'), correlationData: key,
      })))
      await answered
    }
  }
  await send(1 + replays / 2)
  t.deepEqual(first.ran, ['restart'])
  await first.agent.close('restart')
  const second = await agentOn(t, platform, broker, device, { disk: new RecordingDisk(first.disk.image()), bootId: '99999999' })
  await send(replays / 2)
  t.deepEqual(second.ran, [])
  t.is(answers.length, replays + 1)
  t.is(new Set(answers).size, 1)
}

/** What is being done for a command comes to the one who gave it, in order and before the answer, and to nobody else. */
export async function progressComesToItsController(t: ExecutionContext, platform: RigPlatform, broker: Broker, device: string): Promise<void> {
  await agentOn(t, platform, broker, device)
  const heard: string[] = []
  // The same key, as two controllers may draw: each has its own progress all the same.
  const commands = (['rig', 'other'] as const).map(async (name) => {
    const controller = await controllerOn(t, platform, broker, name)
    const reply = await controller.command(device, name === 'rig' ? 'ca fetch' : 'poll', {}, { key: Buffer.from('the same key'), progress: (text) => heard.push(`${name} ${text}`) })
    heard.push(`${name} ${reply.ok ? 'ok' : reply.code}`)
    await controller.command(device, 'status')
  })
  await Promise.all(commands)
  const of = (name: string): readonly string[] => heard.filter((line) => line.startsWith(name))
  t.deepEqual(of('rig'), ['rig ca fetch, first …', 'rig ca fetch, then …', 'rig ok'])
  t.deepEqual(of('other'), ['other poll, first …', 'other poll, then …', 'other ok'])
}

/** A secret that someone sends all the same is refused, and comes back from nowhere. */
export async function noSecretComesBack(t: ExecutionContext, platform: RigPlatform, broker: Broker, device: string): Promise<void> {
  const controller = await controllerOn(t, platform, broker)
  const { ran } = await agentOn(t, platform, broker, device)
  await t.throwsAsync(controller.command(device, 'request', { challenge: 'PLANTED' }), { message: /secret/ })
  const planted = { 'key-name': 'a', cn: 'a.example', challenge: 'PLANTED' }
  await controller.send({ topic: topicsOf({ site, device }).command('request'), payload: writePayload(planted), retain: false, expirySeconds: 30, responseTopic: responseTopic({ site, device }, 'rig'), correlationData: Buffer.from('k') })
  await controller.message('the refusal', ({ topic, payload }) => topic.includes('/_r/') && Buffer.from(payload).toString().includes('permission-denied'))
  const reply = await controller.command(device, 'status')
  t.true(reply.ok)
  t.deepEqual(ran, ['status'])
  t.false(controller.transcript.some(({ direction, topic, payload }) => direction === 'received' && `${topic} ${Buffer.from(payload).toString()}`.includes('PLANTED')))
}
