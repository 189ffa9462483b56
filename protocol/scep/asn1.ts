import * as asn1js from 'asn1js'
import { limits } from './limits.js'
import { malformed, reading } from './malformed.js'

/** One decoded ASN.1 value. BER is accepted; whoever needs exact bytes takes `raw`. */
export type Value = asn1js.BaseBlock

/** Universal tags (X.680 section 8.6). */
const tags = { bitString: 3, octetString: 4, objectIdentifier: 6, sequence: 16, set: 17 } as const
const universal = 1
const contextSpecific = 3

/**
 * Decodes one value that fills the given bytes.
 * @param what the thing being read, for the message
 * @throws bad-response also when the bytes exceed the limits of C-19
 */
export function parse(bytes: Uint8Array, what: string): Value {
  if (bytes.length === 0) throw malformed(`${what} is empty.`)
  if (bytes.length > limits.messageBytes) throw malformed(`${what} is larger than ${limits.messageBytes} bytes.`, { facts: { bytes: bytes.length } })
  return reading(what, () => {
    const { offset, result } = asn1js.fromBER(bytes, {
      maxDepth: limits.depth, maxNodes: limits.values, maxContentLength: limits.messageBytes, parseEmbedded: false, copyInput: false,
    })
    if (offset < 0) throw malformed(`${what} is not ASN.1: ${result.error}.`)
    if (offset !== bytes.length) throw malformed(`${what} is followed by ${bytes.length - offset} bytes that do not belong to it.`)
    return result
  })
}

/** The encoded value as it was received: tag, length, content. A view, not a copy. */
export function raw(value: Value): Uint8Array {
  return value.valueBeforeDecodeView
}

export function isUniversal(value: Value | undefined, tag: keyof typeof tags): value is Value {
  return value?.idBlock.tagClass === universal && value.idBlock.tagNumber === tags[tag]
}

export function isContext(value: Value | undefined, tag: number): value is Value {
  return value?.idBlock.tagClass === contextSpecific && value.idBlock.tagNumber === tag
}

/** The values inside a constructed one. @throws bad-response */
export function children(value: Value | undefined, what: string): readonly Value[] {
  const inner: unknown = value?.valueBlock
  if (value?.idBlock.isConstructed !== true || !(typeof inner === 'object' && inner !== null && 'value' in inner && Array.isArray(inner.value))) {
    throw malformed(`${what} is not a list of values.`)
  }
  return (inner.value as Value[]).filter((child) => !(child instanceof asn1js.EndOfContent))
}

/** @throws bad-response */
export function sequence(value: Value | undefined, what: string): readonly Value[] {
  if (!isUniversal(value, 'sequence')) throw malformed(`${what} is not a SEQUENCE.`)
  return children(value, what)
}

/** @throws bad-response */
export function set(value: Value | undefined, what: string): readonly Value[] {
  if (!isUniversal(value, 'set')) throw malformed(`${what} is not a SET.`)
  return children(value, what)
}

/** Dotted form. @throws bad-response */
export function objectIdentifier(value: Value | undefined, what: string): string {
  if (!(value instanceof asn1js.ObjectIdentifier)) throw malformed(`${what} is not an OBJECT IDENTIFIER.`)
  return value.getValue()
}

/** The bytes of an OCTET STRING, joined when it came in pieces. @throws bad-response */
export function octetString(value: Value | undefined, what: string): Uint8Array {
  if (!isUniversal(value, 'octetString')) throw malformed(`${what} is not an OCTET STRING.`)
  return octets(value, what)
}

/** The content of a primitive value, or of all pieces of a constructed string, whatever its tag. @throws bad-response */
export function octets(value: Value | undefined, what: string): Uint8Array {
  if (value === undefined) throw malformed(`${what} is missing.`)
  if (value.idBlock.isConstructed) return Buffer.concat(children(value, what).map((piece) => octetString(piece, what)))
  return content(value)
}

/** The bytes of a BIT STRING that is a whole number of bytes. @throws bad-response */
export function bitString(value: Value | undefined, what: string): Uint8Array {
  if (!isUniversal(value, 'bitString') || value.idBlock.isConstructed) throw malformed(`${what} is not a BIT STRING.`)
  const bytes = content(value)
  if (bytes[0] !== 0) throw malformed(`${what} is not a whole number of bytes.`)
  return bytes.subarray(1)
}

/** An INTEGER as unsigned lower-case hex of whole bytes without leading zero bytes. @throws bad-response */
export function integerHex(value: Value | undefined, what: string): string {
  if (!(value instanceof asn1js.Integer)) throw malformed(`${what} is not an INTEGER.`)
  const hex = Buffer.from(content(value)).toString('hex').replace(/^(?:00)+(?=..)/, '')
  if (hex === '' || hex.length > 128) throw malformed(`${what} is no number we can keep.`)
  return hex
}

const strings = [
  asn1js.PrintableString, asn1js.Utf8String, asn1js.IA5String, asn1js.TeletexString, asn1js.VisibleString,
  asn1js.NumericString, asn1js.BmpString, asn1js.UniversalString,
] as const

/** Any of the ASN.1 character strings. @throws bad-response */
export function text(value: Value | undefined, what: string): string {
  const type = strings.find((known) => value instanceof known)
  if (type === undefined || !hasText(value)) throw malformed(`${what} is not text.`)
  return value.getValue()
}

function hasText(value: unknown): value is { getValue(): string } {
  return typeof value === 'object' && value !== null && 'getValue' in value
}

/** UTCTime or GeneralizedTime in milliseconds since 1970. @throws bad-response */
export function time(value: Value | undefined, what: string): number {
  if (!(value instanceof asn1js.UTCTime)) throw malformed(`${what} is not a time.`)
  const wall = value.toDate().getTime()
  if (!Number.isFinite(wall)) throw malformed(`${what} is not a time.`)
  return wall
}

/** Content bytes of a primitive value, without tag and length. */
export function content(value: Value): Uint8Array {
  const bytes = raw(value)
  return bytes.subarray(value.idBlock.blockLength + value.lenBlock.blockLength)
}
