import * as asn1js from 'asn1js'

/** Writes DER: values are bytes, containers are built by joining them. */
type Bytes = Uint8Array

const tagSequence = 0x30
const tagSet = 0x31

function length(size: number): Bytes {
  if (size < 0x80) return Uint8Array.of(size)
  const digits = size.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return Uint8Array.of(0x80 | bytes.length, ...bytes)
}

/** One value: tag, length, content. */
export function tagged(tag: number, ...parts: readonly Bytes[]): Bytes {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Uint8Array.of(tag), length(size), ...parts])
}

export const sequence = (...parts: readonly Bytes[]): Bytes => tagged(tagSequence, ...parts)

/** SET OF: its members are sorted by their encoding (X.690 section 11.6). */
export const setOf = (members: readonly Bytes[]): Bytes => tagged(tagSet, ...sorted(members))

/** SET OF as the caller ordered it: what C-18 tells us to accept from others, and the rig to send. */
export const unsortedSet = (members: readonly Bytes[]): Bytes => tagged(tagSet, ...members)

export function sorted(members: readonly Bytes[]): readonly Bytes[] {
  return [...members].sort((a, b) => Buffer.compare(a, b))
}

/** `[n]` around values: constructed, context-specific. */
export const context = (tag: number, ...parts: readonly Bytes[]): Bytes => tagged(0xa0 | tag, ...parts)

/** `[n] IMPLICIT` of a primitive type. */
export const contextPrimitive = (tag: number, content: Bytes): Bytes => tagged(0x80 | tag, content)

export const octetString = (content: Bytes): Bytes => tagged(0x04, content)

export const bitString = (content: Bytes): Bytes => tagged(0x03, Uint8Array.of(0), content)

export const nothing: Bytes = Uint8Array.of(0x05, 0x00)

/** @param dotted as in `2.5.29.15` */
export function objectIdentifier(dotted: string): Bytes {
  const [root = 0, second = 0, ...others] = dotted.split('.').map(Number)
  // X.690 section 8.19.4: the first two arcs are one number.
  return tagged(0x06, Uint8Array.from([40 * root + second, ...others].flatMap(base128)))
}

/** Seven bits a byte, the highest first; all but the last are marked. */
function base128(arc: number): readonly number[] {
  const bytes = [arc & 0x7f]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest & 0x7f))
  return bytes
}

/** A positive INTEGER from hex (serial numbers) or a small number. */
export function integer(value: string | number): Bytes {
  const hex = typeof value === 'number' ? value.toString(16) : value
  const digits = hex.replace(/^0+(?=.)/, '')
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  if (bytes.length === 0) throw new TypeError('an integer is written from hex digits')
  return tagged(0x02, ...((bytes[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : []), bytes)
}

/** What a PrintableString can hold (X.680 section 41.4). */
export const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/

export const printableString = (value: string): Bytes => tagged(0x13, Buffer.from(value, 'latin1'))
export const utf8String = (value: string): Bytes => tagged(0x0c, Buffer.from(value, 'utf8'))

/** C-16: PrintableString when it fits, else UTF8String. */
export const directoryString = (value: string): Bytes => (printable.test(value) ? printableString(value) : utf8String(value))

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). @param wall milliseconds since 1970 */
export function time(wall: number): Bytes {
  const valueDate = new Date(wall)
  return bytesOf(valueDate.getUTCFullYear() < 2050 && valueDate.getUTCFullYear() >= 1950 ? new asn1js.UTCTime({ valueDate }) : new asn1js.GeneralizedTime({ valueDate }))
}

/** The DER form of a value built with the ASN.1 libraries. */
export function bytesOf(value: { toBER(): ArrayBuffer }): Bytes {
  return new Uint8Array(value.toBER())
}
