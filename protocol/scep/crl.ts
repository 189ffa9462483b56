import { sign, verify } from 'node:crypto'
import { PlatenError } from '../errors.js'
import { algorithmOf, rsaSignatureIdentifier, signatureDigest, type DigestName } from './algorithms.js'
import { berLimits, bitString as readBits, integerHex, isUniversal, parse, sequence as readSequence, time as readTime, type Value } from '../ber.js'
import { asCertificate, sameBytes, type Certificate, type Signer } from './certificate.js'
import { bitString, context, integer, sequence, time } from '../der.js'
import { extension } from './extensions.js'
import { authorityKeyIdentifier } from './issue.js'
import { readName } from './distinguished-name.js'
import { reading } from '../malformed.js'

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
  const issuer = asCertificate(fields.issuer.certificate)
  const body = sequence(
    integer(1),
    algorithm,
    issuer.subjectDer,
    time(fields.thisUpdate),
    time(fields.nextUpdate),
    // RFC 5280 section 5.1.2.6: absent when nothing is revoked.
    ...(fields.revoked.length === 0 ? [] : [sequence(...fields.revoked.map(({ serial, at }) => sequence(integer(serial), time(at))))]),
    // Sections 5.2.1 and 5.2.3 want both; strongSwan finds a list that it did not fetch by the key that made it. Later lists have higher numbers.
    context(0, sequence(...authorityKeyIdentifier(issuer), extension('cRLNumber', false, integer(fields.thisUpdate)))),
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
 * Reads a list and verifies that the CA made it.
 * @throws bad-response also above 20,000 entries, signature-invalid, algorithm-refused
 */
export function readCrl(der: Uint8Array, ca: Certificate): Crl {
  const what = 'A CRL'
  return reading(what, () => {
    const [body, algorithm, signature] = readSequence(parse(der, what), what)
    const fields = [...readSequence(body, what)]
    if (isUniversal(fields[0], 'integer')) fields.shift()
    const [, issuer, thisUpdate, ...rest] = fields
    const nextUpdate = isUniversal(rest[0], 'utcTime') || isUniversal(rest[0], 'generalizedTime') ? rest.shift() : undefined
    const name = readName(issuer, 'The issuer of a CRL')
    const mayList = sameBytes(name.der, ca.subjectDer) && (ca.keyUsage === undefined || ca.keyUsage.has('cRLSign'))
    const digest = signatureDigest(algorithmOf(algorithm, what))
    if (body === undefined || !mayList || !verify(digest, body.raw, ca.publicKey, readBits(signature, what))) {
      throw new PlatenError('signature-invalid', `The CRL of ${name.text} was not made by ${ca.subject}.`)
    }
    return {
      issuer: name.text,
      issuerDer: name.der,
      thisUpdate: readTime(thisUpdate, 'thisUpdate of a CRL'),
      nextUpdate: nextUpdate === undefined ? undefined : readTime(nextUpdate, 'nextUpdate of a CRL'),
      revoked: isUniversal(rest[0], 'sequence') ? readSequence(rest[0], what, berLimits.values).map(readEntry) : [],
    }
  })
}

function readEntry(value: Value): Revocation {
  const [serial, at] = readSequence(value, 'An entry of a CRL')
  return { serial: integerHex(serial, 'A serial number'), at: readTime(at, 'A revocation date') }
}
