import test from 'ava'
import {
  buildCertRep, buildRequest, issueCertificate, openEnvelope, readCertificate, readCertificateSet, readCsr, readPkiMessage, verifyMessage,
} from '../../../protocol/scep/index.js'
import { january, modernCiphers, nextYear, random, requester, rootCa, someCsr, toCa, toRequester } from './support.js'

const nonce = random(16)

test('a PKCSReq reaches the server whole, and its CertRep SUCCESS the client', (t) => {
  const request = readPkiMessage(buildRequest({ messageType: 'PKCSReq', transactionId: 'abc', senderNonce: nonce, content: someCsr() }, toCa({ signingTime: january })))
  t.like(request, { messageType: 'PKCSReq', transactionId: 'abc', digest: 'sha256', hasEnvelope: true, signingTime: january })
  t.is(verifyMessage(request, request.certificates).fingerprint, requester.certificate.fingerprint)
  const { content } = openEnvelope(request, rootCa, { ciphers: modernCiphers, random })
  const csr = readCsr(content)
  t.like(csr, { subject: 'CN=printer,O=Example', challengePassword: 'secret', dnsNames: ['printer.example'], ipAddresses: ['192.0.2.7', '2001:db8::7'] })

  const issued = issueCertificate({ subject: csr.subjectDer, publicKey: csr.publicKey, issuer: rootCa, serial: '02', notBefore: january, notAfter: nextYear, digest: 'sha256' })
  const reply = readPkiMessage(buildCertRep({ status: 'SUCCESS', certificates: [issued] }, { ...toRequester(), transactionId: 'abc', recipientNonce: request.senderNonce! }))
  t.like(reply, { messageType: 'CertRep', status: 'SUCCESS', transactionId: 'abc' })
  t.deepEqual(reply.recipientNonce, nonce)
  verifyMessage(reply, rootCa.certificate)
  const [certificate] = readCertificateSet(openEnvelope(reply, requester, { ciphers: modernCiphers, random }).content).certificates
  t.is(readCertificate(certificate!).subject, 'CN=printer,O=Example')
})
