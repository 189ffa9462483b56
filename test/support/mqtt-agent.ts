import { MqttAgent, type AgentWork, type RequestNews } from '../../firmware/mqtt/index.js'
import type { MqttPublication } from '../../firmware/platform/index.js'
import { LogBook } from '../../firmware/platform/index.js'
import { verbOf, type CertPayload, type MqttMessage } from '../../protocol/mqtt/index.js'
import type { CommandName } from '../../protocol/commands/index.js'
import { milliseconds } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { FakeMqtt } from './fake-mqtt.js'
import { fixtureKeys } from './fixture-keys.js'
import { RecordingDisk } from './recording-disk.js'
import { issuedEntry } from './tls-entries.js'

export const place = { site: 'head-office', device: 'printer-17.example' }
export const credentials = { privateKey: fixtureKeys.three, chain: issuedEntry('printer-17', fixtureKeys.three).chain }

/** An agent over a broker and a disk in memory, in virtual time; commands are only noted. */
export async function agentBench({ disk = new RecordingDisk(), bootId = '1a2b3c4d' }: { readonly disk?: RecordingDisk; readonly bootId?: string } = {}) {
  const clock = new VirtualClock(Date.UTC(2027, 0, 1))
  const mqtt = new FakeMqtt()
  const log = new LogBook({ clock, bootId, level: 'debug', write: () => undefined })
  const draws: (readonly [number, number])[] = []
  const random = { integer: (low: number, high: number) => {
    draws.push([low, high])
    return high
  } }
  const agent = await MqttAgent.open({ mqtt, clock, random, disk, log, directory: '/', place, bootId, broker: { host: 'broker.example', port: 8883, trustAnchors: [] } })
  const ran: { readonly name: string; readonly fields: unknown }[] = []
  const world: { answer: (name: CommandName, progress: (text: string) => void) => Promise<unknown>; cert: CertPayload; requests: RequestNews[]; changed: () => void } = {
    answer: () => Promise.resolve({}), cert: { status: 'none', details: '', uses: [] }, requests: [], changed: () => undefined,
  }
  const run = (name: CommandName, fields: unknown, { progress }: Parameters<AgentWork['commands']['run']>[2]): Promise<unknown> => {
    ran.push({ name, fields })
    return world.answer(name, progress)
  }
  const work: AgentWork = {
    commands: { run: run as AgentWork['commands']['run'] },
    info: { product: 'Platen', version: '1', model: 'M', bootId, restartReason: 'first boot' },
    cert: () => world.cert,
    requests: () => world.requests,
    onChange: (listener) => {
      world.changed = listener
      return () => (world.changed = () => undefined)
    },
  }
  const rest = () => clock.advance(milliseconds(0))
  return { disk, clock, mqtt, log, draws, agent, ran, world, work, rest }
}

export type AgentBench = Awaited<ReturnType<typeof agentBench>>

/** An agent that is connected. */
export async function connectedAgent(options: Parameters<typeof agentBench>[0] = {}): Promise<AgentBench> {
  const bench = await agentBench(options)
  bench.agent.begin(bench.work)
  await bench.agent.use(credentials)
  await bench.rest()
  return bench
}

/** A command as the controller `rig` sends it; the last change wins. */
export function commandMessage(name: CommandName, key: string, changes: Partial<MqttMessage> = {}): MqttMessage {
  return {
    topic: `mfp/1/${place.site}/${place.device}/cmd/${verbOf(name)}`, payload: new Uint8Array(), retain: false, expirySeconds: 30,
    responseTopic: `mfp/1/${place.site}/_r/rig/${place.device}`, correlationData: Buffer.from(key), ...changes,
  }
}

/** A message without one of its properties. */
export function without(message: MqttMessage, property: 'expirySeconds' | 'responseTopic' | 'correlationData'): MqttMessage {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== property)) as unknown as MqttMessage
}

export const body = ({ payload }: MqttPublication): Readonly<Record<string, unknown>> => JSON.parse(Buffer.from(payload).toString()) as Readonly<Record<string, unknown>>

/** What was published under a topic's last levels, as JSON. */
export function told({ mqtt }: AgentBench, ending: string): readonly Readonly<Record<string, unknown>>[] {
  return mqtt.published.filter(({ topic }) => topic.endsWith(ending)).map(body)
}
