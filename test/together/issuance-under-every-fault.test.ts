import test from 'ava'
import type { ErrorCode } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import { boardKeys } from '../../rig/boards/virtual/index.js'
import { checkScript, faultKinds, type FaultName } from '../../rig/scep-server/index.js'
import { bench, enrolAt, keysIn, specification } from '../support/issuance-bench.js'
import { rigServer } from '../support/rig-server.js'

type Fault = FaultName | ({ readonly fault: FaultName } & Readonly<Record<string, unknown>>)

/** Every way a server can go wrong, with the text and the code that an administrator gets. */
const faults: readonly (readonly [string, Fault, ErrorCode, string])[] = [
  ['refuse', 'refuse', 'connect-failed', 'Communication Error (TOP ERROR)'],
  ['reset', { fault: 'reset', operation: 'PKIOperation' }, 'connect-failed', 'Communication Error (TOP ERROR)'],
  ['half-reply', { fault: 'half-reply', operation: 'PKIOperation' }, 'connect-failed', 'Communication Error (TOP ERROR)'],
  ['http-status', { fault: 'http-status', status: 503, operation: 'PKIOperation' }, 'http-status', 'Communication Error (TOP ERROR 503)'],
  ['http-status for everything', { fault: 'http-status', status: 404 }, 'http-status', 'Communication Error (TOP ERROR 404)'],
  ['redirect', { fault: 'redirect', operation: 'GetCACert' }, 'redirect-refused', 'Communication Error (Redirect Refused)'],
  ['huge', { fault: 'huge', operation: 'PKIOperation' }, 'response-too-large', 'Response Error (Too Large)'],
  ['garbage-cms', 'garbage-cms', 'bad-response', 'Response Error (Not Readable)'],
  ['other-signer', 'other-signer', 'signature-invalid', 'Response Error (Signature Invalid)'],
  ['look-alike-signer', 'look-alike-signer', 'signature-invalid', 'Response Error (Signature Invalid)'],
  ['other-transaction', 'other-transaction', 'other-transaction', 'Response Error (Other Transaction)'],
  ['wrong-nonce', 'wrong-nonce', 'nonce-mismatch', 'Response Error (Nonce Mismatch)'],
  ['short-nonce', 'short-nonce', 'nonce-mismatch', 'Response Error (Nonce Mismatch)'],
  ['no-nonce', 'no-nonce', 'nonce-mismatch', 'Response Error (Nonce Mismatch)'],
  ['fail badAlg', { fault: 'fail', info: 'badAlg' }, 'scep-failure', 'Communication Error (SCEP ERROR Fail Info 0)'],
  ['fail badMessageCheck', { fault: 'fail', info: 'badMessageCheck' }, 'scep-failure', 'Communication Error (SCEP ERROR Fail Info 1)'],
  ['fail badRequest', { fault: 'fail', info: 'badRequest', text: 'no such printer' }, 'scep-failure', 'Communication Error (SCEP ERROR Fail Info 2)'],
  ['fail badTime', { fault: 'fail', info: 'badTime' }, 'scep-failure', 'Communication Error (SCEP ERROR Fail Info 3)'],
  ['fail badCertId', { fault: 'fail', info: 'badCertId' }, 'scep-failure', 'Communication Error (SCEP ERROR Fail Info 4)'],
  ['ndes-error', { fault: 'ndes-error', text: 'denied by policy' }, 'scep-failure', 'Communication Error (SCEP ERROR Fail Info 2)'],
  ['wrong-key-cert', 'wrong-key-cert', 'certificate-not-for-our-key', 'Certificate Error (Not For Our Key)'],
  ['not-yet-valid', 'not-yet-valid', 'certificate-not-valid-now', 'Certificate Error (Not Valid Now)'],
  ['expired', 'expired', 'certificate-not-valid-now', 'Certificate Error (Not Valid Now)'],
  ['des-reply', 'des-reply', 'quirk-refused', 'Response Error (Quirk des-reply Refused)'],
  ['sha1-reply', 'sha1-reply', 'quirk-refused', 'Response Error (Quirk sha1-reply Refused)'],
  ['wrong-content-type', 'wrong-content-type', 'bad-response', 'Response Error (Not Readable)'],
  ['unknown-status', 'unknown-status', 'bad-response', 'Response Error (Not Readable)'],
  ['chain-missing', 'chain-missing', 'chain-not-trusted', 'Certificate Error (Chain Not Trusted)'],
  ['ca-rollover without its announcement', { fault: 'ca-rollover', issuer: 'next', operation: 'PKIOperation' }, 'chain-not-trusted', 'Certificate Error (Chain Not Trusted)'],
  ['triple-des-reply', 'triple-des-reply', 'algorithm-refused', 'Response Error (Algorithm Refused)'],
]

/** What the server says that is odd, and no reason to refuse it. */
const tolerated: readonly Fault[] = [
  'wrong-mime', 'html-caps', 'empty-caps', 'blank-line-caps', 'no-certs', 'oaep-reply', 'unsorted-attributes', 'ber', 'chain-shuffled',
  'no-sender-nonce', 'old-signing-time', { fault: 'http-status', status: 500, operation: 'GetCACaps' },
  'ca-rollover', { fault: 'delay', seconds: 0.02 }, { fault: 'slow-body', seconds: 0.02, pieces: 2 },
]

/** Those with a test of their own further down. */
const alone: readonly FaultName[] = ['replay', 'pending', 'pending-forever', 'one-byte-content']

test('device.md 5: every fault that the rig knows has its row here', (t) => {
  const named = new Set([...faults.map(([, fault]) => fault), ...tolerated, ...alone].map((fault) => (typeof fault === 'string' ? fault : fault.fault)))
  t.deepEqual([...named].sort(), Object.keys(faultKinds).sort())
})

const spare = boardKeys()
const keys = [await spare.rsa(2048), await spare.rsa(2048), await spare.rsa(2048)]

for (const [name, fault, code, details] of faults) {
  test(`device.md 5: ${name} ends as "${details}", loses nothing of what was there, leaves nothing behind, and the next request works`, async (t) => {
    const { server } = await rigServer(t)
    const board = await bench(t, { keys })
    await enrolAt(board, server)
    t.is((await board.issuance.request({ ...specification, keyName: 'before', use: 'tls' })).status, 'Successful')
    const serving = board.store.keyFor('tls')
    server.setScript(checkScript({ faults: [fault] }))
    const entry = await board.issuance.request({ ...specification, use: 'tls' })
    t.deepEqual([entry.status, entry.details, entry.code], ['Error', details, code])
    t.not(entry.extra.advice, undefined)
    t.deepEqual([keysIn(board), board.uses.put.length, board.clock.timers()], [['before ready'], 1, []])
    t.deepEqual(board.store.keyFor('tls'), serving)
    await t.throwsAsync(board.issuance.poll(), { code: 'nothing-to-poll' })
    server.setScript(checkScript({ faults: [] }))
    t.is((await board.issuance.request(specification)).status, 'Successful')
    t.deepEqual(board.issuance.history().map(({ status }) => status), ['Successful', 'Error', 'Successful'])
  })
}

test('device.md 5: a silent server is given up when the Communication Timeout is over', async (t) => {
  const { server } = await rigServer(t, { script: { faults: [{ fault: 'delay', seconds: 3600, operation: 'PKIOperation' }] } })
  const board = await bench(t)
  await enrolAt(board, server)
  const start = board.clock.monotonic()
  board.http.before = ({ url }) => {
    if (url.search.includes('PKIOperation')) void Promise.resolve().then(() => board.clock.advance(seconds(30)))
    return undefined
  }
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.details, entry.code], ['Communication Error (TOP ERROR)', 'timed-out'])
  t.is(board.clock.monotonic() - start, 30_000)
  t.deepEqual([keysIn(board), board.clock.timers()], [[], []])
})

/** What a connection can suffer, whatever is said on it, with the texts that an administrator may get. */
const transport: readonly (readonly [string, Exclude<Fault, string>, readonly string[]])[] = [
  ['refuse', { fault: 'refuse' }, ['Communication Error (TOP ERROR)']],
  ['reset', { fault: 'reset' }, ['Communication Error (TOP ERROR)']],
  ['half-reply', { fault: 'half-reply' }, ['Communication Error (TOP ERROR)']],
  ['http-status', { fault: 'http-status', status: 500 }, ['Communication Error (TOP ERROR 500)']],
  ['redirect', { fault: 'redirect' }, ['Communication Error (Redirect Refused)']],
  ['huge', { fault: 'huge' }, ['Response Error (Too Large)']],
]

for (const operation of ['GetCACaps', 'GetCACert', 'PKIOperation'] as const) {
  for (const [name, fault, details] of transport) {
    // A server without GetCACaps is one without capabilities (C-3): tolerated, above.
    if (operation === 'GetCACaps' && name === 'http-status') continue
    test(`device.md 5, 8: ${name} at ${operation} loses nothing, and neither does the restart after it; then the next request works`, async (t) => {
      const { server } = await rigServer(t)
      const board = await bench(t, { keys })
      await enrolAt(board, server)
      t.is((await board.issuance.request({ ...specification, keyName: 'before', use: 'tls' })).status, 'Successful')
      server.setScript(checkScript({ faults: [{ ...fault, operation }] }))
      const entry = await board.issuance.request({ ...specification, use: 'tls' })
      t.deepEqual([entry.status, details.includes(entry.details)], ['Error', true], entry.details)
      await board.close()
      server.setScript(checkScript({ faults: [] }))
      const restarted = await bench(t, { keys: keys.slice(1), image: board.disk.image() })
      t.deepEqual([keysIn(restarted), restarted.store.keyFor('tls')?.name], [['before ready'], 'before'])
      t.deepEqual(restarted.issuance.history().map(({ status }) => status), ['Error', 'Successful'])
      t.is((await restarted.issuance.request(specification)).status, 'Successful')
    })
  }
}

test('what the server said stands beside Details: failInfoText, and the NDES error in words', async (t) => {
  const { server } = await rigServer(t, { script: { faults: [{ fault: 'fail', info: 'badRequest', text: 'no such printer' }] } })
  const board = await bench(t)
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).extra.failInfoText, 'no such printer')
  server.setScript(checkScript({ faults: [{ fault: 'ndes-error', text: 'denied by policy' }] }))
  t.regex((await board.issuance.request(specification)).extra.ndes ?? '', /0x80094800: the certificate template is not supported by this CA: denied by policy/)
})

for (const fault of tolerated) {
  test(`C-3, C-5, C-10, C-11, C-15, C-18: ${typeof fault === 'string' ? fault : fault.fault} is taken as it is`, async (t) => {
    const { server } = await rigServer(t, { script: { faults: [fault] } })
    const board = await bench(t)
    await enrolAt(board, server)
    const entry = await board.issuance.request(specification)
    t.is(entry.status, 'Successful', entry.details)
  })
}

for (const faults of [['des-reply'], ['sha1-reply'], ['des-reply', 'sha1-reply']] as const) {
  test(`C-1: under the policy legacy a server with ${faults.join(' and ')} works, and each quirk has a line in the log`, async (t) => {
    const { server } = await rigServer(t, { script: { faults } })
    const board = await bench(t)
    await enrolAt(board, server)
    const refused = await board.issuance.request(specification)
    t.is(refused.code, 'quirk-refused')
    for (const quirk of faults) t.true(refused.details.includes(quirk) && refused.extra.advice?.includes('policy legacy'), refused.details)
    await board.settings.update({ policy: 'legacy' })
    t.is((await board.issuance.request(specification)).status, 'Successful')
    for (const quirk of faults) t.true(board.logged.some((line) => line.includes(`quirk ${quirk}`)))
  })
}

test('a fault of signature is not mistaken for a quirk: a foreign SHA-1 reply is a wrong signature', async (t) => {
  const { server } = await rigServer(t, { script: { faults: ['sha1-reply', 'other-signer'] } })
  const board = await bench(t)
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).code, 'signature-invalid')
})

test('C-4: under the policy legacy badAlg is a reason to try below the floor; what worked is never undercut later', async (t) => {
  const { server } = await rigServer(t, { script: { faults: [{ fault: 'fail', info: 'badAlg', first: 1 }] } })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.settings.update({ policy: 'legacy' })
  t.is((await board.issuance.request(specification)).status, 'Successful')
  t.deepEqual(board.settings.workedWith(server.fingerprint), { digest: 'sha1', cipher: 'des-ede3-cbc' })

  const careful = await bench(t)
  await enrolAt(careful, server)
  await careful.settings.update({ policy: 'legacy' })
  await careful.settings.rememberWorked(server.fingerprint, { digest: 'sha256', cipher: 'aes128-cbc' })
  server.setScript(checkScript({ faults: [{ fault: 'fail', info: 'badAlg', first: 1 }] }))
  const entry = await careful.issuance.request(specification)
  t.deepEqual([entry.status, entry.extra.failInfoText, entry.code], ['Error', undefined, 'scep-failure'])
})

test('device.md 5: replay ends as "Response Error (Other Transaction)", or Nonce Mismatch within a transaction; the next request works', async (t) => {
  const { server, client } = await rigServer(t, { script: { faults: ['replay'] } })
  const board = await bench(t, { keys })
  await enrolAt(board, server)
  await client.request()
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.details, entry.code, keysIn(board)], ['Response Error (Other Transaction)', 'other-transaction', []])
  server.setScript(checkScript({ faults: ['replay', 'pending-forever'] }))
  t.is((await board.issuance.request(specification)).details, 'Deferred')
  const polled = await board.issuance.poll()
  t.deepEqual([polled.details, keysIn(board)], ['Response Error (Nonce Mismatch)', ['office pending']])
  server.setScript(checkScript({ faults: [] }))
  t.is((await board.issuance.poll()).status, 'Successful')
})

for (const extra of [[], ['one-byte-content']] as const) {
  test(`device.md 5, C-12: pending${extra.map((name) => ` with ${name}`).join('')} ends as "Deferred", keeps the key, and the poll gets the certificate`, async (t) => {
    const { server } = await rigServer(t, { script: { faults: [...extra, 'pending'] } })
    const board = await bench(t, { keys })
    await enrolAt(board, server)
    t.is((await board.issuance.request(specification)).details, 'Deferred')
    t.deepEqual(keysIn(board), ['office pending'])
    t.is((await board.issuance.poll()).status, 'Successful')
    t.deepEqual(keysIn(board), ['office ready'])
  })
}

test('device.md 5: pending-forever stays "Deferred" poll after poll; given up, it leaves nothing, and the next request works', async (t) => {
  const { server } = await rigServer(t, { script: { faults: ['pending-forever'] } })
  const board = await bench(t, { keys })
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).details, 'Deferred')
  for (let poll = 0; poll < 3; poll += 1) t.is((await board.issuance.poll()).details, 'Deferred')
  await board.issuance.giveUp()
  t.deepEqual(keysIn(board), [])
  server.setScript(checkScript({ faults: [] }))
  t.is((await board.issuance.request(specification)).status, 'Successful')
})
