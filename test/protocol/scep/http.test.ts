import fc from 'fast-check'
import test from 'ava'
import { decodeOperation, encodeOperation } from '../../../protocol/scep/index.js'

const server = new URL('http://ca.example:8080/scep/path?old=1#part')
const target = (url: URL): string => url.pathname + url.search
/** Its base64 holds every character that gets lost on the way. */
const message = Uint8Array.from([0x30, 0xff, 0xbf, 0xfb, 0xef, 0xff, 0x00])

test('C-17: a message goes by POST with its media type and length; the path is kept', (t) => {
  t.deepEqual({ ...encodeOperation(server, 'PKIOperation', message), url: '' }, {
    method: 'POST', url: '', headers: { 'content-type': 'application/x-pki-message', 'content-length': '7' }, body: message,
  })
  t.is(encodeOperation(server, 'PKIOperation', message).url.href, 'http://ca.example:8080/scep/path?operation=PKIOperation')
})

test('C-17: by GET it is base64 of RFC 4648 section 4 with +, / and = escaped', (t) => {
  t.is(encodeOperation(server, 'PKIOperation', message, { post: false }).url.search, '?operation=PKIOperation&message=MP%2B%2F%2B%2B%2F%2FAA%3D%3D')
  t.is(encodeOperation(server, 'GetCACaps').url.search, '?operation=GetCACaps')
})

test('S-1: what was encoded is decoded, whichever way it went', (t) => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), (bytes, post) => {
    const { method, url, body } = encodeOperation(server, 'PKIOperation', bytes, { post })
    const decoded = decodeOperation(method, target(url), body)
    t.is(decoded.operation, 'PKIOperation')
    t.deepEqual(Buffer.from(decoded.message), Buffer.from(bytes))
  }))
})

for (const [name, written] of Object.entries({
  'escapes kept': 'MP%2B%2F%2B%2B%2F%2FAA%3D%3D',
  'no escapes': 'MP+/++//AA==',
  '+ turned into space': 'MP / %20//AA==',
  'base64url': 'MP-_--__AA',
  'no padding': 'MP+/++//AA',
  'line ends inside': 'MP+/%0D%0A++//%0AAA==',
  'white space around': '%20%0AMP+/++//AA==%20%0D%0A',
})) {
  test(`S-1: a message in the query is read: ${name}`, (t) => {
    t.deepEqual(Buffer.from(decodeOperation('GET', `/any/path?operation=PKIOperation&message=${written}`).message), Buffer.from(message))
  })
}

test('S-1: a plus at the very end is not taken for white space', (t) => {
  t.deepEqual([...decodeOperation('GET', '/?operation=PKIOperation&message=MP/ ').message], [0x30, 0xff, 0xfe])
})

test('S-1: the path is ignored, operations count in any case, and POST without one is a PKIOperation', (t) => {
  t.is(decodeOperation('GET', '/?operation=getcacaps').operation, 'GetCACaps')
  t.is(decodeOperation('GET', '/cgi-bin/pkiclient.exe?message=ca&operation=GetCACert').operation, 'GetCACert')
  t.deepEqual(decodeOperation('POST', '/x', message), { operation: 'PKIOperation', message })
})

test('S-1: other operations, no message, broken base64 and broken escapes are bad-response', (t) => {
  for (const bad of ['/', '/?operation=Delete', '/?operation=PKIOperation', '/?operation=PKIOperation&message=%%%', '/?operation=PKIOperation&message=a', '/?operation=PKIOperation&message=<a>', '/?operation=%zz']) {
    t.throws(() => decodeOperation('GET', bad), { code: 'bad-response' }, bad)
  }
  t.throws(() => decodeOperation('POST', '/?operation=PKIOperation', new Uint8Array()), { code: 'bad-response' })
})
