import * as asn1js from 'asn1js'
import { malformed, reading } from './malformed.js'

/** C-19: what bytes from outside may cost before anything in them is believed. */
export const berLimits = {
  /** Bytes of one value read by `parse`. */
  bytes: 1024 * 1024,
  /** Nesting of values in the indefinite form; a message with a certificate needs about 14. */
  depth: 24,
  /** Values in one long list: entries of a CRL, pieces of a string. */
  values: 20_000,
  /** One string of characters. */
  textBytes: 8192,
} as const

/**
 * Reads BER, of which DER is a part, without trusting a byte of it: values are views of the input, opened one list at
 * a time, so the cost is that of what is looked at. asn1js decodes all at once and takes seconds for one MiB of
 * OBJECT IDENTIFIER, whatever its limits; here it decodes single short strings, and the libraries write.
 */
export interface Value {
  readonly tagClass: number
  readonly tag: number
  readonly constructed: boolean
  /** Tag, length and content as received. A view, not a copy. */
  readonly raw: Uint8Array
  readonly content: Uint8Array
}

/** Universal tags (X.680 section 8.6). */
const tags = {
  boolean: 1, integer: 2, bitString: 3, octetString: 4, objectIdentifier: 6, utf8String: 12, sequence: 16, set: 17,
  numericString: 18, printableString: 19, teletexString: 20, ia5String: 22, utcTime: 23, generalizedTime: 24, visibleString: 26,
  universalString: 28, bmpString: 30,
} as const
type TagName = keyof typeof tags

/** Values in one list, unless its reader expects more. */
const usualCount = 128

/**
 * Reads one value that fills the given bytes.
 * @param what the thing being read, for the message
 * @throws bad-response also when the bytes exceed the limits of C-19
 */
export function parse(bytes: Uint8Array, what: string): Value {
  if (bytes.length === 0) throw malformed(`${what} is empty.`)
  if (bytes.length > berLimits.bytes) throw malformed(`${what} is larger than ${berLimits.bytes} bytes.`, { facts: { bytes: bytes.length } })
  const value = valueAt(bytes, 0, what)
  if (value.raw.length !== bytes.length) throw malformed(`${what} is followed by ${bytes.length - value.raw.length} bytes that do not belong to it.`)
  return value
}

export function isUniversal(value: Value | undefined, name: TagName): value is Value {
  return value?.tagClass === 0 && value.tag === tags[name]
}

/** `[n]`. */
export function isContext(value: Value | undefined, tag: number): value is Value {
  return value?.tagClass === 2 && value.tag === tag
}

/** The values inside a constructed one. @param most more of them are refused @throws bad-response */
export function children(value: Value | undefined, what: string, most: number = usualCount): readonly Value[] {
  if (value?.constructed !== true) throw malformed(`${what} is not a list of values.`)
  const found: Value[] = []
  for (let offset = 0; offset < value.content.length;) {
    if (found.length >= most) throw malformed(`${what} is a list of more than ${most} values.`)
    const child = valueAt(value.content, offset, what)
    found.push(child)
    offset += child.raw.length
  }
  return found
}

/** @throws bad-response */
export function sequence(value: Value | undefined, what: string, most?: number): readonly Value[] {
  if (!isUniversal(value, 'sequence')) throw malformed(`${what} is not a SEQUENCE.`)
  return children(value, what, most)
}

/** @throws bad-response */
export function set(value: Value | undefined, what: string): readonly Value[] {
  if (!isUniversal(value, 'set')) throw malformed(`${what} is not a SET.`)
  return children(value, what)
}

/** Content of a primitive value of a universal type. @throws bad-response */
export function primitive(value: Value | undefined, name: TagName, what: string, longest: number = berLimits.bytes): Uint8Array {
  if (!isUniversal(value, name) || value.constructed) throw malformed(`${what} is not of the type ${name}.`)
  if (value.content.length > longest) throw malformed(`${what} is longer than ${longest} bytes.`)
  return value.content
}

/** Dotted form. @throws bad-response */
export function objectIdentifier(value: Value | undefined, what: string): string {
  const arcs: number[] = []
  let arc = 0
  const bytes = primitive(value, 'objectIdentifier', what, 40)
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first, ...others] = arcs
  if (first === undefined || (bytes[bytes.length - 1] ?? 0) >= 0x80) throw malformed(`${what} is not an OBJECT IDENTIFIER.`)
  // X.690 section 8.19.4: the first two arcs are one number.
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - 40 * root, ...others].join('.')
}

/** The bytes of an OCTET STRING, joined when it came in pieces. @throws bad-response */
export function octetString(value: Value | undefined, what: string): Uint8Array {
  if (!isUniversal(value, 'octetString')) throw malformed(`${what} is not an OCTET STRING.`)
  return octets(value, what)
}

/** The same for a string that is tagged otherwise, as the encrypted content is. @throws bad-response */
export function octets(value: Value | undefined, what: string): Uint8Array {
  if (value === undefined) throw malformed(`${what} is missing.`)
  if (!value.constructed) return value.content
  return Buffer.concat(children(value, what, berLimits.values).map((piece) => primitive(piece, 'octetString', what)))
}

/** The bytes of a BIT STRING that is a whole number of bytes. @throws bad-response */
export function bitString(value: Value | undefined, what: string): Uint8Array {
  const bytes = primitive(value, 'bitString', what)
  if (bytes[0] !== 0) throw malformed(`${what} is not a whole number of bytes.`)
  return bytes.subarray(1)
}

/** An INTEGER as unsigned lower-case hex of whole bytes without leading zero bytes. @throws bad-response */
export function integerHex(value: Value | undefined, what: string): string {
  const hex = Buffer.from(primitive(value, 'integer', what, 64)).toString('hex').replace(/^(?:00)+(?=..)/, '')
  if (hex === '') throw malformed(`${what} is an empty number.`)
  return hex
}

/** Any of the ASN.1 character strings. @throws bad-response */
export function text(value: Value | undefined, what: string): string {
  const name = (['printableString', 'utf8String', 'ia5String', 'visibleString', 'numericString', 'teletexString', 'bmpString', 'universalString'] as const)
    .find((known) => isUniversal(value, known))
  if (name === undefined) throw malformed(`${what} is not text.`)
  const bytes = primitive(value, name, what, berLimits.textBytes)
  if (name === 'utf8String') return Buffer.from(bytes).toString('utf8')
  if (name !== 'bmpString' && name !== 'universalString') return Buffer.from(bytes).toString('latin1')
  return reading(what, () => {
    const { result } = asn1js.fromBER(Uint8Array.from(value?.raw ?? []))
    return result instanceof asn1js.BmpString || result instanceof asn1js.UniversalString ? result.getValue() : ''
  })
}

/** UTCTime or GeneralizedTime, in UTC as RFC 5280 section 4.1.2.5 asks, in milliseconds since 1970. @throws bad-response */
export function time(value: Value | undefined, what: string): number {
  const short = isUniversal(value, 'utcTime')
  const written = Buffer.from(primitive(value, short ? 'utcTime' : 'generalizedTime', what, 32)).toString('latin1')
  const match = (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?Z$/).exec(written)
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = 0] = (match ?? []).slice(1).map((digits: string | undefined) => Number(digits ?? 0))
  const century = short ? (year < 50 ? 2000 : 1900) : 0
  const wall = new Date(Date.UTC(century + year, month - 1, day, hour, minute, second))
  // Date.UTC rolls 31 February over; such a date is none.
  if (wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day || wall.getUTCHours() !== hour) throw malformed(`${what} is not a time.`)
  return wall.getTime()
}

interface Head {
  readonly start: number
  /** Undefined for the indefinite form (X.690 section 8.1.3.6). */
  readonly length: number | undefined
}

function valueAt(bytes: Uint8Array, offset: number, what: string): Value {
  const { start, length } = headAt(bytes, offset, what)
  const first = bytes[offset] ?? 0
  const end = length === undefined ? endOfContents(bytes, start, what, { left: berLimits.values }, 1) : start + length
  return {
    tagClass: first >> 6,
    tag: first & 0x1f,
    constructed: (first & 0x20) !== 0,
    raw: bytes.subarray(offset, length === undefined ? end + 2 : end),
    content: bytes.subarray(start, end),
  }
}

function headAt(bytes: Uint8Array, offset: number, what: string): Head {
  const [tag, form] = [bytes[offset], bytes[offset + 1]]
  if (tag === undefined || form === undefined) throw malformed(`${what} ends in the middle.`)
  if ((tag & 0x1f) === 0x1f || tag === 0) throw malformed(`${what} has a tag that nothing here uses.`)
  const count = form < 0x80 ? 0 : form & 0x7f
  if (form === 0x80) {
    if ((tag & 0x20) === 0) throw malformed(`${what} has a length that its type cannot have.`)
    return { start: offset + 2, length: undefined }
  }
  if (count > 4) throw malformed(`${what} has a length of ${count} bytes.`)
  const start = offset + 2 + count
  const length = count === 0 ? form : bytes.subarray(offset + 2, start).reduce((sum, byte) => sum * 256 + byte, 0)
  if (start + length > bytes.length) throw malformed(`${what} ends in the middle.`)
  return { start, length }
}

/** Where the two zero bytes stand that end an indefinite form. @param budget values it may have in all */
function endOfContents(bytes: Uint8Array, start: number, what: string, budget: { left: number }, depth: number): number {
  if (depth > berLimits.depth) throw malformed(`${what} is nested too deeply.`)
  for (let offset = start; ;) {
    if (bytes[offset] === 0 && bytes[offset + 1] === 0) return offset
    budget.left -= 1
    if (budget.left < 0) throw malformed(`${what} holds too many values.`)
    const head = headAt(bytes, offset, what)
    offset = head.length === undefined ? endOfContents(bytes, head.start, what, budget, depth + 1) + 2 : head.start + head.length
  }
}
