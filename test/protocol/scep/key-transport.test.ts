import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import fc from 'fast-check'
import test from 'ava'
import { unwrapKey, wrapKey, type KeyTransport } from '../../../protocol/scep/key-transport.js'
import { fixtureKeys, largeKey } from '../../support/fixture-keys.js'
import { random } from './support.js'

const size = 256
const key = fixtureKeys.one
const publicKey = createPublicKey(key)
const fallback = Uint8Array.from({ length: 16 }, () => 0xee)

/** Encrypts a whole block as it is, so that a test can write the padding by hand. */
const block = (...parts: readonly (Uint8Array | number[])[]): Uint8Array => publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, Buffer.concat(parts.map((part) => Buffer.from(part))))
const filler = (count: number): Uint8Array => new Uint8Array(count).fill(0x55)
const content = Uint8Array.from({ length: 16 }, (_, index) => index)

test('C-15: keys of every length go both ways by every transport', (t) => {
  for (const transport of ['pkcs1', 'oaep', 'oaep-sha256'] as const satisfies readonly KeyTransport[]) {
    for (const length of [8, 16, 24, 32]) {
      const contentKey = random(length)
      t.deepEqual(Buffer.from(unwrapKey(transport, key, wrapKey(transport, publicKey, contentKey), length, random(length))), Buffer.from(contentKey))
    }
  }
  const large = largeKey()
  t.deepEqual(Buffer.from(unwrapKey('pkcs1', large, wrapKey('pkcs1', createPublicKey(large), content), 16, fallback)), Buffer.from(content))
})

for (const [name, wrapped] of Object.entries({
  'wrong first byte': block([1, 2], filler(size - 19), [0], content),
  'wrong block type': block([0, 1], filler(size - 19), [0], content),
  'a zero within the padding': block([0, 2], filler(3), [0], filler(size - 23), [0], content),
  'a zero in the last place of the padding': block([0, 2], filler(size - 20), [0, 0], content),
  'no zero before the key': block([0, 2], filler(size - 18), content),
  'a shorter key': block([0, 2], filler(size - 18), [0], content.subarray(1)),
  'a longer key': block([0, 2], filler(size - 20), [0, 7], content),
  'nothing but zeros': new Uint8Array(size),
  'too few bytes': new Uint8Array(3).fill(1),
  'too many bytes': new Uint8Array(size + 1).fill(1),
  'a number above the modulus': new Uint8Array(size).fill(0xff),
  'no bytes': new Uint8Array(),
})) {
  test(`C-15: on a fault the random key comes back, and nothing is thrown: ${name}`, (t) => {
    t.deepEqual(unwrapKey('pkcs1', key, wrapped, 16, fallback), fallback)
    t.deepEqual(unwrapKey('oaep', key, wrapped, 16, fallback), fallback)
  })
}

test('C-15: a wrapped key that lost its leading zero bytes still opens', (t) => {
  for (let tries = 0; ; tries += 1) {
    const wrapped = wrapKey('pkcs1', publicKey, content)
    if (wrapped[0] !== 0 && tries < 4000) continue
    const start = wrapped.findIndex((byte) => byte !== 0)
    t.deepEqual(unwrapKey('pkcs1', key, wrapped.subarray(start), 16, fallback), content)
    return
  }
})

test('C-15: any block gives the key or the random key, by the rule of RFC 8017 section 7.2.2', (t) => {
  const byte = fc.integer({ min: 0, max: 255 })
  const nearly = fc.tuple(fc.constantFrom(0, 0, 0, 1), fc.constantFrom(2, 2, 2, 1), fc.uint8Array({ minLength: size - 19, maxLength: size - 19 }), fc.boolean(), fc.constantFrom(0, 0, 0, 9), fc.array(byte, { minLength: 16, maxLength: 16 }))
  fc.assert(fc.property(nearly, ([first, type, filling, clean, separator, last]) => {
    const padding = clean ? filling.map((value) => value || 1) : filling
    const right = first === 0 && type === 2 && separator === 0 && !padding.includes(0)
    const found = unwrapKey('pkcs1', key, block([first, type], padding, [separator], last), 16, fallback)
    t.deepEqual([...found], right ? last : [...fallback])
  }), { numRuns: 100 })
})
