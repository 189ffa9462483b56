import fc from 'fast-check'
import * as asn1js from 'asn1js'
import test from 'ava'
import { bitString, children, integerHex, objectIdentifier, octetString, parse, text, time } from '../../protocol/ber.js'
import * as der from '../../protocol/der.js'
import { readPkiMessage } from '../../protocol/scep/index.js'

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
const encoded = (value: asn1js.BaseBlock): Uint8Array => new Uint8Array(value.toBER())

test('numbers, identifiers, strings and times of asn1js are read, and ours are its', (t) => {
  const arc = fc.integer({ min: 0, max: 2 ** 31 - 1 })
  fc.assert(fc.property(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 39 }), fc.array(arc, { maxLength: 5 })), ([root, second, others]) => {
    const dotted = [root, second, ...others].join('.')
    const theirs = encoded(new asn1js.ObjectIdentifier({ value: dotted }))
    t.deepEqual([...der.objectIdentifier(dotted)], [...theirs])
    t.is(objectIdentifier(parse(theirs, 'x'), 'x'), dotted)
  }))
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (value) => {
    t.deepEqual([...der.integer(value)], [...encoded(new asn1js.Integer({ value }))])
    t.is(Number.parseInt(integerHex(parse(der.integer(value), 'x'), 'x'), 16), value)
  }))
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (value) => {
    t.is(text(parse(der.utf8String(value), 'x'), 'x'), value)
    t.is(text(parse(encoded(new asn1js.BmpString({ value: 'Drücker' })), 'x'), 'x'), 'Drücker')
  }))
  fc.assert(fc.property(fc.date({ min: new Date(Date.UTC(1950, 0, 1)), max: new Date(Date.UTC(9999, 0, 1)), noInvalidDate: true }), (date) => {
    t.is(time(parse(der.time(date.getTime()), 'x'), 'x'), Math.floor(date.getTime() / 1000) * 1000)
  }))
})

test('dates that are none are refused', (t) => {
  for (const written of ['260230000000Z', '261301000000Z', '260101250000Z', '260101000000', '2601010000Z+', '']) {
    t.throws(() => time(parse(der.tagged(0x17, Buffer.from(written)), 'x'), 'x'), { code: 'bad-response' }, written)
  }
})

test('C-18: indefinite lengths and strings in pieces are read', (t) => {
  const value = parse(hex('30 80 24 80 04 02 01 02 04 01 03 00 00 02 01 05 00 00'), 'x')
  const [string, number] = children(value, 'x')
  t.deepEqual([...octetString(string, 'x')], [1, 2, 3])
  t.is(integerHex(number, 'x'), '05')
})

for (const [name, bytes] of Object.entries({
  'an empty input': hex(''),
  'a lone tag': hex('30'),
  'a length beyond the end': hex('30 05 02 01 01'),
  'bytes behind the value': hex('30 00 00'),
  'a child beyond its parent': hex('30 03 02 05 01'),
  'an indefinite length without an end': hex('30 80 02 01 01'),
  'a primitive value of indefinite length': hex('04 80 00 00'),
  'a length of nine bytes': hex('30 89 01 01 01 01 01 01 01 01 01'),
  'a tag above 30': hex('3f 81 01 00'),
  'a thousand nested values': Buffer.from('3080'.repeat(1000), 'hex'),
  'more than one MiB': der.octetString(new Uint8Array(1024 * 1024)),
})) {
  test(`C-19: refused as bad-response: ${name}`, (t) => {
    t.throws(() => children(parse(bytes, 'x'), 'x'), { code: 'bad-response' })
    t.throws(() => readPkiMessage(bytes), { code: 'bad-response' })
  })
}

test('C-19: an identifier of one MiB, which asn1js decodes for seconds, is refused at once', (t) => {
  const long = der.sequence(der.tagged(0x06, new Uint8Array(1024 * 1024 - 100).fill(1)))
  t.throws(() => readPkiMessage(long), { code: 'bad-response', message: /longer than 40 bytes/ })
})

test('a BIT STRING of odd bits is no key and no signature', (t) => {
  t.throws(() => bitString(parse(hex('03 02 01 80'), 'x'), 'x'), { code: 'bad-response' })
})
