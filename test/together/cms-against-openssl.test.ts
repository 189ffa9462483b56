import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ava, { type ExecutionContext } from 'ava'
import { openEnvelopeBytes } from '../../protocol/scep/envelope.js'
import {
  buildCertRep, buildRequest, degenerate, issueCertificate, issueCrl, readPkiMessage, verifyMessage,
  type CipherName, type DigestName, type KeyTransport,
} from '../../protocol/scep/index.js'
import { readSignedData, verifySigner } from '../../protocol/scep/signed-data.js'
import { everyCipher, identity, january, nextYear, random, requester, rootCa, someCsr, toCa, toRequester } from '../protocol/scep/support.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { part } from '../support/parts.js'

const openssl = part('openssl')
const directory = mkdtempSync(join(tmpdir(), 'platen-cms-'))
ava.after.always(() => { rmSync(directory, { recursive: true }) })

const pem = (label: string, der: Uint8Array): string => `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END ${label}-----\n`
const place = (name: string): string => join(directory, name)
const put = (name: string, content: Uint8Array | string): string => {
  writeFileSync(place(name), content)
  return place(name)
}

/** Runs openssl and gives its standard output; its standard error is in the failure. */
function run(t: ExecutionContext, ...args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('openssl', args)
  if (status !== 0) t.fail(`openssl ${args.join(' ')}: ${stderr.toString()}`)
  return stdout
}

const files = {
  requester: put('requester.pem', pem('CERTIFICATE', requester.certificate.der)),
  requesterKey: put('requester.key', requester.privateKey.export({ format: 'pem', type: 'pkcs8' })),
  ca: put('ca.pem', pem('CERTIFICATE', rootCa.certificate.der)),
  caKey: put('ca.key', rootCa.privateKey.export({ format: 'pem', type: 'pkcs8' })),
}
const inJanuary = ['-attime', String(january / 1000 + 9)]

const digests: readonly DigestName[] = ['sha1', 'sha256', 'sha384', 'sha512']
const transports: Readonly<Record<KeyTransport, readonly string[]>> = {
  pkcs1: [],
  oaep: ['-keyopt', 'rsa_padding_mode:oaep'],
  'oaep-sha256': ['-keyopt', 'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256'],
}
const legacy = ['-provider', 'legacy', '-provider', 'default']
const ciphers: Readonly<Record<CipherName, readonly string[]>> = {
  'aes128-cbc': ['-aes128'],
  'aes192-cbc': ['-aes192'],
  'aes256-cbc': ['-aes256'],
  'des-ede3-cbc': ['-des3'],
  'des-cbc': [...legacy, '-des-cbc'],
}
const matrix = digests.flatMap((digest) => (Object.keys(ciphers) as CipherName[]).flatMap((cipher) =>
  (Object.keys(transports) as KeyTransport[]).map((keyTransport) => ({ digest, cipher, keyTransport }))))

openssl.test('openssl cms verifies and decrypts our requests: every digest, cipher and key transport', (t) => {
  const content = someCsr()
  for (const options of matrix) {
    const message = put('message', buildRequest({ messageType: 'PKCSReq', transactionId: '1', senderNonce: random(16), content }, toCa({ ...options, signingTime: january })))
    run(t, 'cms', '-verify', '-binary', '-inform', 'DER', '-in', message, '-CAfile', files.requester, '-purpose', 'any', ...inJanuary, '-out', place('envelope'))
    const opened = run(t, 'cms', '-decrypt', ...(options.cipher === 'des-cbc' ? legacy : []), '-binary', '-inform', 'DER', '-in', place('envelope'), '-recip', files.ca, '-inkey', files.caKey)
    t.deepEqual(opened, Buffer.from(content), JSON.stringify(options))
  }
})

openssl.test('we verify and decrypt what openssl cms makes: every digest, cipher and key transport', (t) => {
  const content = put('csr', someCsr())
  for (const { digest, cipher, keyTransport } of matrix) {
    run(t, 'cms', '-encrypt', '-binary', '-in', content, '-outform', 'DER', '-out', place('envelope'), ...ciphers[cipher], '-recip', files.ca, ...transports[keyTransport])
    run(t, 'cms', '-sign', '-binary', '-nodetach', '-in', place('envelope'), '-outform', 'DER', '-out', place('signed'), '-md', digest, '-signer', files.requester, '-inkey', files.requesterKey)
    const data = readSignedData(Uint8Array.from(readFileSync(place('signed'))), 'The message of openssl')
    verifySigner(data, data.signers[0]!, requester.certificate.publicKey, { allowSha1: true })
    t.like(data.signers[0], { digest })
    const opened = openEnvelopeBytes(data.content!, rootCa, { ciphers: everyCipher, random })
    t.like(opened, { cipher, keyTransport })
    t.deepEqual(Buffer.from(opened.content), readFileSync(content))
  }
})

openssl.test('openssl cms verifies our answers of every status, with and without certificates', (t) => {
  const common = { ...toRequester(), transactionId: '1', recipientNonce: random(16) }
  const replies = [
    buildCertRep({ status: 'SUCCESS', certificates: [rootCa.certificate.der] }, common),
    buildCertRep({ status: 'PENDING' }, { ...common, emptyContent: 'empty' }),
    buildCertRep({ status: 'FAILURE', failInfo: 'badRequest', failInfoText: 'no', ndes: { code: '-2146893792', text: 'no' } }, { ...common, emptyContent: 'zero-byte', includeSigner: false }),
  ]
  for (const reply of replies) {
    run(t, 'cms', '-verify', '-binary', '-inform', 'DER', '-in', put('reply', reply), '-certfile', files.ca, '-CAfile', files.ca, '-purpose', 'any', ...inJanuary)
    t.notThrows(() => verifyMessage(readPkiMessage(reply), rootCa.certificate))
  }
})

openssl.test('openssl req verifies our certificate request and shows what was asked for', (t) => {
  const text = run(t, 'req', '-verify', '-text', '-noout', '-inform', 'DER', '-in', put('csr', someCsr())).toString()
  t.regex(text, /Subject: O = Example, CN = printer\n/)
  t.regex(text, /challengePassword\s*:\s*secret\n/)
  t.regex(text, /DNS:printer\.example, IP Address:192\.0\.2\.7, IP Address:2001:DB8:0:0:0:0:0:7\n/)
  t.regex(text, /Key Usage: critical\s+Digital Signature, Key Encipherment\n/)
})

openssl.test('openssl verify accepts the chains we issue, and x509 shows them as meant', (t) => {
  const intermediate = identity('Intermediate', fixtureKeys.three, rootCa, { isCa: true, pathLength: 0, serial: '80ff01', keyUsage: ['keyCertSign', 'cRLSign'] })
  const leaf = issueCertificate({
    subject: { commonName: 'Drücker', organization: 'Example' }, publicKey: createPublicKey(fixtureKeys.two), issuer: intermediate, serial: '1234', notBefore: january, notAfter: Date.UTC(2055, 0, 1),
    digest: 'sha384', isCa: false, keyUsage: ['digitalSignature', 'keyEncipherment'], extendedKeyUsage: ['serverAuth', 'clientAuth'], dnsNames: ['printer.example'], ipAddresses: ['::1'],
  })
  const untrusted = put('intermediate.pem', pem('CERTIFICATE', intermediate.certificate.der))
  const file = put('leaf.pem', pem('CERTIFICATE', leaf))
  run(t, 'verify', '-x509_strict', '-purpose', 'sslserver', ...inJanuary, '-CAfile', files.ca, '-untrusted', untrusted, file)
  const text = run(t, 'x509', '-in', file, '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus_space').toString()
  t.regex(text, /Subject: O=Example, CN=Drücker\n/)
  t.regex(text, /Signature Algorithm: sha384WithRSAEncryption/)
  t.regex(text, /Not After : Jan {2}1 00:00:00 2055 GMT/)
  t.regex(text, /TLS Web Server Authentication, TLS Web Client Authentication/)
  t.regex(run(t, 'x509', '-in', untrusted, '-noout', '-text').toString(), /CA:TRUE, pathlen:0/)
})

openssl.test('openssl pkcs7 and crl read our sets of certificates and our lists', (t) => {
  const crl = issueCrl({ issuer: rootCa, thisUpdate: january, nextUpdate: nextYear, revoked: [{ serial: '80ff01', at: january }], digest: 'sha256' })
  const set = put('set', degenerate([rootCa.certificate.der, requester.certificate.der], [crl]))
  const shown = run(t, 'pkcs7', '-inform', 'DER', '-in', set, '-print_certs').toString()
  t.is(shown.match(/^subject=/gm)?.length, 2)
  t.regex(shown, /BEGIN X509 CRL/)
  const text = run(t, 'crl', '-inform', 'DER', '-in', put('crl', crl), '-CAfile', files.ca, '-text', '-noout').toString()
  t.regex(text, /Serial Number: 80FF01/)
})
