import { readFileSync } from 'node:fs'
import test from 'ava'
import {
  chooseAuthority, readCaCertificates, readCapabilities, readCertificate, readCertificateSet, readCrl, readCsr,
  openEnvelope, readPkiMessage, verifyChain, verifyMessage, type CipherName,
} from '../../../protocol/scep/index.js'
import { openEnvelopeBytes } from '../../../protocol/scep/envelope.js'
import { readSignedData, verifySigner } from '../../../protocol/scep/signed-data.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { everyCipher, modernCiphers, random } from './support.js'

const vector = (name: string): Uint8Array => Uint8Array.from(readFileSync(`test/vectors/${name}`))
const openssl = (name: string): Uint8Array => vector(`openssl/${name}.der`)
const made = Date.UTC(2026, 11, 1)

const root = readCertificate(openssl('root'))
const ra = { certificate: readCertificate(openssl('ra')), privateKey: fixtureKeys.three }

test('certificates of OpenSSL are read as it shows them', (t) => {
  t.like(root, { subject: 'CN=Root,O=Example', issuer: 'CN=Root,O=Example', isCa: true, pathLength: undefined, extendedKeyUsage: undefined })
  t.deepEqual([...root.keyUsage!], ['keyCertSign', 'cRLSign'])
  t.like(ra.certificate, { subject: 'CN=RA,O=Example', serial: '80ff01', isCa: false })
  t.deepEqual([...ra.certificate.keyUsage!], ['digitalSignature', 'keyEncipherment'])
  t.is(ra.certificate.notAfter - ra.certificate.notBefore, 3650 * 86_400_000)
  t.deepEqual(verifyChain(ra.certificate, [], root, { at: made }).map(({ subject }) => subject), ['CN=RA,O=Example', 'CN=Root,O=Example'])
})

test('a certificate request of OpenSSL is read with its challenge, names and UTF-8', (t) => {
  const csr = readCsr(openssl('csr'))
  t.like(csr, { subject: 'CN=printer.example,O=Exämple', challengePassword: 'secret-1', dnsNames: ['printer.example'], ipAddresses: ['192.0.2.7', '2001:db8::7'], digest: 'sha256' })
  t.deepEqual([...csr.keyUsage!], ['digitalSignature', 'keyEncipherment'])
})

const envelopes: Readonly<Record<string, readonly [CipherName, string]>> = {
  'aes128-pkcs1': ['aes128-cbc', 'pkcs1'],
  'aes256-oaep': ['aes256-cbc', 'oaep'],
  'aes192-oaep-sha256': ['aes192-cbc', 'oaep-sha256'],
  'des3-pkcs1': ['des-ede3-cbc', 'pkcs1'],
  'des-pkcs1': ['des-cbc', 'pkcs1'],
  'aes128-keyid': ['aes128-cbc', 'pkcs1'],
  'aes128-indefinite': ['aes128-cbc', 'pkcs1'],
}
for (const [name, [cipher, keyTransport]] of Object.entries(envelopes)) {
  test(`C-15: the envelope ${name} of OpenSSL opens`, (t) => {
    const opened = openEnvelopeBytes(openssl(name), ra, { ciphers: everyCipher, random })
    t.like(opened, { cipher, keyTransport })
    t.deepEqual(Buffer.from(opened.content), Buffer.from(openssl('csr')))
  })
}

for (const [name, digest] of [['sha256', 'sha256'], ['sha512-keyid', 'sha512'], ['sha1-no-certificates', 'sha1'], ['sha384-indefinite', 'sha384'], ['without-attributes', 'sha256']] as const) {
  test(`C-18: the signature ${name} of OpenSSL verifies, and not with another key`, (t) => {
    const data = readSignedData(openssl(`signed-${name}`), 'The vector')
    const [signer] = data.signers
    t.is(signer!.digest, digest)
    t.deepEqual(Buffer.from(data.content!), Buffer.from(openssl('aes128-pkcs1')))
    t.notThrows(() => verifySigner(data, signer!, ra.certificate.publicKey, { allowSha1: true }))
    t.throws(() => verifySigner(data, signer!, root.publicKey, { allowSha1: true }), { code: 'signature-invalid' })
  })
}

test('C-5: a set of certificates of OpenSSL gives the roles', (t) => {
  const certificates = readCaCertificates(vector('openssl/certificates.p7b'))
  const { top, issuer, encryption, signers } = chooseAuthority(certificates)
  t.deepEqual([top, issuer, encryption, signers[0]!].map(({ subject }) => subject), ['CN=Root,O=Example', 'CN=Root,O=Example', 'CN=RA,O=Example', 'CN=RA,O=Example'])
})

test('C-21: a CRL of OpenSSL is read and verified', (t) => {
  const crl = readCrl(openssl('crl'), root)
  t.deepEqual(crl.revoked.map(({ serial }) => serial), ['80ff01'])
  t.throws(() => readCrl(openssl('crl'), ra.certificate), { code: 'signature-invalid' })
})

test('C-3, C-5: micromdm states its capabilities with LF, and its CA without digitalSignature serves for everything', (t) => {
  t.like(readCapabilities(vector('micromdm/get-ca-caps.txt')), { aes: true, des3: true, post: true, renewal: true, sha1: true, sha256: true, sha512: false, standard: true, getNextCaCert: false })
  const { top, encryption, signers } = chooseAuthority(readCaCertificates(vector('micromdm/get-ca-cert.der')))
  t.is(top.subject, 'OU=Test,O=Example,C=US')
  t.is(encryption, top)
  t.deepEqual(signers, [top])
})

test('des-reply, sha1-reply: a real answer of micromdm needs both quirks, and names the one that is off', (t) => {
  const { top, signers } = chooseAuthority(readCaCertificates(vector('micromdm/get-ca-cert.der')))
  const holder = { certificate: vector('micromdm/self-signed.der'), privateKey: fixtureKeys.two }
  const message = readPkiMessage(vector('micromdm/success.der'))
  t.like(message, { messageType: 'CertRep', status: 'SUCCESS', transactionId: 'printer-success', digest: 'sha1', hasEnvelope: true })
  t.like(t.throws(() => verifyMessage(message, signers), { code: 'quirk-refused' }), { facts: { quirk: 'sha1-reply' } })
  verifyMessage(message, signers, { allowSha1: true })
  t.like(t.throws(() => openEnvelope(message, holder, { ciphers: modernCiphers, random }), { code: 'quirk-refused' }), { facts: { quirk: 'des-reply' } })
  const { content, cipher } = openEnvelope(message, holder, { ciphers: everyCipher, random })
  t.is(cipher, 'des-cbc')
  const issued = readCertificateSet(content).certificates.map(readCertificate)
  t.like(issued[0], { subject: 'CN=printer.example,O=Example', dnsNames: ['printer.example'], ipAddresses: ['192.0.2.7', '2001:db8::7'] })
  t.is(verifyChain(issued[0]!, issued, top, { at: made }).length, 2)
})

test('a real FAILURE of micromdm is read', (t) => {
  const message = readPkiMessage(vector('micromdm/failure.der'))
  t.like(message, { status: 'FAILURE', failInfo: 'badRequest', hasEnvelope: false, transactionId: 'printer-failure' })
})
