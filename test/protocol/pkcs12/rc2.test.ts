import test from 'ava'
import { decryptRc2, decryptRc2Block, expandRc2Key } from '../../../protocol/pkcs12/rc2.js'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** RFC 2268 section 5: key, effective bits, clear, encrypted. */
const vectors = [
  ['00000000 00000000', 63, '00000000 00000000', 'ebb773f9 93278eff'],
  ['ffffffff ffffffff', 64, 'ffffffff ffffffff', '278b27e4 2e2f0d49'],
  ['30000000 00000000', 64, '10000000 00000001', '30649edf 9be7d2c2'],
  ['88', 64, '00000000 00000000', '61a8a244 adacccf0'],
  ['88bca90e 90875a', 64, '00000000 00000000', '6ccf4308 974c267f'],
  ['88bca90e 90875a7f 0f79c384 627bafb2', 64, '00000000 00000000', '1a807d27 2bbe5db1'],
  ['88bca90e 90875a7f 0f79c384 627bafb2', 128, '00000000 00000000', '2269552a b0f85ca6'],
  ['88bca90e 90875a7f 0f79c384 627bafb2 16f80a6f 85920584 c42fceb0 be255daf 1e', 129, '00000000 00000000', '5b78d3a4 3dfff1f1'],
] as const

test('the vectors of RFC 2268 section 5', (t) => {
  for (const [key, bits, clear, encrypted] of vectors) t.deepEqual(decryptRc2Block(expandRc2Key(bytes(key), bits), bytes(encrypted)), bytes(clear), `${key} ${bits}`)
})

test('what is no whole number of blocks, or has no padding, is no text', (t) => {
  const key = bytes('88bca90e 90875a7f 0f79c384 627bafb2')
  t.is(decryptRc2(key, 128, new Uint8Array(8), new Uint8Array(7)), undefined)
  t.is(decryptRc2(key, 128, new Uint8Array(8), new Uint8Array()), undefined)
  t.is(decryptRc2(key, 128, new Uint8Array(7), new Uint8Array(8)), undefined)
  t.is(decryptRc2(key, 128, new Uint8Array(8), bytes('2269552a b0f85ca6')), undefined, 'its last byte is 0')
})
