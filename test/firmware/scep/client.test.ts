import test from 'ava'
import { hasCode } from '../../../protocol/errors.js'
import { buildCsr, nameDer, readCertificate, readIssuerAndSubject, type CertRepFields, type CertRepOptions } from '../../../protocol/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import { linuxRandom } from '../../../firmware/platform/index.js'
import { ScepClient, makeSignerCertificate, type ClientOptions, type Operation } from '../../../firmware/scep/index.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { ScriptedScep, issueBelow, makeRoot } from '../../support/scripted-scep.js'
import { silentLog } from '../../support/silent-log.js'

const now = Date.UTC(2026, 5, 1)
const key = fixtureKeys.three
const subject = nameDer({ commonName: 'printer.example.com' })
const signer = { certificate: makeSignerCertificate(subject, key, linuxRandom.bytes, now), privateKey: key }
const csr = buildCsr({ subject: { commonName: 'printer.example.com' }, key, digest: 'sha256' })

function client(http: ScriptedScep, changes: Partial<ClientOptions> = {}): ScepClient {
  return new ScepClient({
    http, clock: new VirtualClock(now), random: linuxRandom.bytes, log: silentLog, allowLegacy: false,
    server: { url: new URL('http://ca.example.com/scep'), timeout: seconds(30), trustAnchors: [] },
    ...changes,
  })
}

async function operation(http: ScriptedScep, by = client(http)): Promise<Operation> {
  return { authority: await by.findAuthority(http.root.certificate.fingerprint), transactionId: 'abc123', signer, spki: signer.certificate.spki }
}

/** The code of the error that an answer ends in. */
async function codeFor(fields: CertRepFields, options: Partial<CertRepOptions> = {}): Promise<string> {
  const http = new ScriptedScep()
  http.answer = () => ({ fields, options })
  return await client(http).request(await operation(http), csr).then(({ is }) => is, (error: unknown) => (hasCode(error, 'internal') ? 'internal' : (error as { code: string }).code))
}

test('C-6: the first request is signed by a self-signed certificate with the subject and key of the CSR', async (t) => {
  const http = new ScriptedScep()
  await client(http).request(await operation(http), csr)
  const certificate = readCertificate(http.seen[0]!.message.certificates[0]!)
  t.deepEqual(Buffer.from(certificate.subjectDer), Buffer.from(subject))
  t.deepEqual(Buffer.from(certificate.issuerDer), Buffer.from(subject))
  t.deepEqual([...certificate.keyUsage ?? []].sort(), ['digitalSignature', 'keyEncipherment'])
  t.deepEqual(Buffer.from(http.seen[0]!.content), Buffer.from(csr))
})

test('C-1: our messages are AES-128-CBC and SHA-256, whatever GetCACaps says', async (t) => {
  const http = new ScriptedScep()
  http.capabilities = { des3: true, sha1: true, post: true }
  await client(http, { allowLegacy: true }).request(await operation(http), csr)
  t.is(http.seen[0]!.message.digest, 'sha256')
})

test('C-17: messages go by POST when the CA says so, else by GET', async (t) => {
  const http = new ScriptedScep()
  for (const [capabilities, method] of [[{ standard: true }, 'POST'], [{ post: true }, 'POST'], [{ aes: true }, 'GET'], [{}, 'GET']] as const) {
    http.capabilities = capabilities
    await client(http).request(await operation(http), csr)
    t.is(http.seen.at(-1)!.request.method, method)
  }
})

test('C-19: every exchange carries the limit of 1 MiB and the Communication Timeout', async (t) => {
  const http = new ScriptedScep()
  await client(http).request(await operation(http), csr)
  t.deepEqual(http.asked.map(({ limit, timeout }) => [limit, timeout]), [[2 ** 20, 30_000], [2 ** 20, 30_000], [2 ** 20, 30_000]])
})

test('C-8: each message has a nonce of its own of 16 bytes', async (t) => {
  const http = new ScriptedScep()
  http.answer = () => ({ fields: { status: 'PENDING' } })
  const asking = await operation(http)
  for (let round = 0; round < 3; round += 1) await client(http).poll(asking, subject)
  const nonces = http.seen.map(({ message }) => Buffer.from(message.senderNonce!).toString('hex'))
  t.is(new Set(nonces).size, 3)
  t.true(nonces.every((nonce) => nonce.length === 32))
})

test('C-8: a CertRep without a senderNonce is accepted', async (t) => {
  t.is(await codeFor({ status: 'PENDING' }), 'pending')
})

test('C-9: the signature is judged before the transaction, that before the nonce, that before the status, and the content last', async (t) => {
  const stranger = makeRoot('Root', fixtureKeys.two)
  const [signature, transaction, nonce, cipher] = [{ signer: stranger }, { transactionId: 'other' }, { recipientNonce: new Uint8Array(16) }, { cipher: 'des-cbc' }] as const
  const failure = { status: 'FAILURE', failInfo: 'badRequest' } as const
  const success = { status: 'SUCCESS', certificates: [stranger.certificate.der] } as const
  t.is(await codeFor(failure, { ...signature, ...transaction, ...nonce }), 'signature-invalid')
  t.is(await codeFor(failure, { ...transaction, ...nonce }), 'other-transaction')
  t.is(await codeFor(failure, nonce), 'nonce-mismatch')
  t.is(await codeFor(failure), 'scep-failure')
  t.is(await codeFor({ status: 'PENDING' }, nonce), 'nonce-mismatch')
  t.is(await codeFor(success, { ...cipher, ...nonce }), 'nonce-mismatch')
  t.is(await codeFor(success, cipher), 'quirk-refused')
  t.is(await codeFor(success), 'certificate-not-for-our-key')
})

test('C-9: a CertRep that was encrypted to another key cannot be opened', async (t) => {
  t.is(await codeFor({ status: 'SUCCESS', certificates: [makeRoot().certificate.der] }, { recipient: makeRoot('Other', fixtureKeys.two).certificate }), 'undecryptable')
})

test('C-10: an answer without certificates is verified with those of GetCACert', async (t) => {
  const http = new ScriptedScep()
  const { answer } = http
  http.answer = (seen) => ({ ...answer(seen), options: { includeSigner: false } })
  t.is((await client(http).request(await operation(http), csr)).is, 'issued')
})

test('C-11: the certificate is picked by our key, wherever it stands, and the chain goes up to the pin without it', async (t) => {
  const http = new ScriptedScep()
  const middle = issueBelow(http.root, 'Middle', fixtureKeys.two, { isCa: true, keyUsage: ['keyCertSign'] })
  const leaf = issueBelow(middle, 'printer.example.com', key)
  http.answer = () => ({ fields: { status: 'SUCCESS', certificates: [http.root.certificate.der, middle.certificate.der, leaf.certificate.der] } })
  const answer = await client(http).request(await operation(http), csr)
  t.deepEqual(answer.is === 'issued' && answer.chain.map((der) => readCertificate(der).subject), ['CN=printer.example.com', 'CN=Middle'])
})

test('device.md 6: a certificate whose chain does not lead to the pinned CA is refused', async (t) => {
  const other = makeRoot('Other', fixtureKeys.two)
  t.is(await codeFor({ status: 'SUCCESS', certificates: [issueBelow(other, 'printer.example.com', key).certificate.der, other.certificate.der] }), 'chain-not-trusted')
})

test('device.md 6: no certificate is judged while the clock is not set', async (t) => {
  const http = new ScriptedScep()
  const by = client(http, { clock: new VirtualClock(now, 'unset') })
  await t.throwsAsync(by.request(await operation(http, by), csr), { code: 'clock-not-set' })
})

test('a certificate that begins up to five minutes from now is taken, as quirk clock-skew; a later one is not', async (t) => {
  const http = new ScriptedScep()
  const logged: string[] = []
  const log = { ...silentLog, warn: (text: string) => logged.push(text) }
  const from = (notBefore: number): void => {
    http.answer = ({ content }) => ({ fields: { status: 'SUCCESS', certificates: [http.issue(content, { notBefore })] } })
  }
  from(now + 299_000)
  t.is((await client(http, { log }).request(await operation(http), csr)).is, 'issued')
  t.regex(logged.join(), /quirk clock-skew/)
  from(now + 301_000)
  await t.throwsAsync(client(http).request(await operation(http), csr), { code: 'certificate-not-valid-now' })
})

test('C-12: PENDING and FAILURE with no content, empty content, or one zero byte mean the same', async (t) => {
  for (const emptyContent of ['absent', 'empty', 'zero-byte'] as const) {
    t.is(await codeFor({ status: 'PENDING' }, { emptyContent }), 'pending')
    t.is(await codeFor({ status: 'FAILURE', failInfo: 'badTime' }, { emptyContent }), 'scep-failure')
  }
})

test('C-13: a poll names the CA that will issue and the subject of the CSR, in the same transaction', async (t) => {
  const http = new ScriptedScep()
  http.answer = () => ({ fields: { status: 'PENDING' } })
  await client(http).poll(await operation(http), subject)
  const [{ message, content }] = http.seen as [typeof http.seen[number]]
  t.deepEqual([message.messageType, message.transactionId], ['CertPoll', 'abc123'])
  const polled = readIssuerAndSubject(content)
  t.is(polled.issuer.text, 'CN=Root')
  t.is(polled.subject.text, 'CN=printer.example.com')
})

test('C-13: Retry-After is understood in seconds and as a date against the server\'s own clock', async (t) => {
  const http = new ScriptedScep()
  const waits: [Record<string, string>, number | undefined][] = [
    [{ 'retry-after': '120' }, 120],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:30:00 GMT', 'date': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 120],
    [{ 'retry-after': '999999999' }, 30 * 24 * 3600],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:00:00 GMT', 'date': 'Wed, 21 Oct 2026 07:28:00 GMT' }, undefined],
    [{}, undefined],
  ]
  for (const [headers, wait] of waits) {
    http.answer = () => ({ fields: { status: 'PENDING' }, headers })
    const answer = await client(http).request(await operation(http), csr)
    t.is(answer.is === 'pending' ? answer.retryAfterSeconds : -1, wait)
  }
})

test('C-20: a renewal is signed by the current certificate, and the reply is opened with its key', async (t) => {
  const http = new ScriptedScep()
  const current = issueBelow(http.root, 'printer.example.com', fixtureKeys.two)
  const answer = await client(http).request({ ...await operation(http), signer: current }, csr, 'RenewalReq')
  t.is(http.seen[0]!.message.messageType, 'RenewalReq')
  t.is(readCertificate(http.seen[0]!.message.certificates[0]!).serial, '02')
  t.is(answer.is, 'issued')
})

test('C-22: signingTime is stated with a set clock and left out without one', async (t) => {
  const http = new ScriptedScep()
  http.answer = () => ({ fields: { status: 'PENDING' } })
  for (const [clock, stated] of [[new VirtualClock(now), now], [new VirtualClock(now, 'unset'), undefined]] as const) {
    const by = client(http, { clock })
    await by.poll(await operation(http, by), subject)
    t.is(http.seen.at(-1)!.message.signingTime, stated)
  }
})

test('C-22: a peer is never judged by its signingTime', async (t) => {
  t.is(await codeFor({ status: 'PENDING' }, { signingTime: Date.UTC(1999, 0, 1) }), 'pending')
})
