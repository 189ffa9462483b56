import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import {
  buildCsr, issueCertificate, readCertificate,
  type Certificate, type CertificateFields, type CipherName, type ExtensionFields, type MessageOptions, type Signer,
} from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'

export const random = (count: number): Uint8Array<ArrayBuffer> => Uint8Array.from(randomBytes(count))
export const everyCipher: ReadonlySet<CipherName> = new Set<CipherName>(['aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'des-ede3-cbc', 'des-cbc'])
export const modernCiphers: ReadonlySet<CipherName> = new Set<CipherName>(['aes128-cbc', 'aes192-cbc', 'aes256-cbc'])

export const january = Date.UTC(2026, 0, 1)
export const nextYear = Date.UTC(2027, 0, 1)

export interface Identity extends Signer {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
}

type Options = ExtensionFields & Partial<Pick<CertificateFields, 'serial' | 'notBefore' | 'notAfter' | 'digest'>>

/** A certificate by an issuer, or self-signed without one. */
export function identity(commonName: string, privateKey: KeyObject, issuer?: Signer, options: Options = {}): Identity {
  const fields = { subject: { commonName }, serial: '01', notBefore: january, notAfter: nextYear, digest: 'sha256' as const, ...options }
  const der = issuer === undefined
    ? issueCertificate({ ...fields, privateKey })
    : issueCertificate({ ...fields, publicKey: createPublicKey(privateKey), issuer })
  return { certificate: readCertificate(der), privateKey }
}

export const rootCa = identity('Root', fixtureKeys.one, undefined, { isCa: true, keyUsage: ['keyCertSign', 'cRLSign', 'digitalSignature', 'keyEncipherment'] })
export const requester = identity('printer', fixtureKeys.two, undefined, { serial: '77', keyUsage: ['digitalSignature', 'keyEncipherment'] })

export const toCa = (options: Partial<MessageOptions> = {}): MessageOptions => ({
  signer: requester, recipient: rootCa.certificate, digest: 'sha256', cipher: 'aes128-cbc', keyTransport: 'pkcs1', random, ...options,
})

export const toRequester = (options: Partial<MessageOptions> = {}): MessageOptions => ({
  signer: rootCa, recipient: requester.certificate, digest: 'sha256', cipher: 'aes128-cbc', keyTransport: 'pkcs1', random, ...options,
})

export const someCsr = (): Uint8Array => buildCsr({
  subject: { commonName: 'printer', organization: 'Example' }, dnsNames: ['printer.example'], ipAddresses: ['192.0.2.7', '2001:db8::7'],
  challengePassword: 'secret', keyUsage: ['digitalSignature', 'keyEncipherment'], key: fixtureKeys.two, digest: 'sha256',
})
