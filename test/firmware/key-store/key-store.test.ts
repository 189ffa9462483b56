import test from 'ava'
import type { KeyId } from '../../../firmware/key-store/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { certificateFor, isWhole, openStore, register } from '../../support/key-store-fixture.js'
import { RecordingDisk } from '../../support/recording-disk.js'

const { two, three, four } = fixtureKeys
const refused = (code: string) => ({ instanceOf: PlatenError, code })

test('device.md 6: the default key is made at first boot, counts as one, and serves TLS', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const [entry] = store.entries()
  t.like(entry, { kind: 'default', state: 'ready', bits: 2048, uses: ['tls'] })
  t.is(store.keyFor('tls')?.id, entry?.id)
  t.true(isWhole(store, entry!))
  await store.close()
  const again = await openStore(disk, { makeDefaultKey: () => Promise.reject(new Error('made twice')) })
  t.deepEqual(again.entries(), store.entries())
})

test('a key is pending until its certificate is there, and both survive a restart', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const pending = await store.put(await store.reserve('Office'), two, { transactionId: 'T1' })
  t.like(pending, { name: 'Office', kind: 'issued', state: 'pending', chain: [], uses: [], transactionId: 'T1' })
  await store.close()
  const second = await openStore(disk)
  t.deepEqual(second.get(pending.id), pending)
  const ready = await second.complete(pending.id, { chain: [certificateFor(two, 'leaf'), certificateFor(three, 'ca')], assign: 'ieee-802-1x' })
  t.like(ready, { state: 'ready', uses: ['ieee-802-1x'], transactionId: 'T1' })
  await second.close()
  const third = await openStore(disk)
  t.deepEqual(third.find('Office'), ready)
  t.is(third.get(pending.id).chain.length, 2)
  t.true(isWhole(third, ready))
  t.deepEqual(third.problems(), [])
})

test('device.md 6: the limit counts the default key, pending keys and reservations, and holds before a key is there', async (t) => {
  const store = await openStore(new RecordingDisk())
  await register(store, 'A', two)
  await store.put(await store.reserve('B'), three)
  const last = await store.reserve('C')
  const error = await t.throwsAsync<PlatenError>(store.reserve('D'), refused('store-full'))
  t.deepEqual(error.facts, { keys: 4, limit: 4 })
  await store.abandon(last)
  await t.notThrowsAsync(store.reserve('D'))
})

test('device.md 6: in a full store one exchange at a time has a slot beyond the limit', async (t) => {
  const store = await openStore(new RecordingDisk(), { limits: { maxKeys: 2, maxCaCertificates: 1 } })
  const old = await register(store, 'Old', two, { assign: 'tls' })
  await t.throwsAsync(store.reserve('New'), refused('store-full'))
  const slot = await store.reserve('New', { exchangeFor: old.id })
  await t.throwsAsync(store.reserve('Another', { exchangeFor: old.id }), refused('store-full'))
  const { id } = await store.put(slot, three)
  const entry = await store.complete(id, { chain: [certificateFor(three, 'new')], assign: 'tls' })
  t.is(entry.exchangeFor, old.id, 'the old key stays until the new one is known to serve')
  await t.throwsAsync(store.reserve('Another', { exchangeFor: id }), refused('store-full'))
  await store.delete(old.id)
  t.is(store.get(id).exchangeFor, undefined)
  await t.notThrowsAsync(store.reserve('Another', { exchangeFor: id }))
})

test('device.md 6: in an exchange the new key has the name with a number until the old one goes, and then the name itself', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const old = await register(store, 'Office', two, { assign: 'tls' })
  t.is(store.nameFor('Office', old.id), 'Office')
  t.is(store.nameFor('Office'), 'Office (2)')
  const slot = await store.reserve('Office', { exchangeFor: old.id })
  t.is(store.nameFor('Office', old.id), 'Office (3)', 'the name is promised')
  const { id } = await store.put(slot, three)
  await store.complete(id, { chain: [certificateFor(three, 'new')], assign: 'tls' })
  t.deepEqual([store.get(old.id).name, store.get(id).name], ['Office', 'Office (2)'])
  await store.delete(old.id)
  t.deepEqual([store.get(id).name, store.find('Office (2)')], ['Office', undefined])
  await t.throwsAsync(store.reserve('Office'), refused('key-name-taken'))
  await store.close()
  const again = await openStore(new RecordingDisk(disk.image()))
  t.is(again.get(id).name, 'Office')
  t.true(isWhole(again, again.get(id)))
})

test('an old key that goes before the new one has its certificate leaves its name to it, and to nobody else', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const old = await register(store, 'Office', two)
  const { id } = await store.put(await store.reserve('Office', { exchangeFor: old.id }), three)
  await store.delete(old.id)
  await t.throwsAsync(store.reserve('Office'), refused('key-name-taken'))
  await store.close()
  const again = await openStore(new RecordingDisk(disk.image()))
  t.is((await again.complete(id, { chain: [certificateFor(three, 'new')] })).name, 'Office')
})

test('a number fits into the 64 characters of a name', async (t) => {
  const store = await openStore(new RecordingDisk())
  await register(store, 'ü'.repeat(64), two)
  t.is(store.nameFor('ü'.repeat(64)), `${'ü'.repeat(60)} (2)`)
})

test('names are unique over keys, pending keys and reservations, and have 1 to 64 characters that can be shown', async (t) => {
  const store = await openStore(new RecordingDisk())
  await store.put(await store.reserve('Pending'), two)
  await store.reserve('Reserved')
  for (const name of ['Default Key', 'Pending', 'Reserved']) await t.throwsAsync(store.reserve(name), refused('key-name-taken'), name)
  for (const name of ['', 'x'.repeat(65), 'two\nlines', '\u001b[2J', '\u2028']) await t.throwsAsync(store.reserve(name), refused('invalid-value'), JSON.stringify(name))
  await t.notThrowsAsync(store.reserve('ü'.repeat(64)))
})

test('one use has one key, one key may have many uses, and TLS falls back to the default key', async (t) => {
  const store = await openStore(new RecordingDisk())
  const a = await register(store, 'A', two, { assign: 'tls' })
  const b = await register(store, 'B', three)
  await store.assign('ipsec:office', a.id)
  t.deepEqual(store.get(a.id).uses, ['tls', 'ipsec:office'])
  t.deepEqual(store.entries()[0]?.uses, [])
  await store.assign('tls', b.id)
  t.deepEqual([store.get(a.id).uses, store.get(b.id).uses], [['ipsec:office'], ['tls']])
  await store.assign('tls', undefined)
  t.is(store.keyFor('tls')?.kind, 'default')
  await store.assign('ipsec:office', undefined)
  t.is(store.keyFor('ipsec:office'), undefined)
})

test('device.md 6: a key in use is not deleted, and the answer names the use', async (t) => {
  const store = await openStore(new RecordingDisk())
  const { id } = await register(store, 'A', two, { assign: 'ipsec:office' })
  await store.assign('tls', id)
  const error = await t.throwsAsync<PlatenError>(store.delete(id), refused('key-in-use'))
  t.like(error.facts, { name: 'A', use: 'ipsec:office', uses: 'ipsec:office tls' })
  t.regex(error.message, /IPSec \(office\), TLS/)
  await store.assign('tls', undefined)
  await store.assign('ipsec:office', undefined)
  await store.delete(id)
  t.throws(() => store.get(id), refused('key-not-found'))
})

test('device.md 6: the default key can be neither deleted nor replaced', async (t) => {
  const store = await openStore(new RecordingDisk())
  const defaultId = store.entries()[0]!.id
  await register(store, 'A', two, { assign: 'tls' })
  await t.throwsAsync(store.delete(defaultId), refused('default-key'))
  await t.throwsAsync(store.reserve('B', { exchangeFor: defaultId }), refused('default-key'))
  const { id } = await store.put(await store.reserve('B'), three)
  await t.throwsAsync(store.complete(id, { chain: [certificateFor(three, 'b')], replaces: defaultId }), refused('default-key'))
  t.is(store.get(id).state, 'pending')
})

test('replacing takes the use over and removes the old key in one step, unless the old key has another use', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const old = await register(store, 'Old', two, { assign: 'tls' })
  await store.assign('ieee-802-1x', old.id)
  const { id } = await store.put(await store.reserve('New'), three)
  const options = { chain: [certificateFor(three, 'new')], assign: 'tls', replaces: old.id } as const
  const error = await t.throwsAsync<PlatenError>(store.complete(id, options), refused('key-in-use'))
  t.is(error.facts['use'], 'ieee-802-1x')
  await store.assign('ieee-802-1x', undefined)
  await store.complete(id, options)
  t.is(store.find('Old'), undefined)
  t.is(store.keyFor('tls')?.id, id)
  t.deepEqual(await disk.list('/store/generations'), store.entries().map((entry) => entry.id as string).sort())
})

test('device.md 6: a certificate for another key, or none at all, is refused and the key stays pending', async (t) => {
  const store = await openStore(new RecordingDisk())
  const { id } = await store.put(await store.reserve('A'), two)
  await t.throwsAsync(store.complete(id, { chain: [certificateFor(three, 'other')] }), refused('certificate-not-for-our-key'))
  await t.throwsAsync(store.complete(id, { chain: [] }), refused('bad-response'))
  await t.throwsAsync(store.complete(id, { chain: [new Uint8Array(9)] }), refused('bad-response'))
  t.is(store.get(id).state, 'pending')
})

test('a pending key has no use, cannot be deleted as if it were registered, and can be given up', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const { id } = await store.put(await store.reserve('A'), two)
  await t.throwsAsync(store.assign('tls', id), refused('key-pending'))
  await t.throwsAsync(store.delete(id), refused('key-pending'))
  await store.abandon(id)
  await store.abandon(id)
  t.is(store.entries().length, 1)
  await store.close()
  t.is((await openStore(disk)).entries().length, 1)
})

test('device.md 6: a key that shares a prime with one in the store is refused by name', async (t) => {
  const store = await openStore(new RecordingDisk())
  await register(store, 'A', two)
  const error = await t.throwsAsync<PlatenError>(store.put(await store.reserve('B'), two), refused('weak-key'))
  t.deepEqual(error.facts, { name: 'B', weakness: 'shared-factor' })
  t.is(store.entries().length, 2)
})

test('CA certificates have names, a limit of their own, and survive a restart', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const der = certificateFor(two, 'ca')
  await store.addCaCertificate('Root', der)
  await t.throwsAsync(store.addCaCertificate('Root', der), refused('key-name-taken'))
  await t.throwsAsync(store.addCaCertificate('Broken', new Uint8Array(5)), refused('bad-response'))
  await store.addCaCertificate('Second', der)
  await t.throwsAsync(store.addCaCertificate('Third', der), refused('ca-store-full'))
  await store.deleteCaCertificate('Root')
  await t.throwsAsync(store.deleteCaCertificate('Root'), refused('key-not-found'))
  await store.close()
  t.deepEqual((await openStore(disk)).caCertificates(), [{ name: 'Second', der }])
})

test('no file of the store holds a private key in clear', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const { id } = await register(store, 'A', two)
  const clear = two.export({ format: 'der', type: 'pkcs8' })
  const file = Buffer.from(await disk.read(`/store/generations/${id}/key`, 1e6)).toString()
  const { sealed } = JSON.parse(file.slice(file.indexOf('{'))) as { sealed: string }
  t.false(Buffer.from(sealed, 'base64').includes(clear.subarray(40, 60)))
  t.false(file.includes(clear.subarray(30, 60).toString('base64')))
  t.deepEqual(store.privateKey(id).export({ format: 'der', type: 'pkcs8' }), clear)
})

test('a second store on the same directory is refused, until the first is closed', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  await t.throwsAsync(openStore(disk), refused('store-locked'))
  await store.close()
  await t.notThrowsAsync(openStore(disk))
  await t.throwsAsync(store.reserve('A'), { instanceOf: TypeError })
})

test('calls that are made at once run one after the other', async (t) => {
  const store = await openStore(new RecordingDisk())
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => store.reserve(`Key ${index}`)))
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 3)
  const [first] = await Promise.allSettled([register(store, 'A', four), store.assign('tls', undefined), store.assign('tls', 'ffffffffffffffff' as KeyId)])
  t.is(first.status, 'rejected')
})

test('the journal is compacted and says the same afterwards', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk, { compactFrom: 4096 })
  const { id } = await register(store, 'A', two, { assign: 'tls' })
  await store.addCaCertificate('Root', certificateFor(two, 'ca'))
  for (let round = 0; round < 200; round += 1) await store.assign('ipsec:office', round % 2 === 0 ? id : undefined)
  t.true((await disk.facts('/store/index.journal'))!.size < 32 * 1024)
  const before = [store.entries(), store.caCertificates()]
  await store.close()
  const again = await openStore(disk)
  t.deepEqual([again.entries(), again.caCertificates()], before)
  t.deepEqual(again.problems(), [])
})
