/** Whether a key can authenticate this device, by what its certificate says; pure. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { PlatenError } from '../../../protocol/errors.js'
import { readCertificate, sameBytes } from '../../../protocol/scep/index.js'
import type { KeyEntry } from '../../key-store/index.js'

/**
 * @param wall now, or undefined while the clock is not set: then validity is left to the authentication server
 * @throws use-cannot-serve
 */
export function checkFitness(entry: KeyEntry, privateKey: () => KeyObject, wall: number | undefined): void {
  const [leaf] = entry.chain
  if (leaf === undefined) throw cannot(entry, 'its certificate has not been issued yet', 'Wait for the certificate, or poll for it.')
  const certificate = readCertificate(leaf)
  const key = createPublicKey(privateKey()).export({ type: 'spki', format: 'der' })
  if (!sameBytes(key, certificate.spki)) throw cannot(entry, 'its certificate was issued for another key', 'Delete it and request a new one.')
  if (certificate.keyUsage?.has('digitalSignature') === false) throw cannot(entry, 'its certificate does not allow digitalSignature', 'Ask the CA for a certificate for TLS clients.')
  if (wall !== undefined && wall > certificate.notAfter) throw cannot(entry, `its certificate expired on ${day(certificate.notAfter)}`, 'Request a new certificate.')
  if (wall !== undefined && wall < certificate.notBefore) throw cannot(entry, `its certificate is not valid before ${day(certificate.notBefore)}`, 'See whether the clock is right.')
}

/** The name that the certificate gives the device: its first DNS name, else its common name. */
export function nameOf(entry: KeyEntry): string {
  const [leaf] = entry.chain
  if (leaf === undefined) return entry.name
  const { dnsNames, subject } = readCertificate(leaf)
  return dnsNames[0] ?? /(?:^|, ?)CN=([^,]+)/.exec(subject)?.[1] ?? entry.name
}

/** A refusal to serve IEEE 802.1X with a key. */
export function cannot(entry: KeyEntry, reason: string, fix: string): PlatenError {
  return new PlatenError('use-cannot-serve', `the key "${entry.name}" cannot serve IEEE 802.1X: ${reason}`, { facts: { key: entry.name, use: 'ieee-802-1x' }, fix })
}

/** Of a wall time, for people. */
export function day(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10)
}
