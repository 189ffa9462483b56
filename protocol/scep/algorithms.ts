import { PlatenError } from '../errors.js'
import { objectIdentifier as readIdentifier, sequence as readSequence, type Value } from '../ber.js'
import { nothing, objectIdentifier, sequence } from '../der.js'

export type DigestName = 'sha1' | 'sha256' | 'sha384' | 'sha512'

interface Algorithm {
  readonly digest: DigestName
  readonly identifier: string
}

/** RFC 3370 section 2.1 and RFC 5754 section 2. */
const digests: readonly Algorithm[] = [
  { digest: 'sha1', identifier: '1.3.14.3.2.26' },
  { digest: 'sha256', identifier: '2.16.840.1.101.3.4.2.1' },
  { digest: 'sha384', identifier: '2.16.840.1.101.3.4.2.2' },
  { digest: 'sha512', identifier: '2.16.840.1.101.3.4.2.3' },
]

/** RSASSA-PKCS1-v1_5 (RFC 8017 section A.2.4) and ECDSA (RFC 5758 section 3.2). */
const signatures: readonly Algorithm[] = [
  { digest: 'sha1', identifier: '1.2.840.113549.1.1.5' },
  { digest: 'sha256', identifier: '1.2.840.113549.1.1.11' },
  { digest: 'sha384', identifier: '1.2.840.113549.1.1.12' },
  { digest: 'sha512', identifier: '1.2.840.113549.1.1.13' },
  { digest: 'sha256', identifier: '1.2.840.10045.4.3.2' },
  { digest: 'sha384', identifier: '1.2.840.10045.4.3.3' },
  { digest: 'sha512', identifier: '1.2.840.10045.4.3.4' },
]

export const rsaEncryption = '1.2.840.113549.1.1.1'

/** The identifier inside an AlgorithmIdentifier. @throws bad-response */
export function algorithmOf(value: Value | undefined, what: string): string {
  return readIdentifier(readSequence(value, what)[0], what)
}

/** @throws algorithm-refused for MD5 and what we do not know */
export function digestOf(identifier: string): DigestName {
  const found = digests.find((known) => known.identifier === identifier)
  if (found === undefined) throw refused(`The digest algorithm ${identifier} is not one of SHA-1, SHA-256, SHA-384, SHA-512.`, identifier)
  return found.digest
}

/** The digest that a signature algorithm names. @throws algorithm-refused */
export function signatureDigest(identifier: string): DigestName {
  const found = signatures.find((known) => known.identifier === identifier)
  if (found === undefined) throw refused(`The signature algorithm ${identifier} is not one we verify.`, identifier)
  return found.digest
}

/** AlgorithmIdentifier of a digest; the parameters are NULL, which every reader takes. */
export function digestIdentifier(digest: DigestName): Uint8Array {
  return sequence(objectIdentifier(identifierFor(digests, digest)), nothing)
}

/** AlgorithmIdentifier of an RSA signature. */
export function rsaSignatureIdentifier(digest: DigestName): Uint8Array {
  return sequence(objectIdentifier(identifierFor(signatures, digest)), nothing)
}

export function refused(message: string, algorithm: string): PlatenError {
  return new PlatenError('algorithm-refused', message, {
    facts: { algorithm },
    fix: 'Set the server to AES-128-CBC and SHA-256 or better, or choose the policy legacy if it cannot.',
  })
}

/** A named tolerance that is off: `des-reply` or `sha1-reply`. @param problem a sentence without its end */
export function quirkRefused(quirk: 'des-reply' | 'sha1-reply', problem: string): PlatenError {
  return new PlatenError('quirk-refused', `${problem}, and the quirk ${quirk} is off.`, {
    facts: { quirk },
    fix: 'Set the server to AES-128-CBC and SHA-256; if it cannot and you accept that, choose the policy legacy.',
  })
}

function identifierFor(table: readonly Algorithm[], digest: DigestName): string {
  const found = table.find((known) => known.digest === digest)
  if (found === undefined) throw new TypeError(`no identifier for ${digest}`)
  return found.identifier
}
