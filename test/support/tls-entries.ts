import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KeyEntry, KeyId } from '../../firmware/key-store/index.js'
import { issueCertificate, type CertificateFields } from '../../protocol/scep/index.js'
import { fixtureKeys } from './fixture-keys.js'

const validity = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2036, 0, 1), digest: 'sha256' } as const

const root = issueCertificate({ ...validity, subject: { commonName: 'Test Root' }, serial: '01', isCa: true, keyUsage: ['keyCertSign'], privateKey: fixtureKeys.one })
const intermediate = issueCertificate({
  ...validity, subject: { commonName: 'Test Intermediate' }, serial: '02', isCa: true, keyUsage: ['keyCertSign'],
  publicKey: createPublicKey(fixtureKeys.two), issuer: { certificate: root, privateKey: fixtureKeys.one },
})

/** A ready key with a chain of leaf, intermediate and root; the leaf as `fields` say. */
export function issuedEntry(name: string, key: KeyObject, fields: Partial<CertificateFields> = {}): KeyEntry {
  const leaf = issueCertificate({
    ...validity, subject: { commonName: `${name}.example` }, serial: '03', keyUsage: ['digitalSignature', 'keyEncipherment'], extendedKeyUsage: ['serverAuth'],
    dnsNames: [`${name}.example`], ...fields,
    publicKey: createPublicKey(key), issuer: { certificate: intermediate, privateKey: fixtureKeys.two },
  })
  return { id: name as KeyId, name, kind: 'issued', state: 'ready', bits: 2048, chain: [leaf, intermediate, root], uses: [] }
}

/** A default key: self-signed, alone. */
export function defaultEntry(key: KeyObject): KeyEntry {
  const leaf = issueCertificate({ ...validity, subject: { commonName: 'platen-abcdef' }, serial: '04', keyUsage: ['digitalSignature'], privateKey: key })
  return { id: 'default' as KeyId, name: 'Default Key', kind: 'default', state: 'ready', bits: 2048, chain: [leaf], uses: ['tls'] }
}
