import { createPublicKey } from 'node:crypto'
import test from 'ava'
import { readCertificate, sameBytes, verifyChain } from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { rigServer } from '../../support/rig-server.js'

const publicBytes = createPublicKey(fixtureKeys.four).export({ format: 'der', type: 'spki' })

test('a PKCSReq is answered with a certificate for its key and names that leads to the CA', async (t) => {
  const { server, client } = await rigServer(t)
  const sent = client.build({ dnsNames: ['printer.example', 'www.printer.example'] })
  const reply = await client.send(sent)
  t.is(reply.status, 'SUCCESS')
  t.true(client.isGenuine(reply))
  t.deepEqual(Buffer.from(reply.recipientNonce!), Buffer.from(sent.nonce))
  t.is(reply.transactionId, sent.transactionId)
  const certificate = client.certificate(reply)
  t.true(sameBytes(certificate.spki, publicBytes))
  t.deepEqual([...certificate.dnsNames], ['printer.example', 'www.printer.example'])
  t.notThrows(() => verifyChain(certificate, [], readCertificate(server.authority.ca.der), { at: Date.now() }))
  t.is(client.authority.top.fingerprint, server.fingerprint)
})
