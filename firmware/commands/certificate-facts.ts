import { X509Certificate } from 'node:crypto'

/** What commands show of a certificate. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  /** Wall ms. */
  readonly notBefore: number
  readonly notAfter: number
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  /** SHA-256, 64 lower-case hex digits. */
  readonly fingerprint: string
}

export function certificateFacts(der: Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(der)
  const names = (certificate.subjectAltName ?? '').split(', ')
  const ofKind = (kind: string): readonly string[] => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length))
  return {
    subject: certificate.subject.split('\n').reverse().join(','),
    issuer: certificate.issuer.split('\n').reverse().join(','),
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    dnsNames: ofKind('DNS:'),
    ipAddresses: ofKind('IP Address:'),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}
