/** By what an https: SCEP server is believed (device.md section 2): TLS has trust anchors of its own. Pure. */
import { fingerprint } from '../../protocol/scep/index.js'
import type { CaCertificate } from '../key-store/index.js'
import type { CommunicationSettings } from '../settings/index.js'

export interface ServerTrust {
  /** DER. */
  readonly trustAnchors: readonly Uint8Array[]
  /** CRLs, DER. With one of them, every certificate below an anchor is looked up. */
  readonly crls: readonly Uint8Array[]
}

/**
 * The CA certificates that were chosen, and no other: one that is there for IEEE 802.1X says nothing about this
 * server. With none chosen, the pinned CA, and the one that it named to follow it (C-20).
 */
export function serverTrust({ httpsTrust, caFingerprint }: CommunicationSettings, store: readonly CaCertificate[], nextCa: Uint8Array | undefined): ServerTrust {
  const chosen = httpsTrust.length > 0
    ? store.filter(({ name }) => httpsTrust.includes(name))
    : store.filter(({ der }) => caFingerprint !== undefined && fingerprint(der) === caFingerprint)
  const next = httpsTrust.length === 0 && nextCa !== undefined ? [nextCa] : []
  return { trustAnchors: [...chosen.map(({ der }) => der), ...next], crls: chosen.flatMap(({ crl }) => (crl === undefined ? [] : [crl])) }
}
