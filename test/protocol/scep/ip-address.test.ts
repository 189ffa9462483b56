import { isIP } from 'node:net'
import fc from 'fast-check'
import test from 'ava'
import { ipAddressBytes, ipAddressText } from '../../../protocol/scep/index.js'

test('addresses of both kinds survive bytes and back, and node agrees that they are addresses', (t) => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })), (bytes) => {
    const text = ipAddressText(bytes)!
    t.is(isIP(text), bytes.length === 4 ? 4 : 6)
    t.deepEqual([...ipAddressBytes(text)!], [...bytes])
  }))
})

test('what is no address to node is none to us, and the other way round', (t) => {
  const piece = fc.constantFrom('0', '1', '255', '256', '01', 'ff', 'fffff', ':', '::', '.', '', 'g', ' ', '192.0.2.1')
  fc.assert(fc.property(fc.oneof(fc.array(piece, { maxLength: 17 }).map((parts) => parts.join('')), fc.ipV4(), fc.ipV6()), (text) => {
    t.is(ipAddressBytes(text) !== undefined, isIP(text) !== 0, text)
  }), { numRuns: 2000 })
})

test('IPv6 is shown as RFC 5952 section 4 asks', (t) => {
  for (const [written, shown] of [['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['0:0:0:0:0:0:0:0', '::'], ['::1', '::1'], ['2001:DB8::', '2001:db8::'], ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'], ['::ffff:192.0.2.1', '::ffff:c000:201']] as const) {
    t.is(ipAddressText(ipAddressBytes(written)!), shown)
  }
  t.is(ipAddressText(Uint8Array.of(1, 2, 3)), undefined)
})
