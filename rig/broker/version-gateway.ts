import { Duplex } from 'node:stream'
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet'
import type { Clock } from '../../protocol/time.js'

/** MQTT 5 section 2.4. */
const notAuthorized = 0x87

export interface GatewayRules {
  readonly clock: Clock
  /** Whether the client behind this connection may publish so. */
  readonly mayPublish: (topic: string, retain: boolean) => boolean
}

/** What a message carries beside its payload, in front of it while the broker has it. */
interface Envelope {
  readonly responseTopic?: string
  /** Base64. */
  readonly correlationData?: string
  /** Clock.monotonic() at which it expires. */
  readonly until?: number
}

/**
 * Lets clients of MQTT 5 use aedes, which speaks 3.1.1: what 3.1.1 cannot say travels in front of the payload while
 * the broker has the message. Knows the properties that Platen uses: Response Topic, Correlation Data and Message
 * Expiry Interval; all messages of the broker have to come through such a gateway.
 * @returns the stream for the broker
 */
export function versionGateway(client: Duplex, rules: GatewayRules): Duplex {
  const fromClient = parser({ protocolVersion: 5 })
  const fromBroker = parser({ protocolVersion: 4 })
  const broker = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      fromBroker.parse(bytes)
      done()
    },
    final: (done) => {
      client.end()
      done()
    },
    destroy: (error, done) => {
      client.destroy()
      done(error)
    },
  })
  const toBroker = (packet: Packet): void => void broker.push(generate(packet, { protocolVersion: 4 }))
  const toClient = (packet: Packet): void => {
    if (client.writable) client.write(generate(packet, { protocolVersion: 5 }))
  }
  fromClient.on('packet', (packet) => {
    const { forward, answer } = inward(packet, rules)
    if (answer !== undefined) toClient(answer)
    if (forward !== undefined) toBroker(forward)
  })
  fromBroker.on('packet', (packet) => {
    const { forward, answer } = outward(packet, rules.clock)
    if (answer !== undefined) toBroker(answer)
    if (forward !== undefined) toClient(forward)
  })
  fromClient.on('error', () => client.destroy())
  client.on('data', (bytes: Buffer) => fromClient.parse(bytes))
  client.on('end', () => broker.push(null))
  client.on('error', () => undefined)
  client.on('close', () => broker.destroy())
  broker.on('error', () => undefined)
  return broker
}

interface Passing {
  /** To the other side. */
  readonly forward?: Packet
  /** Back to where it came from. */
  readonly answer?: Packet
}

function inward(packet: Packet, { clock, mayPublish }: GatewayRules): Passing {
  switch (packet.cmd) {
    case 'connect': {
      const { clientId, clean = true, keepalive = 0, will } = packet
      if (will !== undefined && !mayPublish(will.topic, will.retain ?? false)) return { answer: { cmd: 'connack', reasonCode: notAuthorized, sessionPresent: false } }
      return {
        forward: {
          cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean, keepalive,
          ...(will === undefined ? {} : { will: { topic: will.topic, payload: wrap({}, Buffer.from(will.payload)), qos: will.qos ?? 0, retain: will.retain ?? false } }),
        },
      }
    }
    case 'publish': {
      const { topic, qos, messageId, retain, dup } = packet
      if (!mayPublish(topic, retain)) return qos === 0 ? {} : { answer: { cmd: 'puback', messageId: messageId ?? 0, reasonCode: notAuthorized } }
      return { forward: { cmd: 'publish', topic, qos, retain, dup, payload: wrap(envelopeOf(packet, clock), Buffer.from(packet.payload)), ...(messageId === undefined ? {} : { messageId }) } }
    }
    case 'subscribe':
      return { forward: { cmd: 'subscribe', messageId: packet.messageId ?? 0, subscriptions: packet.subscriptions.map(({ topic, qos }) => ({ topic, qos })) } }
    case 'puback':
      return { forward: { cmd: 'puback', messageId: packet.messageId ?? 0 } }
    case 'pingreq':
    case 'disconnect':
      return { forward: { cmd: packet.cmd } }
    default:
      return { forward: packet }
  }
}

function outward(packet: Packet, clock: Clock): Passing {
  switch (packet.cmd) {
    case 'connack':
      return { forward: { cmd: 'connack', sessionPresent: packet.sessionPresent, reasonCode: packet.returnCode === 0 ? 0 : notAuthorized } }
    case 'suback':
      return { forward: { cmd: 'suback', messageId: packet.messageId ?? 0, granted: packet.granted.map((code) => (code === 128 ? notAuthorized : Number(code))) } }
    case 'puback':
      return { forward: { cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0 } }
    case 'publish':
      return delivery(packet, clock)
    default:
      return { forward: packet }
  }
}

function envelopeOf({ properties = {} }: IPublishPacket, clock: Clock): Envelope {
  const { responseTopic, correlationData, messageExpiryInterval } = properties
  return {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: correlationData.toString('base64') }),
    ...(messageExpiryInterval === undefined ? {} : { until: clock.monotonic() + messageExpiryInterval * 1000 }),
  }
}

/** A message whose time is over is not delivered (MQTT 5 section 3.3.2.3.3); the broker is told that it was. */
function delivery(packet: IPublishPacket, clock: Clock): Passing {
  const { topic, qos, retain, dup, messageId } = packet
  // The broker's own messages came through no gateway, and are nobody's business here.
  if (topic.startsWith('$')) return {}
  const { envelope, payload } = unwrap(Buffer.from(packet.payload))
  const left = envelope.until === undefined ? undefined : Math.ceil((envelope.until - clock.monotonic()) / 1000)
  if (left !== undefined && left <= 0) return qos === 0 ? {} : { answer: { cmd: 'puback', messageId: messageId ?? 0 } }
  const properties = {
    ...(envelope.responseTopic === undefined ? {} : { responseTopic: envelope.responseTopic }),
    ...(envelope.correlationData === undefined ? {} : { correlationData: Buffer.from(envelope.correlationData, 'base64') }),
    ...(left === undefined ? {} : { messageExpiryInterval: left }),
  }
  return { forward: { cmd: 'publish', topic, qos, retain, dup, payload, properties, ...(messageId === undefined ? {} : { messageId }) } }
}

/** Four bytes of length, the envelope as JSON, the payload. */
function wrap(envelope: Envelope, payload: Buffer): Buffer {
  const head = Buffer.from(JSON.stringify(envelope))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  return Buffer.concat([length, head, payload])
}

function unwrap(bytes: Buffer): { readonly envelope: Envelope; readonly payload: Buffer } {
  const start = 4 + (bytes.length >= 4 ? bytes.readUInt32BE(0) : 0)
  return { envelope: JSON.parse(bytes.subarray(4, start).toString()) as Envelope, payload: bytes.subarray(start) }
}
