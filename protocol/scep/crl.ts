import { sign, verify } from 'node:crypto'
import * as pkijs from 'pkijs'
import { PlatenError } from '../errors.js'
import { rsaSignatureIdentifier, signatureDigest, type DigestName } from './algorithms.js'
import { parse, integerHex } from './asn1.js'
import { asCertificate, sameBytes, type Certificate, type Signer } from './certificate.js'
import { bitString, integer, sequence, time } from './der.js'
import { readName } from './distinguished-name.js'
import { malformed, reading } from './malformed.js'

export interface Revocation {
  /** Hex, as in `Certificate`. */
  readonly serial: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface CrlFields {
  readonly issuer: Signer
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly revoked: readonly Revocation[]
  readonly digest: DigestName
}

/** Certificate revocation list of RFC 5280 section 5. @returns DER */
export function issueCrl(fields: CrlFields): Uint8Array {
  const algorithm = rsaSignatureIdentifier(fields.digest)
  const body = sequence(
    integer(1),
    algorithm,
    asCertificate(fields.issuer.certificate).subjectDer,
    time(fields.thisUpdate),
    time(fields.nextUpdate),
    // RFC 5280 section 5.1.2.6: absent when nothing is revoked.
    ...(fields.revoked.length === 0 ? [] : [sequence(...fields.revoked.map(({ serial, at }) => sequence(integer(serial), time(at))))]),
  )
  return sequence(body, algorithm, bitString(sign(fields.digest, body, fields.issuer.privateKey)))
}

export interface Crl {
  readonly issuer: string
  readonly issuerDer: Uint8Array
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly revoked: readonly Revocation[]
}

/**
 * Reads a list and verifies that the CA made it. Lists above about 1,000 entries exceed the limits of C-19.
 * @throws bad-response, signature-invalid, algorithm-refused
 */
export function readCrl(der: Uint8Array, ca: Certificate): Crl {
  return reading('A CRL', () => {
    const crl = new pkijs.CertificateRevocationList({ schema: parse(der, 'A CRL') })
    const issuer = readName(crl.issuer.toSchema(), 'The issuer of a CRL')
    const digest = signatureDigest(crl.signatureAlgorithm.algorithmId)
    const mayList = sameBytes(new Uint8Array(crl.issuer.valueBeforeDecode), ca.subjectDer) && (ca.keyUsage === undefined || ca.keyUsage.has('cRLSign'))
    if (!mayList || !verify(digest, crl.tbsView, ca.publicKey, crl.signatureValue.valueBlock.valueHexView)) {
      throw new PlatenError('signature-invalid', `The CRL of ${issuer.text} was not made by ${ca.subject}.`)
    }
    return {
      issuer: issuer.text,
      issuerDer: ca.subjectDer,
      thisUpdate: wall(crl.thisUpdate),
      nextUpdate: crl.nextUpdate === undefined ? undefined : wall(crl.nextUpdate),
      revoked: (crl.revokedCertificates ?? []).map(({ userCertificate, revocationDate }) => ({
        serial: integerHex(userCertificate, 'A serial number'), at: wall(revocationDate),
      })),
    }
  })
}

function wall(time: pkijs.Time): number {
  const value = time.value.getTime()
  if (!Number.isFinite(value)) throw malformed('A CRL has a date that is none.')
  return value
}
