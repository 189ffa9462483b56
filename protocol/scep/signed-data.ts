import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import { PlatenError } from '../errors.js'
import { algorithmOf, digestIdentifier, digestOf, quirkRefused, rsaEncryption, signatureDigest, type DigestName } from './algorithms.js'
import { children, integerHex, isContext, isUniversal, objectIdentifier as readIdentifier, octets, octetString as readOctets, parse, sequence as readSequence, set, type Value } from '../ber.js'
import { asCertificate, type Certificate, type CertificateSource, type Signer } from './certificate.js'
import { context, integer, nothing, objectIdentifier, octetString, sequence, setOf, sorted, unsortedSet } from '../der.js'
import { limits } from './limits.js'
import { malformed, reading } from '../malformed.js'
import { attributes as types, contentTypes } from './names.js'

/** How a message names a certificate: hints for logs, never a reason to trust (C-10). */
export interface CertificateId {
  readonly issuerDer?: Uint8Array
  /** Lower-case hex. */
  readonly serial?: string
  readonly keyIdentifier?: Uint8Array
}

export interface SignerInfo {
  readonly id: CertificateId
  readonly digest: DigestName
  readonly signatureAlgorithm: string
  /** The signed attributes by type, first value each; undefined when the signature is over the content itself. */
  readonly attributes: ReadonlyMap<string, Value> | undefined
  /** What the signature may be over: the attributes as received, then in DER. */
  readonly signedForms: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** A SignedData (RFC 5652 section 5), read but not verified. */
export interface SignedData {
  readonly contentType: string
  /** Undefined when absent. */
  readonly content: Uint8Array | undefined
  readonly certificates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly signers: readonly SignerInfo[]
}

/** @throws bad-response, algorithm-refused */
export function readSignedData(bytes: Uint8Array, what: string): SignedData {
  return reading(what, () => {
    const [, , encapsulated, ...rest] = readSequence(contentInfo(bytes, contentTypes.signedData, what), what)
    const [contentType, wrapped] = readSequence(encapsulated, `The content of ${what}`)
    const certificates = rest.find((field) => isContext(field, 0))
    const crls = rest.find((field) => isContext(field, 1))
    const certificateValues = certificates === undefined ? [] : children(certificates, `The certificates of ${what}`)
    if (certificateValues.length > limits.certificates) throw malformed(`${what} holds more than ${limits.certificates} certificates.`)
    return {
      contentType: readIdentifier(contentType, `The content type of ${what}`),
      content: isContext(wrapped, 0) ? readContent(children(wrapped, what)[0], what) : undefined,
      // Attribute certificates and other forms have tags of their own; nobody here uses them.
      certificates: certificateValues.filter((value) => isUniversal(value, 'sequence')).map(copy),
      crls: (crls === undefined ? [] : children(crls, `The CRLs of ${what}`)).filter((value) => isUniversal(value, 'sequence')).map(copy),
      signers: set(rest[rest.length - 1], `The signers of ${what}`).map((value) => readSigner(value, what)),
    }
  })
}

/** The content of a ContentInfo of the given type. @throws bad-response */
export function contentInfo(bytes: Uint8Array, type: string, what: string): Value {
  const [contentType, wrapped] = readSequence(parse(bytes, what), what)
  if (readIdentifier(contentType, `The content type of ${what}`) !== type) throw malformed(`${what} is another kind of CMS content.`)
  const value = isContext(wrapped, 0) ? children(wrapped, what)[0] : undefined
  if (value === undefined) throw malformed(`${what} has no content.`)
  return value
}

/** A SignerIdentifier or RecipientIdentifier. @throws bad-response */
export function readCertificateId(value: Value | undefined, what: string): CertificateId {
  if (isContext(value, 0)) return { keyIdentifier: Uint8Array.from(octets(value, what)) }
  const [issuer, serial] = readSequence(value, what)
  if (issuer === undefined) throw malformed(`${what} names no certificate.`)
  return { issuerDer: Uint8Array.from(issuer.raw), serial: integerHex(serial, what) }
}

export interface SigningOptions {
  readonly signer: Signer
  readonly digest: DigestName
  /** Encoded attributes beside contentType and messageDigest. */
  readonly attributes: readonly Uint8Array[]
  /** Certificates to send along; the signer's own is not added by itself. */
  readonly certificates: readonly Uint8Array[]
  /** Leaves the attributes in the order given, as some servers do (C-18). Default false. */
  readonly unsortedAttributes?: boolean
  /** What the content is said to be. SCEP knows one type alone, id-data, which is the default (section 3.1). */
  readonly contentType?: string
}

/** A signed message with one signer. @param content undefined leaves it out @returns DER */
export function signData(content: Uint8Array | undefined, options: SigningOptions): Uint8Array {
  const { digest, signer, contentType = contentTypes.data } = options
  const given = [
    attribute(types.contentType, objectIdentifier(contentType)),
    attribute(types.messageDigest, octetString(createHash(digest).update(content ?? Buffer.alloc(0)).digest())),
    ...options.attributes,
  ]
  const ordered = options.unsortedAttributes === true ? given : sorted(given)
  const signature = sign(digest, unsortedSet(ordered), signer.privateKey)
  const signerInfo = sequence(
    integer(1),
    issuerAndSerial(signer.certificate),
    digestIdentifier(digest),
    context(0, ...ordered),
    sequence(objectIdentifier(rsaEncryption), nothing),
    octetString(signature),
  )
  return signedData({ contentType, content, certificates: sorted(options.certificates), crls: [], digests: [digestIdentifier(digest)], signers: [signerInfo] })
}

/**
 * A SignedData without signers, to carry certificates and CRLs (section 3.4).
 * @param order `given` leaves the certificates as they are, as servers do that write no DER. Default `der`
 * @returns DER, but for the order
 */
export function degenerate(certificates: readonly Uint8Array[], crls: readonly Uint8Array[] = [], order: 'der' | 'given' = 'der'): Uint8Array {
  return signedData({ contentType: contentTypes.data, content: undefined, certificates: order === 'der' ? sorted(certificates) : certificates, crls, digests: [], signers: [] })
}

/** One attribute with one value. */
export function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(type), setOf([value]))
}

/** IssuerAndSerialNumber (RFC 5652 section 10.2.4). */
export function issuerAndSerial(source: CertificateSource): Uint8Array {
  const { issuerDer, serial } = asCertificate(source)
  return sequence(issuerDer, integer(serial))
}

export interface SignatureRules {
  /** SHA-1 is read only by permission. Default false. */
  readonly allowSha1?: boolean
}

/**
 * Verifies one signer against a key: digest of the content, content type, and the signature over the attributes.
 * @throws signature-invalid, algorithm-refused, quirk-refused (facts.quirk `sha1-reply`)
 */
export function verifySigner(data: SignedData, signer: SignerInfo, key: KeyObject, rules: SignatureRules = {}): void {
  if (signer.digest === 'sha1' && rules.allowSha1 !== true) throw quirkRefused('sha1-reply', 'The message is signed over SHA-1, which is too weak')
  // C-18: the plain key algorithm, or one that names the same digest.
  if (signer.signatureAlgorithm !== rsaEncryption && signatureDigest(signer.signatureAlgorithm) !== signer.digest) {
    throw invalid('The signature of the message is over another digest than it says.')
  }
  const content = data.content ?? Buffer.alloc(0)
  if (signer.attributes !== undefined) checkContent(data.contentType, content, signer.digest, signer.attributes)
  const forms = signer.attributes === undefined ? [content] : signer.signedForms
  if (!forms.some((form) => made(signer, form, key))) throw invalid('The signature of the message was not made by the expected key.')
}

/**
 * Verifies one signer against any of several certificates, by key.
 * @returns the certificate whose key signed
 * @throws signature-invalid, algorithm-refused, quirk-refused (facts.quirk `sha1-reply`)
 */
export function verifyByOneOf(data: SignedData, signer: SignerInfo, candidates: readonly Certificate[], rules: SignatureRules = {}): Certificate {
  let failure: unknown = invalid('There is no certificate to verify the message with.')
  for (const candidate of candidates) {
    try {
      verifySigner(data, signer, candidate.publicKey, rules)
      return candidate
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function made(signer: SignerInfo, form: Uint8Array, key: KeyObject): boolean {
  try {
    return verify(signer.digest, form, key, signer.signature)
  } catch {
    return false
  }
}

/** RFC 5652 section 5.4: both attributes must be there when there are any. */
function checkContent(contentType: string, content: Uint8Array, digest: DigestName, attributes: ReadonlyMap<string, Value>): void {
  const stated = attributes.get(types.messageDigest)
  if (stated === undefined || Buffer.compare(readOctets(stated, 'messageDigest'), createHash(digest).update(content).digest()) !== 0) {
    throw invalid('The content of the message is not the one that was signed.')
  }
  const type = attributes.get(types.contentType)
  if (type === undefined || readIdentifier(type, 'contentType') !== contentType) throw invalid('The content of the message is of another type than the one that was signed.')
}

function invalid(message: string): PlatenError {
  return new PlatenError('signature-invalid', message, { fix: 'Check that the CA fingerprint is that of this server and that nothing on the way changes its answers.' })
}

interface Parts {
  readonly contentType: string
  readonly content: Uint8Array | undefined
  readonly certificates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly digests: readonly Uint8Array[]
  readonly signers: readonly Uint8Array[]
}

function signedData(parts: Parts): Uint8Array {
  return sequence(objectIdentifier(contentTypes.signedData), context(0, sequence(
    integer(1),
    setOf(parts.digests),
    sequence(objectIdentifier(parts.contentType), ...(parts.content === undefined ? [] : [context(0, octetString(parts.content))])),
    ...(parts.certificates.length === 0 ? [] : [context(0, ...parts.certificates)]),
    ...(parts.crls.length === 0 ? [] : [context(1, ...sorted(parts.crls))]),
    setOf(parts.signers),
  )))
}

/** PKCS#7 of before CMS put other types there without the OCTET STRING. */
function readContent(value: Value | undefined, what: string): Uint8Array {
  if (value === undefined) throw malformed(`The content of ${what} is missing.`)
  const { raw } = value
  return Uint8Array.from(isUniversal(value, 'octetString') ? octets(value, `The content of ${what}`) : raw)
}

function readSigner(value: Value, what: string): SignerInfo {
  const name = `A signer of ${what}`
  const fields = [...readSequence(value, name)]
  const [, id, digest] = fields.splice(0, 3)
  const signed = isContext(fields[0], 0) ? fields.shift() : undefined
  const [algorithm, signature] = fields
  return {
    id: readCertificateId(id, name),
    digest: digestOf(algorithmOf(digest, name)),
    signatureAlgorithm: algorithmOf(algorithm, name),
    attributes: signed === undefined ? undefined : readAttributes(signed, name),
    signedForms: signed === undefined ? [] : signedForms(signed, name),
    signature: readOctets(signature, name),
  }
}

function readAttributes(signed: Value, what: string): ReadonlyMap<string, Value> {
  const items = children(signed, what)
  if (items.length > limits.attributes) throw malformed(`${what} has more than ${limits.attributes} attributes.`)
  const found = new Map<string, Value>()
  for (const item of items) {
    const [type, values] = readSequence(item, what)
    const identifier = readIdentifier(type, what)
    const first = set(values, what)[0]
    if (first === undefined || found.has(identifier)) throw malformed(`${what} has no single value for the attribute ${identifier}.`)
    found.set(identifier, first)
  }
  return found
}

/**
 * The signature is over the attributes as a SET OF in DER (RFC 5652 section 5.4). Who sends them unsorted mostly signs
 * them unsorted too, so both forms count; each is over the same attributes.
 */
function signedForms(signed: Value, what: string): readonly Uint8Array[] {
  const members = children(signed, what).map(({ raw }) => raw)
  const received = unsortedSet(members)
  const der = setOf(members)
  return Buffer.compare(received, der) === 0 ? [der] : [received, der]
}

const copy = (value: Value): Uint8Array => Uint8Array.from(value.raw)
