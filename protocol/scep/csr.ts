import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { PlatenError } from '../errors.js'
import { algorithmOf, rsaSignatureIdentifier, signatureDigest, type DigestName } from './algorithms.js'
import { bitString, children, isContext, objectIdentifier as readIdentifier, parse, sequence as readSequence, set, text, type Value } from '../ber.js'
import { readPublicKey } from './certificate.js'
import { bitString as bits, context, directoryString, integer, objectIdentifier, sequence, setOf, sorted } from '../der.js'
import { nameDer, readName, type SubjectFields } from './distinguished-name.js'
import { extensionList, readExtensions, type ExtensionFields, type Extensions } from './extensions.js'
import { malformed, reading } from '../malformed.js'
import { attributes } from './names.js'

export interface CsrFields extends Pick<ExtensionFields, 'keyUsage' | 'extendedKeyUsage' | 'dnsNames' | 'ipAddresses'> {
  readonly subject: SubjectFields
  /** PKCS#9 challengePassword (C-16); left out of a renewal. */
  readonly challengePassword?: string
  /** The private key that is to be certified. */
  readonly key: KeyObject
  readonly digest: DigestName
}

/** PKCS#10 (RFC 2986). @returns DER */
export function buildCsr(fields: CsrFields): Uint8Array {
  const extensions = extensionList(fields)
  const requested = [
    ...(fields.challengePassword === undefined ? [] : [attribute(attributes.challengePassword, directoryString(fields.challengePassword))]),
    ...(extensions.length === 0 ? [] : [attribute(attributes.extensionRequest, sequence(...extensions))]),
  ]
  const info = sequence(
    integer(0),
    nameDer(fields.subject),
    createPublicKey(fields.key).export({ format: 'der', type: 'spki' }),
    context(0, ...sorted(requested)),
  )
  return sequence(info, rsaSignatureIdentifier(fields.digest), bits(sign(fields.digest, info, fields.key)))
}

/** A certificate request whose proof of possession was verified. */
export interface Csr extends Extensions {
  readonly der: Uint8Array
  readonly subject: string
  readonly subjectDer: Uint8Array
  readonly publicKey: KeyObject
  readonly spki: Uint8Array
  readonly challengePassword: string | undefined
  readonly digest: DigestName
}

/**
 * Reads a certificate request and verifies that its key signed it.
 * @throws bad-response, algorithm-refused, signature-invalid
 */
export function readCsr(der: Uint8Array): Csr {
  const what = 'A certificate request'
  return reading(what, () => {
    const [info, algorithm, signature] = readSequence(parse(der, what), what)
    const [, subject, key, requested] = children(info, what)
    if (info === undefined || key === undefined) throw malformed(`${what} has no public key.`)
    const name = readName(subject, `The subject of a certificate request`)
    const spki = Uint8Array.from(key.raw)
    const publicKey = readPublicKey(spki)
    const digest = signatureDigest(algorithmOf(algorithm, what))
    if (!verify(digest, info.raw, publicKey, bitString(signature, what))) {
      throw new PlatenError('signature-invalid', 'The certificate request is not signed by the key that it asks a certificate for.', { facts: { subject: name.text } })
    }
    const found = readAttributes(requested, what)
    const challenge = found.get(attributes.challengePassword)
    return {
      der: Uint8Array.from(der),
      subject: name.text,
      subjectDer: name.der,
      publicKey,
      spki,
      digest,
      challengePassword: challenge === undefined ? undefined : text(challenge, 'The challengePassword of a certificate request'),
      ...readExtensions(found.get(attributes.extensionRequest), what),
    }
  })
}

const attribute = (type: string, value: Uint8Array): Uint8Array => sequence(objectIdentifier(type), setOf([value]))

/** The first value of each attribute, by type. Some clients leave the attributes out altogether. */
function readAttributes(value: Value | undefined, what: string): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>()
  for (const item of isContext(value, 0) ? children(value, what) : []) {
    const [type, values] = readSequence(item, what)
    const first = set(values, what)[0]
    if (first !== undefined) found.set(readIdentifier(type, what), first)
  }
  return found
}
