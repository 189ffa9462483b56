import test from 'ava'
import { bench, enrolAt, specification } from '../../support/issuance-bench.js'
import { rigServer } from '../../support/rig-server.js'

test('device.md 2: the CA is fetched and shown, nothing of it is trusted, and a pin makes it so', async (t) => {
  const { server } = await rigServer(t, { authority: { ra: 'one' } })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.settings.update({ caFingerprint: undefined })
  const shown = await board.issuance.fetchAuthority()
  t.deepEqual([shown.fingerprint, shown.pin, shown.subject], [server.fingerprint, 'not-pinned', 'CN=Platen Rig CA'])
  t.deepEqual(shown.certificates.map(({ role, subject }) => [role, subject]), [['CA', 'CN=Platen Rig CA'], ['RA', 'CN=Platen Rig CA RA']])
  t.true(shown.capabilities.includes('SCEPStandard'))
  t.is(board.settings.get().caFingerprint, undefined)
  const typed = shown.fingerprint.toUpperCase().match(/../g)!.join(':')
  t.deepEqual(await board.issuance.pin(typed), { fingerprint: server.fingerprint, subject: 'CN=Platen Rig CA', changed: true })
  t.is((await board.issuance.fetchAuthority()).pin, 'pinned')
  t.deepEqual(board.store.caCertificates().map(({ der }) => Buffer.from(der)), [Buffer.from(server.authority.ca.der)])
  t.false((await board.issuance.pin(typed)).changed)
  t.is(board.store.caCertificates().length, 1)
})

test('a fingerprint that the server does not have, or that is none, pins nothing', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  await t.throwsAsync(board.issuance.pin('ab'.repeat(32)), { code: 'ca-mismatch' })
  await t.throwsAsync(board.issuance.pin('abc'), { code: 'invalid-value' })
  t.is(board.settings.get().caFingerprint, server.fingerprint)
  t.deepEqual(board.store.caCertificates(), [])
})

test('a server with another CA than the pinned one gets no request', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  await board.settings.update({ caFingerprint: 'ab'.repeat(32) })
  t.is((await board.issuance.fetchAuthority()).pin, 'mismatch')
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.details, entry.code], ['CA Error (Fingerprint Mismatch)', 'ca-mismatch'])
  t.false(server.transcript.records.some(({ operation }) => operation === 'PKIOperation'))
})

test('without a server there is nothing to fetch', async (t) => {
  const board = await bench(t)
  await t.throwsAsync(board.issuance.fetchAuthority(), { code: 'not-configured' })
  await t.throwsAsync(board.issuance.pin('ab'.repeat(32)), { code: 'not-configured' })
})
