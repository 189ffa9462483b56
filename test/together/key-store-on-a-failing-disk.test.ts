import test from 'ava'
import type { KeyStore } from '../../firmware/key-store/index.js'
import type { Disk } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { filesOf } from '../support/disk-image.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { certificateFor, openStore, register } from '../support/key-store-fixture.js'
import { RecordingDisk } from '../support/recording-disk.js'

const { two, three } = fixtureKeys
const changing: ReadonlySet<string | symbol> = new Set(['create', 'append', 'truncate', 'syncFile', 'makeDirectory', 'syncDirectory', 'rename', 'remove'])

/** A disk whose calls fail from one on, a given number of times; the failing `append` leaves half of its bytes. */
class FailingDisk {
  calls = 0
  failFrom = Infinity
  failures = 0
  readonly disk: Disk
  readonly recording: RecordingDisk

  constructor(recording: RecordingDisk) {
    this.recording = recording
    this.disk = new Proxy(recording, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        const call = value.bind(target) as (...values: readonly unknown[]) => Promise<unknown>
        return changing.has(name) ? (...values: readonly unknown[]) => this.#attempt(String(name), call, values) : call
      },
    })
  }

  async #attempt(name: string, call: (...values: readonly unknown[]) => Promise<unknown>, values: readonly unknown[]): Promise<unknown> {
    this.calls += 1
    if (this.calls < this.failFrom || this.failures === 0) return call(...values)
    this.failures -= 1
    const [path, bytes] = values
    if (name === 'append' && bytes instanceof Uint8Array) await call(path, bytes.subarray(0, bytes.length >> 1))
    throw new PlatenError('disk-failed', `cannot ${name} ${String(path)}: ENOSPC`, { facts: { path: String(path), errno: 'ENOSPC' } })
  }
}

const view = (store: KeyStore): unknown => [store.entries(), store.caCertificates()]

/** What is done while the disk fails; the names say what must be wholly there or not at all. */
const calls: Readonly<Record<string, (store: KeyStore) => Promise<unknown>>> = {
  put: async (store) => store.put(await store.reserve('New'), three),
  complete: (store) => store.complete(store.find('Pending')!.id, { chain: [certificateFor(three, 'p')], assign: 'tls', replaces: store.find('A')!.id }),
  assign: (store) => store.assign('ieee-802-1x', store.find('A')!.id),
  delete: (store) => store.delete(store.find('Spare')!.id),
  import: (store) => store.import('Imported', three, [certificateFor(three, 'i')]),
  'add a CA certificate': (store) => store.addCaCertificate('Root', certificateFor(two, 'root')),
}

for (const [title, call] of Object.entries(calls)) {
  for (const failures of [1, 2, 3]) {
    test(`a full disk at any call of ${title}, ${failures} times: refused or done, never half, and all goes on afterwards`, async (t) => {
      for (let failing = 1; failing < 40; failing += 1) {
        const disk = new FailingDisk(new RecordingDisk())
        // Small enough that the journal is compacted within the call.
        const store = await openStore(disk.disk, { limits: { maxKeys: 6, maxCaCertificates: 2 }, compactFrom: title === 'assign' ? 1 : 1e6 })
        await register(store, 'A', two, { assign: 'tls' })
        if (title === 'complete') await store.put(await store.reserve('Pending'), three)
        if (title === 'delete') await register(store, 'Spare', three)
        const before = view(store)
        disk.failFrom = disk.calls + failing
        disk.failures = failures
        const error: unknown = await call(store).then(() => undefined, (thrown: unknown) => thrown)
        const untouched = disk.failures === failures
        const acknowledged = view(store)
        if (error !== undefined) {
          t.true(error instanceof PlatenError && error.code === 'disk-failed')
          t.deepEqual(acknowledged, before)
        }
        disk.failures = 0
        await store.assign('ipsec:after', store.entries()[0]!.id)
        const expected = view(store)
        await store.close()
        const again = await openStore(new RecordingDisk(disk.recording.image()), { limits: { maxKeys: 6, maxCaCertificates: 2 } })
        t.deepEqual(again.problems(), [])
        const left = again.entries().filter(({ name }) => name === 'New')
        t.deepEqual(view(again), title === 'put' && error !== undefined && left.length > 0 ? [[...store.entries(), ...left], []] : expected, `failing at ${failing}`)
        if (untouched) return
      }
      t.fail('the call has more operations than were tried')
    })
  }
}

test('a data directory that may not be written is told at start, and the lock is given back', async (t) => {
  const recording = new RecordingDisk()
  await (await openStore(recording)).close()
  const forbidden = new RecordingDisk(recording.image())
  forbidden.create = (path) => Promise.reject(new PlatenError('disk-failed', `create ${path}: EACCES`, { facts: { path, errno: 'EACCES' } }))
  await t.throwsAsync(openStore(forbidden), { instanceOf: PlatenError, code: 'disk-failed' })
  await t.notThrowsAsync(openStore(recording))
})

test('with a full disk the store opens with its keys and says so, keeps no new one, and goes on when there is space', async (t) => {
  const recording = new RecordingDisk()
  const before = await openStore(recording)
  await before.close()
  // The end of the last record is missing, as a power cut leaves it: the journal waits to be put right.
  const journal = [...filesOf(recording.image()).keys()].find((path) => path.endsWith('.journal'))!
  const torn = new RecordingDisk(recording.image())
  await torn.append(journal, Buffer.from('half a rec'))
  const disk = new FailingDisk(torn)
  disk.failFrom = 1
  disk.failures = Infinity
  const store = await openStore(disk.disk)
  t.deepEqual(store.entries(), before.entries())
  t.regex(store.problems().map(({ message }) => message).join(' '), /no key can be kept/)
  const slot = await store.reserve('A').catch(() => undefined)
  if (slot !== undefined) await t.throwsAsync(store.put(slot, two), { code: 'disk-failed' })
  disk.failures = 0
  const entry = await store.put(slot ?? await store.reserve('A'), two)
  await store.close()
  const again = await openStore(new RecordingDisk(torn.image()))
  t.deepEqual([again.find('A')?.id, again.problems()], [entry.id, []])
})

test('a put that the disk refused can be tried again, or given up so that its slot is free', async (t) => {
  const disk = new FailingDisk(new RecordingDisk())
  const store = await openStore(disk.disk, { limits: { maxKeys: 2, maxCaCertificates: 1 } })
  const slot = await store.reserve('A')
  disk.failFrom = disk.calls + 4
  disk.failures = 1
  await t.throwsAsync(store.put(slot, two), { instanceOf: PlatenError, code: 'disk-failed' })
  await t.throwsAsync(store.reserve('B'), { instanceOf: PlatenError, code: 'store-full' })
  await store.abandon(slot)
  const other = await store.reserve('B')
  disk.failFrom = disk.calls + 4
  disk.failures = 1
  await t.throwsAsync(store.put(other, two), { instanceOf: PlatenError, code: 'disk-failed' })
  t.is((await store.put(other, two)).state, 'pending')
})
