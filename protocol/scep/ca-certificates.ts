import { parse, sequence, isUniversal } from '../ber.js'
import { asCertificate, isSelfSigned, readCertificate, type Certificate, type CertificateSource } from './certificate.js'
import { readCertificateSet } from './certificate-set.js'
import { malformed, reading } from '../malformed.js'
import { mediaTypes } from './names.js'
import { degenerate, readSignedData, signData, verifyByOneOf, type SignatureRules } from './signed-data.js'
import type { DigestName } from './algorithms.js'
import type { Signer } from './certificate.js'

/** Body and media type of an HTTP answer. */
export interface Body {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** Answer to GetCACert (section 4.2.1): one certificate as it is, several as a degenerate SignedData. */
export function writeCaCertificates(certificates: readonly CertificateSource[]): Body {
  const ders = certificates.map((source) => asCertificate(source).der)
  const [only, ...others] = ders
  if (only === undefined) throw new TypeError('an authority has at least one certificate')
  return others.length === 0 ? { mediaType: mediaTypes.caCertificate, bytes: only } : { mediaType: mediaTypes.caChain, bytes: degenerate(ders) }
}

/**
 * Reads the answer to GetCACert by what it is, whatever its media type says (C-5). The order means nothing.
 * @throws bad-response
 */
export function readCaCertificates(bytes: Uint8Array): readonly Certificate[] {
  return reading('The set of CA certificates', () => {
    const [first] = sequence(parse(bytes, 'The set of CA certificates'), 'The set of CA certificates')
    if (isUniversal(first, 'sequence')) return [readCertificate(bytes)]
    return readCertificateSet(bytes).certificates.map(readCertificate)
  })
}

/** Who does what at a server (C-5). Nothing here is trusted before `verifyChain` up to the pin. */
export interface Authority {
  /** The CA above all others in the set; its fingerprint is what a person pins. */
  readonly top: Certificate
  /** The CA that will issue: the issuer of the RA certificates, or the lowest CA. */
  readonly issuer: Certificate
  /** Whose key requests are encrypted to. */
  readonly encryption: Certificate
  /** Whose keys may sign answers, the likeliest first. */
  readonly signers: readonly Certificate[]
}

/**
 * Finds the roles in what GetCACert gave, by keyUsage and not by order. A missing or half keyUsage falls back in the
 * order: RA with keyEncipherment, RA with an RSA key, CA.
 * @throws bad-response when there is no CA or no RSA key among them
 */
export function chooseAuthority(certificates: readonly Certificate[]): Authority {
  const authorities = certificates.filter(({ isCa }) => isCa)
  // Old CAs have no basicConstraints; alone, such a certificate is the CA.
  const [single] = certificates
  const cas = authorities.length > 0 ? authorities : certificates.filter((certificate) => certificate === single && certificates.length === 1)
  const ras = certificates.filter((certificate) => !cas.includes(certificate))
  const top = topOf(cas)
  if (top === undefined) throw malformed('There is no CA certificate in what the server gave for GetCACert.')
  const issuer = issuerOf(cas, ras) ?? top
  const may = (usage: 'keyEncipherment' | 'digitalSignature') => ({ keyUsage }: Certificate): boolean => keyUsage?.has(usage) === true
  const rsa = [...ras, issuer].filter(({ publicKey }) => publicKey.asymmetricKeyType === 'rsa')
  const encryption = ras.filter((ra) => rsa.includes(ra)).find(may('keyEncipherment')) ?? rsa[0]
  if (encryption === undefined) throw malformed('There is no RSA key to encrypt to in what the server gave for GetCACert.')
  const signers = [...new Set([...ras.filter(may('digitalSignature')), ...ras, issuer])]
  return { top, issuer, encryption, signers }
}

/** Self-signed, or with no issuer in the set. */
function topOf(cas: readonly Certificate[]): Certificate | undefined {
  return cas.find(isSelfSigned) ?? cas.find((ca) => !cas.some((other) => named(ca, other)))
}

function issuerOf(cas: readonly Certificate[], ras: readonly Certificate[]): Certificate | undefined {
  return cas.find((ca) => ras.some((ra) => named(ra, ca)))
    ?? cas.find((ca) => !cas.some((other) => other !== ca && named(other, ca)))
}

function named(subject: Certificate, issuer: Certificate): boolean {
  return Buffer.compare(subject.issuerDer, issuer.subjectDer) === 0
}

/** Answer to GetNextCACert (section 4.7.1): the next certificates, signed by the current CA. */
export function writeNextCaCertificates(certificates: readonly CertificateSource[], current: Signer, digest: DigestName): Body {
  const bytes = signData(degenerate(certificates.map((source) => asCertificate(source).der)), {
    signer: current, digest, attributes: [], certificates: [asCertificate(current.certificate).der],
  })
  return { mediaType: mediaTypes.nextCa, bytes }
}

/**
 * Reads the answer to GetNextCACert after verifying that the current CA signed it (C-20).
 * @throws bad-response, signature-invalid, algorithm-refused
 */
export function readNextCaCertificates(bytes: Uint8Array, current: readonly CertificateSource[], rules: SignatureRules = {}): readonly Certificate[] {
  return reading('The set of next CA certificates', () => {
    const data = readSignedData(bytes, 'The set of next CA certificates')
    const [signer] = data.signers
    if (signer === undefined || data.content === undefined) throw malformed('The set of next CA certificates is not signed.')
    verifyByOneOf(data, signer, current.map(asCertificate), rules)
    return readCertificateSet(data.content).certificates.map(readCertificate)
  })
}
