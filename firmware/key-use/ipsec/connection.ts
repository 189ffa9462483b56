import { createHash } from 'node:crypto'
import type { KeyId } from '../../key-store/index.js'
import type { IpsecPolicy } from '../../settings/index.js'

/** A policy with the certificate that serves it, ready to be loaded. The private key is not in it. */
export interface Connection {
  /**
   * What the daemon calls it: made of all that is in it, so another certificate or another peer
   * is another connection, and two of them can stand side by side. Its place alone is not in it.
   */
  readonly name: string
  readonly policy: IpsecPolicy
  /** The identity of the certificate that goes to the peer. */
  readonly identity: string
  /** Whose private key answers for the leaf. */
  readonly key: KeyId
  /** DER: the leaf, then intermediates. */
  readonly chain: readonly Uint8Array[]
  /** DER of the CA certificates that the peer's must lead to. */
  readonly authorities: readonly Uint8Array[]
  /** Place of the policy, from 0: where two are for the same traffic, the lower one has it. */
  readonly place: number
}

/** The name of the tunnel (CHILD_SA) in each connection. */
export const tunnelName = 'tunnel'

/** Gives a connection its name. Letters, digits, dashes and underscores only, whatever the policy is called. */
export function connectionOf(content: Omit<Connection, 'name'>): Connection {
  const { policy, identity, key, chain, authorities } = content
  const parts = { policy: Object.entries({ ...policy, enabled: true }).sort(([a], [b]) => (a < b ? -1 : 1)), identity, key, chain: chain.map(base64), authorities: authorities.map(base64) }
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  return { ...content, name: `${prefix}${policy.name.replaceAll('.', '_')}-${hash.slice(0, hashDigits)}` }
}

const prefix = 'platen-'
const hashDigits = 16

/** Whether a name in the daemon can be one of these. */
export function isOurs(name: string): boolean {
  return name.startsWith(prefix)
}

/** What the connections of one policy have in common. */
export function policyPart(name: string): string {
  return name.slice(0, -hashDigits)
}

/** The file of a certificate, by its content. */
export function certificateFile(der: Uint8Array): string {
  return `${createHash('sha256').update(der).digest('hex')}.pem`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
