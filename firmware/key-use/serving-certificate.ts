/** What every use that shows a certificate by TLS asks of it, as a server or as a client. */
import { createPublicKey } from 'node:crypto'
import { PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import { isSelfSigned, readCertificate, sameBytes, type Certificate } from '../../protocol/scep/index.js'
import type { KeyEntry, KeyStore } from '../key-store/index.js'

/** The certificate of a key that can sign a TLS handshake. @throws use-cannot-serve */
export function certificateToServe(use: KeyUse, entry: KeyEntry, store: Pick<KeyStore, 'privateKey'>): Certificate {
  const [leaf] = entry.chain
  if (leaf === undefined) throw cannotServe(use, entry, 'its certificate has not been issued yet', 'Wait for the certificate, or poll for it.')
  const certificate = readCertificate(leaf)
  const key = createPublicKey(store.privateKey(entry.id)).export({ type: 'spki', format: 'der' })
  if (!sameBytes(key, certificate.spki)) throw cannotServe(use, entry, 'its certificate was issued for another key', 'Delete it and request a new one.')
  // RFC 5280 section 4.2.1.3: an absent extension forbids nothing. TLS 1.3 always signs.
  if (certificate.keyUsage?.has('digitalSignature') === false) throw cannotServe(use, entry, 'its certificate does not allow digitalSignature', `Ask the CA for a certificate for ${displayKeyUse(use)}.`)
  return certificate
}

/** device.md section 7: leaf and intermediates are always sent. The root is the peer's to have. */
export function shownChain({ chain }: KeyEntry): readonly Uint8Array[] {
  const last = chain.at(-1)
  return chain.length > 1 && last !== undefined && isSelfSigned(readCertificate(last)) ? chain.slice(0, -1) : chain
}

/** What a client was shown is exactly this chain, from the leaf on. @throws probe-failed */
export function checkShown(wanted: readonly Uint8Array[], shown: readonly Uint8Array[]): void {
  const wrong = wanted.findIndex((certificate, index) => !sameBytes(certificate, shown[index] ?? new Uint8Array()))
  if (wrong === -1) return
  throw new PlatenError('probe-failed', wrong === 0 ? 'a TLS client saw another certificate' : `a TLS client did not see certificate ${wrong + 1} of the chain`, { facts: { shown: shown.length, expected: wanted.length } })
}

/** @param wall now @throws use-cannot-serve */
export function refuseExpired(use: KeyUse, entry: KeyEntry, wall: number): void {
  const [leaf] = entry.chain
  const end = leaf === undefined ? Infinity : readCertificate(leaf).notAfter
  if (wall > end) throw cannotServe(use, entry, `its certificate expired on ${new Date(end).toISOString().slice(0, 10)}`, 'Request a new certificate, or see whether the clock is right.')
}

export function cannotServe(use: KeyUse, entry: KeyEntry, reason: string, fix: string): PlatenError {
  return new PlatenError('use-cannot-serve', `the key "${entry.name}" cannot serve ${displayKeyUse(use)}: ${reason}`, { facts: { key: entry.name, use }, fix })
}
