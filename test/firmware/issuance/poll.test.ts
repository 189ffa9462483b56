import test from 'ava'
import { seconds } from '../../../protocol/time.js'
import { checkScript } from '../../../rig/scep-server/index.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { bench, enrolAt, keysIn, specification } from '../../support/issuance-bench.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { rigServer } from '../../support/rig-server.js'

const deferring = (times: number): unknown => ({ faults: [{ fault: 'pending', times }] })

test('a deferred manual request ends as Error / Deferred and keeps its key and its place in the store', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t, { maxKeys: 2 })
  await enrolAt(board, server)
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.status, entry.details, entry.code], ['Error', 'Deferred', 'deferred'])
  t.regex(entry.extra.next ?? '', /poll/)
  t.deepEqual(keysIn(board), ['office pending'])
  const full = await board.issuance.request({ ...specification, keyName: 'other' })
  t.is(full.code, 'store-full', 'the waiting key counts')
})

test('C-7, C-13: poll asks with the same transaction ID, and the same row becomes Successful', async (t) => {
  const { server } = await rigServer(t, { script: deferring(2) })
  const board = await bench(t)
  await enrolAt(board, server)
  const deferred = await board.issuance.request({ ...specification, use: 'tls' })
  t.is((await board.issuance.poll()).details, 'Deferred')
  const issued = await board.issuance.poll(deferred.extra.transactionId)
  t.is(issued.status, 'Successful', issued.details)
  t.deepEqual([issued.id, issued.requestedAt, issued.extra.transactionId], [deferred.id, deferred.requestedAt, deferred.extra.transactionId])
  t.is(issued.code, undefined)
  t.deepEqual(board.issuance.history(), [issued])
  t.deepEqual(board.store.find('office')?.uses, ['tls'])
  const messages = server.transcript.records.filter(({ messageType }) => messageType !== undefined)
  t.deepEqual(messages.map(({ messageType }) => messageType), ['PKCSReq', 'CertPoll', 'CertPoll'])
  t.is(new Set(messages.map(({ transactionId }) => transactionId)).size, 1)
})

test('C-14: a deferred request is polled after a restart', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  const deferred = await board.issuance.request(specification)
  await board.close()
  const again = await bench(t, { image: board.disk.image() })
  t.deepEqual(again.issuance.history(), [deferred])
  t.is((await again.issuance.poll()).status, 'Successful')
  t.deepEqual(keysIn(again), ['office ready'])
})

test('poll for a transaction that the server does not know says so plainly, ends it and frees the place', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.issuance.request(specification)
  server.setScript(checkScript({ faults: [{ fault: 'fail', info: 'badCertId', message: 'CertPoll' }] }))
  const entry = await board.issuance.poll()
  t.deepEqual([entry.details, entry.code], ['Communication Error (SCEP ERROR Fail Info 4)', 'scep-failure'])
  t.regex(entry.extra.advice ?? '', /does not know this transaction/)
  t.deepEqual(keysIn(board), [])
  await t.throwsAsync(board.issuance.poll(), { code: 'nothing-to-poll' })
  await t.throwsAsync(board.issuance.poll(entry.extra.transactionId), { code: 'nothing-to-poll', message: /has ended/ })
})

test('C-14: a poll that fails on its way loses nothing: the next one brings the certificate', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.issuance.request(specification)
  for (const fault of ['refuse', 'garbage-cms', 'other-signer', 'wrong-nonce', 'des-reply'] as const) {
    server.setScript(checkScript({ faults: [fault] }))
    const entry = await board.issuance.poll()
    t.is(entry.status, 'Error')
    t.regex(entry.extra.next ?? '', /kept: poll/, fault)
    t.deepEqual(keysIn(board), ['office pending'])
  }
  server.setScript(checkScript({ faults: [] }))
  t.is((await board.issuance.poll()).status, 'Successful')
})

test('without a transaction ID the newest deferred request is asked for; a foreign ID is refused', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t, { keys: [fixtureKeys.three, fixtureKeys.two] })
  await enrolAt(board, server)
  await board.issuance.request(specification)
  await board.issuance.request({ ...specification, keyName: 'newer' })
  await t.throwsAsync(board.issuance.poll('0'.repeat(32)), { code: 'nothing-to-poll', message: /no request with/ })
  t.is((await board.issuance.poll()).keyName, 'newer')
  t.deepEqual(keysIn(board), ['newer ready', 'office pending'])
})

test('an open request is not dropped from the history when 20 newer ones have ended', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.issuance.request(specification)
  server.setScript(checkScript({ faults: ['refuse'] }))
  for (let number = 1; number <= 21; number += 1) await board.issuance.request({ ...specification, keyName: `key ${number}` })
  t.is(board.issuance.history().length, 20)
  t.is(board.issuance.history().at(-1)?.keyName, 'office')
  server.setScript(checkScript({ faults: [] }))
  t.is((await board.issuance.poll()).status, 'Successful')
})

test('a key that was given up by other means ends the transaction at the next poll', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.issuance.request(specification)
  await board.store.abandon(board.store.find('office')!.id)
  t.is((await board.issuance.poll()).code, 'key-not-found')
  await t.throwsAsync(board.issuance.poll(), { code: 'nothing-to-poll' })
})

test('giving up a deferred request frees its place in the store', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  const { extra } = await board.issuance.request(specification)
  const entry = await board.issuance.giveUp(extra.transactionId)
  t.is(entry.status, 'Error')
  t.regex(entry.extra.next ?? '', /given up/)
  t.deepEqual(keysIn(board), [])
  await t.throwsAsync(board.issuance.giveUp(extra.transactionId), { code: 'nothing-to-poll' })
})

test('C-13: the wait that the server asks for is told', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const board = await bench(t)
  await enrolAt(board, server)
  board.http.after = (request, response) => (request.url.search.includes('PKIOperation') ? { ...response, headers: { ...response.headers, 'retry-after': '90' } } : response)
  t.regex((await board.issuance.request(specification)).extra.next ?? '', /wait 90 s/)
})

test('no poll while the clock is not set, and nothing changes', async (t) => {
  const { server } = await rigServer(t, { script: deferring(1) })
  const clock = new VirtualClock(Date.now())
  const board = await bench(t, { clock })
  await enrolAt(board, server)
  await board.issuance.request(specification)
  clock.setWall(0, 'unset')
  const before = board.issuance.history()
  await t.throwsAsync(board.issuance.poll(), { code: 'clock-not-set' })
  await clock.advance(seconds(1))
  t.deepEqual(board.issuance.history(), before)
})
