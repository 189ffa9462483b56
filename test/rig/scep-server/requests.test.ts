import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import test from 'ava'
import {
  buildIssuerAndSerial, buildIssuerAndSubject, buildRequest, issueCertificate, readCrl, readPkiMessage, sameBytes, verifyChain,
  type CipherName, type DigestName, type KeyTransport,
} from '../../../protocol/scep/index.js'
import { minutes } from '../../../protocol/time.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { rigServer } from '../../support/rig-server.js'
import { RawScepClient, selfSigned, type RequestChoices } from '../../support/raw-scep-client.js'

const spkiOf = (key: KeyObject): Uint8Array => createPublicKey(key).export({ format: 'der', type: 'spki' })

for (const ra of ['none', 'one', 'two'] as const) {
  test(`a PKCSReq gets a certificate for its key and names that leads to the CA (RA: ${ra})`, async (t) => {
    const { server, client } = await rigServer(t, { authority: { ra } })
    const sent = client.build({ dnsNames: ['printer.example', 'www.printer.example'] })
    const reply = await client.send(sent)
    t.is(reply.status, 'SUCCESS')
    t.true(client.isGenuine(reply))
    t.deepEqual(Buffer.from(reply.recipientNonce!), Buffer.from(sent.nonce))
    t.is(reply.transactionId, sent.transactionId)
    const certificate = client.certificate(reply)
    t.true(sameBytes(certificate.spki, spkiOf(fixtureKeys.four)))
    t.is(certificate.subject, 'CN=printer.example')
    t.deepEqual([...certificate.dnsNames], ['printer.example', 'www.printer.example'])
    t.notThrows(() => verifyChain(certificate, [], server.authority.ca, { at: Date.now() }))
    t.is(client.authority.top.fingerprint, server.fingerprint)
  })
}

test('S-2: a message of a type that no client sends is refused before its signature is looked at', async (t) => {
  const { server, client } = await rigServer(t)
  const broken = Uint8Array.from(client.build().bytes)
  broken[broken.length - 1]! ^= 1
  t.is((await client.call('PKIOperation', broken)).status, 200, 'a bad signature alone is answered with a CertRep')
  // messageType 19 becomes 18 (GetCertInitial of old drafts), and the signature is broken as well.
  const at = Buffer.from(broken).indexOf(Buffer.from([0x13, 0x02, 0x31, 0x39]))
  broken[at + 3] = 0x38
  t.is((await client.call('PKIOperation', broken)).status, 400)
  const reply = await client.call('PKIOperation', client.build().bytes)
  t.is((await client.call('PKIOperation', reply.body)).status, 400, 'a CertRep is no request')
  t.like(server.transcript.records.at(-1), { httpStatus: 400, messageType: 'CertRep' })
})

const digests: readonly DigestName[] = ['sha1', 'sha256', 'sha384', 'sha512']
const ciphers: readonly CipherName[] = ['aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'des-ede3-cbc', 'des-cbc']
const transports: readonly KeyTransport[] = ['pkcs1', 'oaep', 'oaep-sha256']

test('S-3: the reply is in the digest, the cipher and the key transport of the request', async (t) => {
  const { client } = await rigServer(t)
  for (const digest of digests) {
    for (const cipher of ciphers) {
      const keyTransport = transports[(digests.indexOf(digest) + ciphers.indexOf(cipher)) % transports.length]!
      const reply = await client.request({ digest, cipher, keyTransport })
      t.is(reply.digest, digest)
      const opened = client.open(reply)
      t.deepEqual([opened.cipher, opened.keyTransport], [cipher, keyTransport])
    }
  }
})

test('S-4: FAILURE carries failInfo and no envelope', async (t) => {
  const { client } = await rigServer(t, { challenge: { mode: 'static', password: 'open sesame' } })
  const reply = await client.request({ challenge: 'open barley' })
  t.like(reply, { status: 'FAILURE', failInfo: 'badRequest', hasEnvelope: false })
  t.true(client.isGenuine(reply))
})

test('S-4: PENDING carries no envelope, and a poll then gets the certificate', async (t) => {
  const { client } = await rigServer(t, { script: { faults: ['pending'] } })
  const sent = client.build()
  t.like(await client.send(sent), { status: 'PENDING', hasEnvelope: false, failInfo: undefined })
  const reply = await client.poll(sent)
  t.is(reply.status, 'SUCCESS')
  t.true(sameBytes(client.certificate(reply).spki, spkiOf(fixtureKeys.four)))
})

test('S-4: a poll for an unknown transaction, by another key, or for another subject is badCertId', async (t) => {
  const { server, client } = await rigServer(t, { script: { faults: ['pending'] } })
  const sent = client.build()
  t.like(await client.poll(sent), { status: 'FAILURE', failInfo: 'badCertId' })
  await client.send(sent)
  const other = await RawScepClient.open(server.url, fixtureKeys.one)
  t.like(await other.poll({ ...sent, signer: other.build().signer }), { status: 'FAILURE', failInfo: 'badCertId' })
  t.like(await client.poll(sent, 'other.example'), { status: 'FAILURE', failInfo: 'badCertId' })
  t.is((await client.poll(sent)).status, 'SUCCESS')
})

test('asking again after SUCCESS, by request or by poll, gets the same certificate again', async (t) => {
  const { client } = await rigServer(t)
  const sent = client.build()
  const first = client.certificate(await client.send(sent))
  t.is(client.certificate(await client.send(sent)).fingerprint, first.fingerprint)
  t.is(client.certificate(await client.poll(sent)).fingerprint, first.fingerprint)
  t.not(client.certificate(await client.request()).fingerprint, first.fingerprint)
})

test('the same transaction ID with another key is refused', async (t) => {
  const { server, client } = await rigServer(t)
  const { transactionId } = client.build()
  t.is((await client.request({ transactionId })).status, 'SUCCESS')
  const other = await RawScepClient.open(server.url, fixtureKeys.one)
  t.like(await other.request({ transactionId }), { status: 'FAILURE', failInfo: 'badRequest' })
})

test('a request with a broken signature, or signed by another key than it is for, is badMessageCheck', async (t) => {
  const { client } = await rigServer(t)
  const { bytes } = client.build()
  const broken = Uint8Array.from(bytes)
  broken[broken.length - 1]! ^= 1
  t.like(readPkiMessage((await client.call('PKIOperation', broken)).body), { status: 'FAILURE', failInfo: 'badMessageCheck' })
  const stranger = { privateKey: fixtureKeys.three, certificate: selfSigned(fixtureKeys.three, 'printer.example') }
  t.like(await client.request({ signer: stranger }), { status: 'FAILURE', failInfo: 'badMessageCheck' })
  const borrowed = { privateKey: fixtureKeys.three, certificate: selfSigned(fixtureKeys.four, 'printer.example') }
  t.like(await client.request({ signer: borrowed }), { status: 'FAILURE', failInfo: 'badMessageCheck' })
})

test('a request for a key that did not sign it is badRequest', async (t) => {
  const { client } = await rigServer(t)
  const content = Uint8Array.from(client.csr())
  content[content.length - 1]! ^= 1
  t.like(await client.request({ content }), { status: 'FAILURE', failInfo: 'badRequest' })
})

test('S-5: a static challenge must be the right one; missing and wrong ones are badRequest', async (t) => {
  const { client } = await rigServer(t, { challenge: { mode: 'static', password: 'open sesame' } })
  const outcome = async (choices: RequestChoices): Promise<string | undefined> => (await client.request(choices)).failInfo
  t.is(await outcome({}), 'badRequest')
  t.is(await outcome({ challenge: '' }), 'badRequest')
  t.is(await outcome({ challenge: 'open sesame ' }), 'badRequest')
  t.is(await outcome({ challenge: 'open sesame' }), undefined)
})

test('S-5: a one-time challenge works once, also when the first answer is PENDING, and a failure does not use it up', async (t) => {
  const { server, client } = await rigServer(t, { challenge: { mode: 'one-time', lifetime: minutes(1) }, script: { faults: [{ fault: 'fail', first: 1 }, 'pending'] } })
  const challenge = server.issueChallenge()
  t.is((await client.request({ challenge })).status, 'FAILURE')
  const sent = client.build({ challenge })
  t.is((await client.send(sent)).status, 'PENDING')
  t.is((await client.request({ challenge })).failInfo, 'badRequest')
  t.is((await client.poll(sent)).status, 'SUCCESS')
})

test('S-5: a wrong challenge and an envelope that cannot be decrypted are answered in the same shape, and neither early', async (t) => {
  const { server, client } = await rigServer(t, { challenge: { mode: 'static', password: 'open sesame' } })
  const wrong = await client.request({ challenge: 'open barley' })
  const ca = server.authority.ca
  const lookAlike = issueCertificate({ subject: ca.subjectDer, privateKey: fixtureKeys.three, serial: ca.serial, notBefore: ca.notBefore, notAfter: ca.notAfter, digest: 'sha256' })
  const { signer, transactionId } = client.build()
  const random = (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(count))
  const undecryptable = readPkiMessage((await client.call('PKIOperation', buildRequest(
    { messageType: 'PKCSReq', transactionId, senderNonce: randomBytes(16), content: client.csr() },
    { signer, recipient: lookAlike, digest: 'sha256', cipher: 'aes128-cbc', keyTransport: 'pkcs1', random },
  ))).body)
  const shape = (reply: typeof wrong): unknown => [reply.status, reply.failInfo, reply.failInfoText, reply.ndes, reply.hasEnvelope, reply.certificates.length, reply.digest]
  t.deepEqual(shape(undecryptable), shape(wrong))
  t.is(wrong.failInfo, 'badRequest')
  for (const { at, answerBytes } of server.transcript.records.slice(-2)) {
    t.true(at.sent! - at.body >= 25)
    t.is(answerBytes, server.transcript.records.at(-1)!.answerBytes)
  }
})

test('a renewal signed by a valid certificate of this CA needs no challenge; by any other signer it is refused', async (t) => {
  const { server, client } = await rigServer(t, { challenge: { mode: 'static', password: 'open sesame' } })
  const old = client.certificate(await client.request({ challenge: 'open sesame' }))
  const signer = { privateKey: fixtureKeys.four, certificate: old.der }
  const next = await RawScepClient.open(server.url, fixtureKeys.three)
  const reply = await next.request({ messageType: 'RenewalReq', signer })
  t.is(reply.status, 'SUCCESS')
  t.true(sameBytes(next.certificate(reply, signer).spki, spkiOf(fixtureKeys.three)), 'encrypted to the old key (C-6)')
  t.is((await next.request({ messageType: 'RenewalReq' })).failInfo, 'badRequest')
  t.is((await next.request({ signer })).failInfo, 'badRequest', 'a PKCSReq by the old certificate still needs the challenge')
  t.is((await next.request({ signer, challenge: 'open sesame' })).status, 'SUCCESS')
  server.authority.revoke(old.serial)
  t.is((await next.request({ messageType: 'RenewalReq', signer })).failInfo, 'badMessageCheck')
})

test('a renewal may keep the transaction ID of what it renews', async (t) => {
  const { client } = await rigServer(t)
  const sent = client.build()
  const old = client.certificate(await client.send(sent))
  const renewed = await client.request({ messageType: 'RenewalReq', transactionId: sent.transactionId, signer: { privateKey: fixtureKeys.four, certificate: old.der } })
  t.not(client.certificate(renewed).serial, old.serial)
})

test('GetCert finds what was issued by serial number, and nothing else', async (t) => {
  const { server, client } = await rigServer(t)
  const issued = client.certificate(await client.request())
  const get = (serial: string, issuer = server.authority.ca.subjectDer): ReturnType<RawScepClient['request']> =>
    client.request({ messageType: 'GetCert', content: buildIssuerAndSerial(issuer, serial) })
  t.is(client.certificate(await get(issued.serial)).fingerprint, issued.fingerprint)
  t.is((await get('1234')).failInfo, 'badCertId')
  t.is((await get(issued.serial, issued.subjectDer)).failInfo, 'badCertId')
})

test('GetCRL gives a list signed by the CA with what was revoked', async (t) => {
  const { server, client } = await rigServer(t, { authority: { ra: 'one' } })
  const issued = client.certificate(await client.request())
  server.authority.revoke(issued.serial)
  const reply = await client.request({ messageType: 'GetCRL', content: buildIssuerAndSerial(server.authority.ca.subjectDer, issued.serial) })
  const [crl] = client.open(reply).crls
  t.deepEqual(readCrl(crl!, server.authority.ca).revoked.map(({ serial }) => serial), [issued.serial])
  const strange = await client.request({ messageType: 'GetCRL', content: buildIssuerAndSerial(issued.subjectDer, issued.serial) })
  t.is(strange.failInfo, 'badCertId')
})

test('content of another kind than the message type asks for is badRequest', async (t) => {
  const { server, client } = await rigServer(t)
  const subjects = buildIssuerAndSubject(server.authority.ca.subjectDer, server.authority.ca.subjectDer)
  t.is((await client.request({ content: subjects })).failInfo, 'badRequest')
  for (const messageType of ['CertPoll', 'GetCert', 'GetCRL'] as const) t.is((await client.request({ messageType, content: client.csr() })).failInfo, 'badRequest', messageType)
})
