import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { algorithmOf } from './algorithms.js'
import { bitString, children, integerHex, isContext, parse, sequence, time } from '../ber.js'
import { readName } from './distinguished-name.js'
import { readExtensions, type Extensions } from './extensions.js'
import { limits } from './limits.js'
import { malformed, reading } from '../malformed.js'

/** An X.509 certificate, read but not verified. */
export interface Certificate extends Extensions {
  readonly der: Uint8Array
  /** For people, as in RFC 4514: `CN=printer,O=Example`. */
  readonly subject: string
  readonly issuer: string
  readonly subjectDer: Uint8Array
  readonly issuerDer: Uint8Array
  /** Lower-case hex of whole bytes, without leading zero bytes. */
  readonly serial: string
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** Made on first use. @throws bad-response when it is of no kind that we can use */
  readonly publicKey: KeyObject
  /** SubjectPublicKeyInfo in DER: keys are compared by these bytes. */
  readonly spki: Uint8Array
  /** SHA-256 of the DER form: 64 lower-case hex digits. */
  readonly fingerprint: string
  /** Dotted identifier of the algorithm its issuer signed with. */
  readonly signatureAlgorithm: string
}

/** A certificate, read already or still in DER. */
export type CertificateSource = Certificate | Uint8Array

/** A certificate with its key. */
export interface Signer {
  readonly certificate: CertificateSource
  readonly privateKey: KeyObject
}

/** @throws bad-response */
export function readCertificate(der: Uint8Array): Certificate {
  const what = 'A certificate'
  return reading(what, () => {
    const [body, algorithm, signature] = sequence(parse(der, what), what)
    bitString(signature, `The signature of a certificate`)
    const fields = [...children(body, what)]
    if (isContext(fields[0], 0)) fields.shift()
    const [serial, , issuer, validity, subject, key] = fields
    const [notBefore, notAfter] = sequence(validity, 'The validity of a certificate')
    const issuerName = readName(issuer, 'The issuer of a certificate')
    const subjectName = readName(subject, 'The subject of a certificate')
    const extensions = fields.slice(6).find((field) => isContext(field, 3))
    if (key === undefined) throw malformed('A certificate has no public key.')
    const spki = Uint8Array.from(key.raw)
    let publicKey: KeyObject | undefined
    return {
      der: Uint8Array.from(der),
      subject: subjectName.text,
      issuer: issuerName.text,
      subjectDer: subjectName.der,
      issuerDer: issuerName.der,
      serial: integerHex(serial, 'The serial number of a certificate'),
      notBefore: time(notBefore, 'notBefore of a certificate'),
      notAfter: time(notAfter, 'notAfter of a certificate'),
      // Most certificates in an exchange are only compared; making a key costs more than reading all the rest.
      get publicKey() {
        return publicKey ??= readPublicKey(spki)
      },
      spki,
      fingerprint: fingerprint(der),
      signatureAlgorithm: algorithmOf(algorithm, 'The signature algorithm of a certificate'),
      ...readExtensions(extensions === undefined ? undefined : children(extensions, what)[0], 'a certificate'),
    }
  })
}

export function asCertificate(source: CertificateSource): Certificate {
  return source instanceof Uint8Array ? readCertificate(source) : source
}

/** SHA-256 in 64 lower-case hex digits: what a person compares. */
export function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex')
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** @throws bad-response */
export function readPublicKey(spki: Uint8Array): KeyObject {
  // Larger keys would make one verification take longer than a whole message should.
  if (spki.length > limits.publicKeyBytes) throw malformed('A public key is larger than 8192 bits.')
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (error) {
    throw malformed('A public key is of no kind that we can use.', { cause: error })
  }
}

/** Whether the issuer's key made the certificate's signature; says nothing of names, times and permissions. */
export function isSignedBy(certificate: Certificate, issuer: KeyObject): boolean {
  try {
    return new X509Certificate(certificate.der).verify(issuer)
  } catch {
    // An algorithm that the key cannot have made.
    return false
  }
}

/** Whether the certificate is signed by its own key: a root, or a requester's first certificate (C-6). */
export function isSelfSigned(certificate: Certificate): boolean {
  return sameBytes(certificate.subjectDer, certificate.issuerDer) && isSignedBy(certificate, certificate.publicKey)
}

/** @param at milliseconds since 1970 */
export function isValidAt(certificate: Certificate, at: number): boolean {
  return certificate.notBefore <= at && at <= certificate.notAfter
}
