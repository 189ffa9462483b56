import { createHash, sign } from 'node:crypto'
import fc from 'fast-check'
import * as pkijs from 'pkijs'
import test from 'ava'
import {
  buildCertRep, buildIssuerAndSerial, buildIssuerAndSubject, buildRequest, degenerate, failInfos, issueCertificate, issueCrl, openEnvelope, readCertificate, readCertificateSet, readCrl, readCsr,
  readIssuerAndSerial, readIssuerAndSubject, readPkiMessage, verifyMessage, type CertRepFields, type CertRepOptions, type FailInfo, type RequestType,
} from '../../../protocol/scep/index.js'
import * as der from '../../../protocol/der.js'
import { attribute, signData } from '../../../protocol/scep/signed-data.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { identity, january, modernCiphers, nextYear, random, requester, rootCa, someCsr, toCa, toRequester } from './support.js'

const nonce = random(16)
const rules = { ciphers: modernCiphers, random }
const request = (options: Parameters<typeof toCa>[0] = {}, messageType: RequestType = 'PKCSReq'): Uint8Array => buildRequest({ messageType, transactionId: 'abc', senderNonce: nonce, content: someCsr() }, toCa(options))
const reply = (fields: CertRepFields, options: Partial<CertRepOptions> = {}): Uint8Array => buildCertRep(fields, { ...toRequester(), transactionId: 'abc', recipientNonce: nonce, ...options })
const success = { status: 'SUCCESS', certificates: [rootCa.certificate.der] } as const

test('a PKCSReq reaches the server whole, and its CertRep SUCCESS the client', (t) => {
  const received = readPkiMessage(request({ signingTime: january }))
  t.like(received, { messageType: 'PKCSReq', transactionId: 'abc', digest: 'sha256', hasEnvelope: true, signingTime: january })
  t.is(verifyMessage(received, received.certificates).fingerprint, requester.certificate.fingerprint)
  const csr = readCsr(openEnvelope(received, rootCa, rules).content)
  t.like(csr, { subject: 'CN=printer,O=Example', challengePassword: 'secret', dnsNames: ['printer.example'], ipAddresses: ['192.0.2.7', '2001:db8::7'] })

  const issued = issueCertificate({ subject: csr.subjectDer, publicKey: csr.publicKey, issuer: rootCa, serial: '02', notBefore: january, notAfter: nextYear, digest: 'sha256' })
  const answer = readPkiMessage(reply({ status: 'SUCCESS', certificates: [issued] }, { recipientNonce: received.senderNonce! }))
  t.like(answer, { messageType: 'CertRep', status: 'SUCCESS', transactionId: 'abc' })
  t.deepEqual(answer.recipientNonce, nonce)
  verifyMessage(answer, rootCa.certificate)
  const [certificate] = readCertificateSet(openEnvelope(answer, requester, rules).content).certificates
  t.is(readCertificate(certificate!).subject, 'CN=printer,O=Example')
})

test('C-6: a request carries the certificate of its signer', (t) => {
  t.deepEqual(readPkiMessage(request()).certificates.map((bytes) => readCertificate(bytes).fingerprint), [requester.certificate.fingerprint])
})

test('C-6: a renewal is signed by the current certificate, and its reply opens with the old key only', (t) => {
  const current = identity('printer', fixtureKeys.three, rootCa, { serial: '05' })
  const received = readPkiMessage(request({ signer: current }, 'RenewalReq'))
  t.is(received.messageType, 'RenewalReq')
  t.is(verifyMessage(received, received.certificates).serial, '05')
  const answer = readPkiMessage(reply(success, { recipient: received.certificates[0]! }))
  t.notThrows(() => openEnvelope(answer, current, rules))
  t.throws(() => openEnvelope(answer, requester, rules), { code: 'undecryptable' })
})

test('C-8: nonces and their absence are told as they are', (t) => {
  const none = readPkiMessage(buildCertRep({ status: 'PENDING' }, { ...toRequester(), transactionId: 'abc' }))
  t.is(none.senderNonce, undefined)
  t.is(none.recipientNonce, undefined)
  const short = readPkiMessage(reply({ status: 'PENDING' }, { recipientNonce: Uint8Array.of(1, 2), senderNonce: nonce }))
  t.deepEqual([...short.recipientNonce!], [1, 2])
  t.deepEqual(short.senderNonce, nonce)
})

test('C-9: a message is read without being believed: verifying and decrypting are steps of their own', (t) => {
  const foreign = identity('Root', fixtureKeys.four, undefined, { isCa: true })
  const message = readPkiMessage(reply(success, { signer: foreign }))
  t.is(message.certificates.length, 1)
  t.throws(() => verifyMessage(message, rootCa.certificate), { code: 'signature-invalid' })
})

test('C-10: without certificates inside, the set from GetCACert verifies; the match is by key, not by name', (t) => {
  const message = readPkiMessage(reply({ status: 'PENDING' }, { includeSigner: false }))
  t.deepEqual(message.certificates, [])
  const renamed = identity('Another name', fixtureKeys.one, undefined, { serial: '99' })
  t.is(verifyMessage(message, [requester.certificate, renamed.certificate]).subject, 'CN=Another name')
  const lookAlike = identity('Root', fixtureKeys.four, undefined, { isCa: true, keyUsage: ['keyCertSign', 'cRLSign', 'digitalSignature', 'keyEncipherment'] })
  t.throws(() => verifyMessage(message, [lookAlike.certificate]), { code: 'signature-invalid' })
  t.throws(() => verifyMessage(message, []), { code: 'signature-invalid' })
})

for (const emptyContent of ['absent', 'empty', 'zero-byte'] as const) {
  test(`C-12: FAILURE and PENDING are read when their content is ${emptyContent}`, (t) => {
    for (const fields of [{ status: 'PENDING' }, { status: 'FAILURE', failInfo: 'badRequest' }] as const) {
      const message = readPkiMessage(reply(fields, { emptyContent }))
      t.like(message, { ...fields, hasEnvelope: false })
      t.notThrows(() => verifyMessage(message, rootCa.certificate))
      t.throws(() => openEnvelope(message, requester, rules), { code: 'bad-response' })
    }
  })
}

test('S-4: every failInfo comes through, with text and what NDES adds', (t) => {
  for (const failInfo of Object.keys(failInfos) as FailInfo[]) {
    const fields = { status: 'FAILURE', failInfo, failInfoText: 'Zertifikat für später', ndes: { code: '-2146893792', text: 'The password is used up' } } as const
    t.like(readPkiMessage(reply(fields)), { ...fields, hasEnvelope: false })
  }
})

test('S-2: other message types, and statuses of no standard, are bad-response', (t) => {
  const with_ = (...attributes: readonly Uint8Array[]): Uint8Array => signData(undefined, { signer: rootCa, digest: 'sha256', attributes, certificates: [] })
  const type = (value: string): Uint8Array => attribute('2.16.840.1.113733.1.9.2', der.printableString(value))
  const status = (value: string): Uint8Array => attribute('2.16.840.1.113733.1.9.3', der.printableString(value))
  for (const bad of [with_(), with_(type('0')), with_(type('18')), with_(type('019')), with_(type('3')), with_(type('3'), status('1')), with_(type('3'), status('00'))]) {
    t.throws(() => readPkiMessage(bad), { code: 'bad-response' })
  }
  t.like(readPkiMessage(with_(type('3'), status('2'))), { status: 'FAILURE', failInfo: undefined })
})

test('a repeated attribute, no signed attributes, and no signer are bad-response', (t) => {
  const type = attribute('2.16.840.1.113733.1.9.2', der.printableString('19'))
  t.throws(() => readPkiMessage(signData(undefined, { signer: rootCa, digest: 'sha256', attributes: [type, type], certificates: [] })), { code: 'bad-response' })
  t.throws(() => readPkiMessage(degenerate([rootCa.certificate.der])), { code: 'bad-response' })
})

test('C-13, C-21: CertPoll, GetCert and GetCRL carry issuer with subject or serial, and a CRL comes back', (t) => {
  const { subjectDer } = rootCa.certificate
  const poll = readIssuerAndSubject(buildIssuerAndSubject(subjectDer, requester.certificate.subjectDer))
  t.deepEqual([poll.issuer.text, poll.subject.text], ['CN=Root', 'CN=printer'])
  const query = readIssuerAndSerial(buildIssuerAndSerial(subjectDer, '80ff01'))
  t.deepEqual([query.issuer.text, query.serial], ['CN=Root', '80ff01'])
  for (const messageType of ['CertPoll', 'GetCert', 'GetCRL'] as const) t.is(readPkiMessage(request({}, messageType)).messageType, messageType)

  const crl = issueCrl({ issuer: rootCa, thisUpdate: january, nextUpdate: nextYear, revoked: [{ serial: '80ff01', at: january }, { serial: '07', at: nextYear }], digest: 'sha256' })
  const message = readPkiMessage(reply({ status: 'SUCCESS', certificates: [], crls: [crl] }))
  const { certificates, crls } = readCertificateSet(openEnvelope(message, requester, rules).content)
  t.is(certificates.length, 0)
  t.like(readCrl(crls[0]!, rootCa.certificate), { thisUpdate: january, nextUpdate: nextYear, revoked: [{ serial: '80ff01', at: january }, { serial: '07', at: nextYear }] })
  t.throws(() => readCrl(crls[0]!, requester.certificate), { code: 'signature-invalid' })
})

test('C-18: our signed attributes are in DER order, and another order is accepted', (t) => {
  const orderOf = (bytes: Uint8Array): readonly Uint8Array[] => {
    const [signed] = readPkiMessage(bytes).signerInfo.signedForms
    return [signed!, der.setOf(splitSet(signed!))]
  }
  const [ours, sorted] = orderOf(reply(success))
  t.deepEqual(ours, sorted)
  const [unsorted, resorted] = orderOf(reply(success, { unsortedAttributes: true }))
  t.notDeepEqual(unsorted, resorted)
  t.notThrows(() => verifyMessage(readPkiMessage(reply(success, { unsortedAttributes: true })), rootCa.certificate))
})

function splitSet(set: Uint8Array): readonly Uint8Array[] {
  const members: Uint8Array[] = []
  for (let offset = set[1]! >= 0x80 ? 2 + (set[1]! & 0x7f) : 2; offset < set.length;) {
    const long = set[offset + 1]! >= 0x80
    const end = offset + (long ? 3 + set[offset + 2]! : 2 + set[offset + 1]!)
    members.push(set.subarray(offset, end))
    offset = end
  }
  return members
}

test('C-18: a signature over the sorted attributes counts although they came unsorted', (t) => {
  const bytes = Buffer.from(reply({ status: 'PENDING' }, { unsortedAttributes: true }))
  const { signerInfo } = readPkiMessage(bytes)
  const [, inDer] = signerInfo.signedForms
  bytes.set(sign('sha256', inDer!, rootCa.privateKey), bytes.indexOf(signerInfo.signature))
  t.notThrows(() => verifyMessage(readPkiMessage(bytes), rootCa.certificate))
})

test('a message whose content or attributes were changed does not verify', (t) => {
  const good = Buffer.from(reply(success, { includeSigner: false }))
  const { signedData } = readPkiMessage(good)
  const inside = good.indexOf(signedData.content!) + 100
  const outside = good.indexOf(Buffer.from('abc'))
  const other = good.indexOf(nonce)
  for (const at of [inside, outside, other]) {
    const changed = Buffer.from(good)
    changed[at]! ^= 1
    t.throws(() => verifyMessage(readPkiMessage(changed), rootCa.certificate), { code: 'signature-invalid' })
  }
})

test('a valid signature over attributes for other content is refused', (t) => {
  const mine = Buffer.from(reply({ status: 'PENDING' }, { emptyContent: 'zero-byte' }))
  mine[mine.indexOf(Buffer.from('a003040100', 'hex')) + 4] = 1
  t.throws(() => verifyMessage(readPkiMessage(mine), rootCa.certificate), { code: 'signature-invalid', message: /content/ })
})

test('C-1: SHA-1 is read by permission only, and named when it is not', (t) => {
  const message = readPkiMessage(reply(success, { digest: 'sha1' }))
  t.like(t.throws(() => verifyMessage(message, rootCa.certificate), { code: 'quirk-refused' }), { facts: { quirk: 'sha1-reply' } })
  t.notThrows(() => verifyMessage(message, rootCa.certificate, { allowSha1: true }))
})

test('C-1: MD5 is refused by name', (t) => {
  const bytes = Buffer.from(reply(success, { digest: 'sha256' }))
  const sha256 = Buffer.from('0609608648016503040201', 'hex')
  const md5 = Buffer.from('0609608648016503040202', 'hex')
  bytes.set(md5.with(10, 0x0a), bytes.lastIndexOf(sha256))
  t.throws(() => readPkiMessage(bytes), { code: 'algorithm-refused' })
})

test('C-22: signingTime is left out when there is none to give', (t) => {
  t.is(readPkiMessage(request()).signingTime, undefined)
  t.is(readPkiMessage(request({ signingTime: 0 })).signingTime, 0)
})

test('every digest signs and verifies, and transaction IDs are kept to the letter', (t) => {
  const id = fc.stringMatching(/^[A-Za-z0-9+/=]{1,64}$/)
  fc.assert(fc.property(id, fc.constantFrom('sha256', 'sha384', 'sha512'), fc.uint8Array({ minLength: 16, maxLength: 16 }), (transactionId, digest, senderNonce) => {
    const message = readPkiMessage(buildRequest({ messageType: 'PKCSReq', transactionId, senderNonce, content: someCsr() }, toCa({ digest })))
    t.like(message, { transactionId, digest })
    t.deepEqual(Buffer.from(message.senderNonce!), Buffer.from(senderNonce))
    t.notThrows(() => verifyMessage(message, requester.certificate))
  }), { numRuns: 20 })
})

test('pkijs reads our message and finds the digest we signed', (t) => {
  const bytes = Uint8Array.from(request())
  const data = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(bytes).content })
  t.is(data.signerInfos.length, 1)
  const content = data.encapContentInfo.eContent!.getValue()
  const stated = data.signerInfos[0]!.signedAttrs!.attributes.find(({ type }) => type === '1.2.840.113549.1.9.4')!
  t.is(Buffer.from((stated.values as { valueBlock: { valueHexView: Uint8Array } }[])[0]!.valueBlock.valueHexView).toString('hex'), createHash('sha256').update(new Uint8Array(content)).digest('hex'))
})
