import test from 'ava'
import fc from 'fast-check'
import { certificateOfPem, certificatePem, certificatesOfPem, crlPem, crlsOfPem, pemBlocks } from '../../protocol/pem.js'

test('a PEM text has lines of at most 64 characters and none is empty, whatever the length (a certificate of 768 bytes was refused)', (t) => {
  for (const length of [1, 47, 48, 49, 767, 768, 769]) {
    const lines = certificatePem(new Uint8Array(length)).trimEnd().split('\n')
    t.true(lines.every((line) => line.length > 0 && line.length <= 64), `${length} bytes`)
  }
})

test('what was written as PEM is read back', (t) => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (der) => {
    t.deepEqual(certificateOfPem(certificatePem(der)), new Uint8Array(der))
  }))
})

test('a text without a certificate gives none', (t) => {
  t.is(certificateOfPem('no PEM'), undefined)
})

test('blocks of any kind are told apart, text between them is passed over, and a block that is not base64 says so', (t) => {
  const der = Uint8Array.of(0x30, 0x01, 0x02)
  const text = `Bag Attributes\n    friendlyName: x\n${certificatePem(der)}subject=x\n${crlPem(der)}-----BEGIN PRIVATE KEY-----\n???\n-----END PRIVATE KEY-----\n`
  t.deepEqual(pemBlocks(text), [{ label: 'CERTIFICATE', der }, { label: 'X509 CRL', der }, { label: 'PRIVATE KEY', der: undefined }])
  t.deepEqual(crlsOfPem(text), [der])
  t.deepEqual(certificatesOfPem(text), [der])
  t.deepEqual(pemBlocks('-----BEGIN CERTIFICATE-----\nMAEC\n-----END X509 CRL-----'), [])
})
