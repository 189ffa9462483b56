import type { Duplex } from 'node:stream'
import { Aedes } from 'aedes'
import type { TlsCredentials } from '../../firmware/platform/index.js'
import { identityOf, mayPublish, mayReceive, maySubscribe, type BrokerIdentity } from '../../protocol/mqtt/index.js'
import { readCertificate } from '../../protocol/scep/index.js'
import type { RigPlatform } from '../platform/index.js'
import { versionGateway } from './version-gateway.js'

export interface BrokerOptions {
  /** 0: the system chooses. */
  readonly port: number
  readonly credentials: TlsCredentials
  /** What the certificates of devices and controllers lead to, DER. */
  readonly clientAnchors: readonly Uint8Array[]
  /** Who may connect; the others are turned away. */
  readonly identities: readonly BrokerIdentity[]
}

/** A running broker on the loopback address. */
export interface Broker {
  readonly port: number
  close(): Promise<void>
}

export interface EmbeddedBroker extends Broker {
  /** Cuts the connection of a client, as a network does. */
  kick(name: string): void
}

/** aedes in this process: MQTT 5 over TLS, each client with its certificate and the rights of its Common Name. */
export async function startEmbeddedBroker({ listenTls, clock }: Pick<RigPlatform, 'listenTls' | 'clock'>, { port, credentials, clientAnchors, identities }: BrokerOptions): Promise<EmbeddedBroker> {
  const known = new Map(identities.map((identity) => [identity.name, identity]))
  const behind = new WeakMap<object, BrokerIdentity>()
  const connections = new Map<string, Duplex>()
  const who = (client: { readonly conn: object } | null): BrokerIdentity | undefined => (client === null ? undefined : behind.get(client.conn))
  const broker = await Aedes.createBroker({
    // One session for each identity: a client that took the ID of another would take its session.
    authenticate: (client, _name, _password, done) => done(null, who(client)?.name === client.id),
    authorizeSubscribe: (client, subscription, done) => {
      const identity = who(client)
      done(null, identity !== undefined && maySubscribe(identity, subscription.topic) ? subscription : null)
    },
    authorizeForward: (client, packet) => {
      const identity = who(client)
      return identity !== undefined && mayReceive(identity, packet.topic) ? packet : null
    },
  })
  broker.on('clientError', () => undefined)
  broker.on('connectionError', () => undefined)
  const listener = await listenTls({
    port, credentials, clientAnchors,
    onConnection: (stream, certificate) => {
      const identity = known.get(identityOf(readCertificate(certificate).subject) ?? '')
      if (identity === undefined) {
        stream.destroy()
        return
      }
      const inner = versionGateway(stream, { clock, mayPublish: (topic, retain) => mayPublish(identity, topic) && !(retain && identity.kind === 'controller') })
      behind.set(inner, identity)
      connections.set(identity.name, stream)
      broker.handle(inner)
    },
  })
  return {
    port: listener.port,
    kick: (name) => void connections.get(name)?.destroy(),
    close: async () => {
      await new Promise<void>((resolve) => broker.close(resolve))
      await listener.close()
    },
  }
}
