import { createPublicKey } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { checkScript, faultKinds, type FaultName } from '../../../rig/scep-server/index.js'
import { mediaTypes, readCaCertificates, readCapabilities, readCertificate, readNextCaCertificates, readPkiMessage, sameBytes, type PkiMessage } from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { rigServer } from '../../support/rig-server.js'
import { broken, selfSigned, type RawScepClient, type Sent } from '../../support/raw-scep-client.js'
import type { ScepServer } from '../../../rig/scep-server/index.js'

interface Bench {
  readonly server: ScepServer
  readonly client: RawScepClient
  readonly sent: Sent
  /** Sends the prepared request, gives the reply whatever it is worth. */
  readonly reply: () => Promise<PkiMessage>
}

type Proof = (t: ExecutionContext, bench: Bench) => Promise<unknown>

const ours = createPublicKey(fixtureKeys.four).export({ format: 'der', type: 'spki' })
const took = ({ server }: Bench): number => {
  const { at } = server.transcript.records.at(-1)!
  return at.sent! - at.firstByte
}

/** One raw exchange per fault that shows it, and that nothing else is wrong with the answer. */
const proofs: Readonly<Record<FaultName, { readonly options?: object; readonly proof: Proof }>> = {
  'refuse': { proof: async (t, { client }) => t.is(await broken(client.call('GetCACaps')), 'ECONNRESET') },
  'reset': { proof: async (t, { client }) => t.is(await broken(client.call('GetCACaps')), 'ECONNRESET') },
  'delay': {
    options: { seconds: 0.05 },
    proof: async (t, bench) => {
      t.is((await bench.reply()).status, 'SUCCESS')
      t.true(took(bench) >= 50)
    },
  },
  'slow-body': {
    options: { seconds: [0.05, 0.06], pieces: 5 },
    proof: async (t, bench) => {
      t.true(bench.client.isGenuine(await bench.reply()))
      t.true(took(bench) >= 50)
    },
  },
  'half-reply': { proof: async (t, { client }) => t.regex(await broken(client.call('GetCACert')), /ECONNRESET|aborted/) },
  'http-status': {
    options: { status: 503, retryAfter: 7 },
    proof: async (t, { client }) => {
      const { status, headers } = await client.call('GetCACaps')
      t.deepEqual([status, headers['retry-after']], [503, '7'])
    },
  },
  'redirect': {
    options: { to: 'http://127.0.0.1:9/x' },
    proof: async (t, { client }) => {
      const { status, headers } = await client.call('GetCACaps')
      t.deepEqual([status, headers['location']], [302, 'http://127.0.0.1:9/x'])
    },
  },
  'wrong-mime': {
    proof: async (t, { client, sent }) => {
      const { headers, body } = await client.call('PKIOperation', sent.bytes)
      t.not(headers['content-type'], mediaTypes.message)
      t.is(readPkiMessage(body).status, 'SUCCESS')
    },
  },
  'html-caps': {
    proof: async (t, { client }) => {
      const { headers, body } = await client.call('GetCACaps')
      t.is(headers['content-type'], 'text/html')
      t.false(readCapabilities(body).aes)
    },
  },
  'empty-caps': { proof: async (t, { client }) => t.is((await client.call('GetCACaps')).body.length, 0) },
  'blank-line-caps': {
    proof: async (t, { client }) => {
      const { body } = await client.call('GetCACaps')
      t.regex(Buffer.from(body).toString(), /\r\n\r\n\w/)
      t.true(readCapabilities(body).standard)
    },
  },
  'garbage-cms': {
    proof: async (t, { client, sent }) => {
      const { status, headers, body } = await client.call('PKIOperation', sent.bytes)
      t.deepEqual([status, headers['content-type']], [200, mediaTypes.message])
      t.throws(() => readPkiMessage(body), { code: 'bad-response' })
    },
  },
  'huge': { options: { mebibytes: 3 }, proof: async (t, { client }) => t.true((await client.call('GetCACert')).body.length > 3 * 2 ** 20) },
  'wrong-nonce': {
    proof: async (t, { client, sent, reply }) => {
      const answer = await reply()
      t.true(client.isGenuine(answer))
      t.is(answer.recipientNonce!.length, 16)
      t.false(sameBytes(answer.recipientNonce!, sent.nonce))
    },
  },
  'no-nonce': { proof: async (t, { reply }) => t.is((await reply()).recipientNonce, undefined) },
  'short-nonce': { proof: async (t, { sent, reply }) => t.deepEqual(Buffer.from((await reply()).recipientNonce!), Buffer.from(sent.nonce.slice(0, 8))) },
  'replay': {
    proof: async (t, { client }) => {
      const first = client.build()
      t.is((await client.send(first)).transactionId, first.transactionId)
      t.is((await client.request()).transactionId, first.transactionId)
    },
  },
  'other-transaction': {
    proof: async (t, { client, sent, reply }) => {
      const answer = await reply()
      t.true(client.isGenuine(answer))
      t.not(answer.transactionId, sent.transactionId)
      t.is(answer.status, 'SUCCESS')
    },
  },
  'other-signer': {
    proof: async (t, { client, reply }) => {
      const answer = await reply()
      t.false(client.isGenuine(answer))
      t.is(readCertificate(answer.certificates[0]!).subject, 'CN=Stranger')
    },
  },
  'look-alike-signer': {
    proof: async (t, { server, client, reply }) => {
      const answer = await reply()
      t.false(client.isGenuine(answer))
      const [shown, real] = [readCertificate(answer.certificates[0]!), server.authority.signing.certificate]
      t.deepEqual([shown.subject, shown.issuer, shown.serial], [real.subject, real.issuer, real.serial])
      t.false(sameBytes(shown.spki, real.spki))
    },
  },
  'no-certs': {
    proof: async (t, { client, reply }) => {
      const answer = await reply()
      t.is(answer.certificates.length, 0)
      t.true(client.isGenuine(answer))
    },
  },
  'one-byte-content': {
    proof: async (t, { client }) => {
      const answer = await client.request({ messageType: 'CertPoll' })
      t.like(answer, { status: 'FAILURE', hasEnvelope: false })
      t.deepEqual(Buffer.from(answer.signedData.content!), Buffer.of(0))
    },
  },
  'des-reply': { proof: async (t, { client, reply }) => t.is(client.open(await reply()).cipher, 'des-cbc') },
  'triple-des-reply': { proof: async (t, { client, reply }) => t.is(client.open(await reply()).cipher, 'des-ede3-cbc') },
  'sha1-reply': { proof: async (t, { reply }) => t.is((await reply()).digest, 'sha1') },
  'oaep-reply': { options: { digest: 'sha256' }, proof: async (t, { client, reply }) => t.is(client.open(await reply()).keyTransport, 'oaep-sha256') },
  'unsorted-attributes': {
    proof: async (t, { client, reply }) => {
      const answer = await reply()
      t.true(client.isGenuine(answer))
      t.is(answer.signerInfo.signedForms.length, 2, 'as sent, and as DER sorts them')
    },
  },
  'no-sender-nonce': { proof: async (t, { client, reply }) => {
    const answer = await reply()
    t.is(answer.senderNonce, undefined)
    t.true(client.isGenuine(answer))
  } },
  'old-signing-time': { proof: async (t, { reply }) => t.is((await reply()).signingTime, Date.UTC(1999, 0, 1)) },
  'ber': {
    proof: async (t, { client, sent }) => {
      const { body } = await client.call('PKIOperation', sent.bytes)
      t.deepEqual([...body.subarray(0, 2)], [0x30, 0x80], 'a length that is told at the end')
      const answer = readPkiMessage(body)
      t.true(client.isGenuine(answer))
      t.deepEqual([...answer.signedData.content!.subarray(0, 2)], [0x30, 0x80])
      t.is(client.certificate(answer).subject, 'CN=printer.example')
    },
  },
  'wrong-content-type': {
    proof: async (t, { client, sent }) => {
      const { body } = await client.call('PKIOperation', sent.bytes)
      t.throws(() => readPkiMessage(body), { code: 'bad-response', message: /content of the type 1\.2\.840\.113549\.1\.7\.3/ })
    },
  },
  'unknown-status': {
    options: { status: '9' },
    proof: async (t, { client, sent }) => {
      const { body } = await client.call('PKIOperation', sent.bytes)
      t.throws(() => readPkiMessage(body), { code: 'bad-response', message: /status of the answer is "9"/ })
    },
  },
  'chain-missing': {
    proof: async (t, { server, client, reply }) => {
      const { certificates } = client.open(await reply())
      t.is(certificates.length, 1)
      t.is(readCertificate(certificates[0]!).issuer, 'CN=Platen Rig CA below')
      t.false(readCaCertificates((await client.call('GetCACert')).body).some(({ subject }) => subject === 'CN=Platen Rig CA below'))
      t.is(server.transcript.records.at(-1)!.operation, 'GetCACert')
    },
  },
  'chain-shuffled': {
    proof: async (t, { server, client, reply }) => {
      const subjects = client.open(await reply()).certificates.map((der) => readCertificate(der).subject)
      t.is(subjects.at(-1), 'CN=printer.example')
      t.deepEqual(subjects.toSorted(), ['CN=Platen Rig CA', 'CN=Platen Rig CA below', 'CN=printer.example'])
      const set = readCaCertificates((await client.call('GetCACert')).body).map(({ fingerprint }) => fingerprint)
      server.setScript(checkScript({ faults: [] }))
      t.deepEqual(readCaCertificates((await client.call('GetCACert')).body).map(({ fingerprint }) => fingerprint), set.toReversed())
    },
  },
  'ca-rollover': {
    options: { issuer: 'next' },
    proof: async (t, { server, client, reply }) => {
      t.true(readCapabilities((await client.call('GetCACaps')).body).getNextCaCert)
      const { headers, body } = await client.call('GetNextCACert')
      t.is(headers['content-type'], mediaTypes.nextCa)
      t.is(readNextCaCertificates(body, [server.authority.ca])[0]!.subject, 'CN=Platen Rig CA next')
      t.throws(() => readNextCaCertificates(body, [selfSigned(fixtureKeys.four, 'other')]), { code: 'signature-invalid' })
      t.is(client.certificate(await reply()).issuer, 'CN=Platen Rig CA next')
      server.setScript(checkScript({ faults: [] }))
      t.is((await client.call('GetNextCACert')).status, 404)
    },
  },
  'pending': {
    options: { times: 2 },
    proof: async (t, { server, client, sent, reply }) => {
      t.is((await reply()).status, 'PENDING')
      t.is((await client.poll(sent)).status, 'PENDING')
      t.is((await client.request()).status, 'PENDING', 'each transaction is counted by itself')
      t.is((await client.poll(sent)).status, 'SUCCESS')
      t.deepEqual(server.transcript.records.at(-1)!.faults, [], 'what it left alone is not laid at its door')
    },
  },
  'pending-forever': {
    proof: async (t, { client, sent, reply }) => {
      t.is((await reply()).status, 'PENDING')
      for (let poll = 0; poll < 5; poll += 1) t.is((await client.poll(sent)).status, 'PENDING')
    },
  },
  'fail': {
    options: { info: 'badTime', text: 'Die Uhr geht nach' },
    proof: async (t, { client, reply }) => {
      const answer = await reply()
      t.like(answer, { status: 'FAILURE', failInfo: 'badTime', failInfoText: 'Die Uhr geht nach', hasEnvelope: false })
      t.true(client.isGenuine(answer))
    },
  },
  'ndes-error': {
    options: { code: 0x8009_4012, text: 'The permissions do not allow it' },
    proof: async (t, { reply }) => {
      const { status, ndes } = await reply()
      t.is(status, 'FAILURE')
      t.deepEqual({ ...ndes }, { code: String(0x8009_4012), text: 'The permissions do not allow it' })
    },
  },
  'wrong-key-cert': {
    proof: async (t, { client, reply }) => {
      const certificate = client.certificate(await reply())
      t.false(sameBytes(certificate.spki, ours))
      t.is(certificate.issuer, 'CN=Platen Rig CA')
    },
  },
  'not-yet-valid': { options: { days: 2 }, proof: async (t, { client, reply }) => t.true(client.certificate(await reply()).notBefore > Date.now() + 86_400_000) },
  'expired': {
    proof: async (t, { client, reply }) => {
      const { notBefore, notAfter } = client.certificate(await reply())
      t.true(notBefore < notAfter && notAfter < Date.now())
    },
  },
}

test('every fault has a proof', (t) => {
  t.deepEqual(Object.keys(proofs).sort(), Object.keys(faultKinds).sort())
})

for (const [name, { options, proof }] of Object.entries(proofs)) {
  test(`S-7: ${name}`, async (t) => {
    const { server, client } = await rigServer(t, { authority: { ra: 'one' }, script: { faults: [{ fault: name, ...options }] } })
    const sent = client.build()
    await proof(t, { server, client, sent, reply: () => client.send(sent) })
    t.true(server.transcript.records.some(({ faults }) => faults.includes(name)), 'the transcript names it')
  })
}

test('faults act in the order given, each on what the others left', async (t) => {
  const { server, client } = await rigServer(t, { script: { faults: ['wrong-nonce', { fault: 'fail', info: 'badAlg' }, { fault: 'fail', info: 'badTime' }, 'wrong-mime'] } })
  const sent = client.build()
  const answer = await client.send(sent)
  t.is(answer.failInfo, 'badAlg', 'the first verdict stands')
  t.false(sameBytes(answer.recipientNonce!, sent.nonce))
  t.deepEqual(server.transcript.records.at(-1)!.faults, ['wrong-nonce', 'fail', 'fail', 'wrong-mime'])
})

test('a fault does not make up for a wrong challenge', async (t) => {
  const { client } = await rigServer(t, { challenge: { mode: 'static', password: 'right' }, script: { faults: ['pending'] } })
  t.is((await client.request({ challenge: 'wrong' })).status, 'FAILURE')
})
