/** CA certificates and their lists of revoked certificates: what is refused, and what is written down. */
import { PlatenError } from '../../protocol/errors.js'
import { readCertificate as read, readCrl } from '../../protocol/scep/index.js'
import type { CaCertificate, StoreLimits } from './entries.js'
import type { NewEvent } from './record.js'
import { chainLimit, checkName, readCertificate } from './rules.js'
import type { StoreState } from './state.js'

export function caCertificatesOf({ authorities, crls }: StoreState): readonly CaCertificate[] {
  return [...authorities].map(([name, der]) => {
    const crl = crls.get(name)
    return { name, der: bytesOf(der), ...(crl === undefined ? {} : { crl: bytesOf(crl) }) }
  })
}

/** @throws ca-store-full, key-name-taken, invalid-value, bad-response */
export function caAdded(name: string, der: Uint8Array, limits: StoreLimits, { authorities }: StoreState): NewEvent {
  checkCaCertificate(name, der, limits, authorities)
  return { type: 'ca-add', name, der: Buffer.from(der).toString('base64') }
}

/** @throws key-not-found; bad-response, signature-invalid, algorithm-refused when the CA did not make it; invalid-value when it is older than the one there */
export function crlSet(name: string, der: Uint8Array, { authorities, crls }: StoreState): NewEvent {
  const ca = authorities.get(name)
  if (ca === undefined) throw unknownCa(name)
  checkSize(der)
  const authority = read(bytesOf(ca))
  const { thisUpdate } = readCrl(der, authority)
  const before = crls.get(name)
  if (before !== undefined && readCrl(bytesOf(before), authority).thisUpdate > thisUpdate) {
    throw new PlatenError('invalid-value', `data: the list is older than the one that is registered for ${JSON.stringify(name)}`, { facts: { field: 'data', name }, fix: 'Get the newest list of the CA.' })
  }
  return { type: 'ca-crl', name, der: Buffer.from(der).toString('base64') }
}

/** @throws key-not-found */
export function caDropped(name: string, { authorities }: StoreState): NewEvent {
  if (!authorities.has(name)) throw unknownCa(name)
  return { type: 'ca-drop', name }
}

function checkCaCertificate(name: string, der: Uint8Array, limits: StoreLimits, authorities: ReadonlyMap<string, string>): void {
  checkName(name)
  if (authorities.has(name)) {
    throw new PlatenError('key-name-taken', `name: a CA certificate with the name ${JSON.stringify(name)} is registered already`, { facts: { field: 'name', name }, fix: 'Give another name.' })
  }
  if (authorities.size >= limits.maxCaCertificates) {
    throw new PlatenError('ca-store-full', `the store is full: ${authorities.size} of ${limits.maxCaCertificates} CA certificates`, {
      facts: { certificates: authorities.size, limit: limits.maxCaCertificates },
      fix: 'Delete a CA certificate that is no longer needed.',
    })
  }
  checkSize(der)
  readCertificate(der)
}

function checkSize(der: Uint8Array): void {
  if (der.length > chainLimit) throw new PlatenError('invalid-value', `data: ${der.length} bytes, more than ${chainLimit}`, { facts: { field: 'data' }, fix: 'Give a smaller one.' })
}

function unknownCa(name: string): PlatenError {
  return new PlatenError('key-not-found', `no CA certificate has the name ${JSON.stringify(name)}`, { facts: { name }, fix: 'Type ca show for the names.' })
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
