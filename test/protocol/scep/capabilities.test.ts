import fc from 'fast-check'
import test from 'ava'
import { readCapabilities, writeCapabilities } from '../../../protocol/scep/index.js'

const read = (text: string): readonly string[] => Object.entries(readCapabilities(Buffer.from(text))).filter(([, stated]) => stated).map(([name]) => name)

test('C-3: words count in any case, with CRLF, LF, spaces around and blank lines between', (t) => {
  t.deepEqual(read('aes\r\n\r\nSHA-256\n  posTPKIOperation \n\nrenewal'), ['aes', 'post', 'renewal', 'sha256'])
})

test('C-3: a word is whole or nothing: neither a part of a line, nor a line that holds it', (t) => {
  t.deepEqual(read('AES256\nSHA-2566\nNoRenewal\nRenewal please\nSHA1\n<html>AES</html>\nAES SHA-1'), [])
})

test('C-3: SCEPStandard implies AES, POSTPKIOperation and SHA-256, and nothing else', (t) => {
  t.deepEqual(read('SCEPStandard'), ['aes', 'post', 'sha256', 'standard'])
})

test('C-3: an empty answer, none at all and an HTML page state nothing', (t) => {
  t.deepEqual(read(''), [])
  t.deepEqual(readCapabilities(), readCapabilities(Buffer.from('<html>\n<body>Not Found</body>\n</html>')))
})

test('C-3: what stands behind the first 4096 bytes is not looked at', (t) => {
  t.deepEqual(read(`${'x\n'.repeat(2040)}AES\n`), ['aes'])
  t.deepEqual(read(`${'x\n'.repeat(2048)}AES\n`), [])
})

test('capabilities read back as written', (t) => {
  fc.assert(fc.property(fc.record({ aes: fc.boolean(), des3: fc.boolean(), getNextCaCert: fc.boolean(), post: fc.boolean(), renewal: fc.boolean(), sha1: fc.boolean(), sha256: fc.boolean(), sha512: fc.boolean() }), (stated) => {
    t.deepEqual(readCapabilities(writeCapabilities(stated)), { ...stated, standard: false })
  }))
})
