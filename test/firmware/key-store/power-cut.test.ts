import test from 'ava'
import type { KeyStore } from '../../../firmware/key-store/index.js'
import type { Disk } from '../../../firmware/platform/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { certificateFor, register } from '../../support/key-store-fixture.js'
import { sweep, type Scenario } from '../../support/key-store-sweep.js'
import type { RecordingDisk } from '../../support/recording-disk.js'

const { two, three, four } = fixtureKeys

const idOf = (store: KeyStore, name: string) => store.find(name)!.id

/** Reserve, put and complete as three calls, each acknowledged on its own. */
function registering(name: string, key: typeof two, options: (store: KeyStore) => Omit<Parameters<KeyStore['complete']>[1], 'chain'>, exchangeFor?: string): Scenario['steps'] {
  const slots = new WeakMap<KeyStore, ReturnType<KeyStore['reserve']>>()
  return [
    (store) => {
      const slot = store.reserve(name, exchangeFor === undefined ? {} : { exchangeFor: idOf(store, exchangeFor) })
      slots.set(store, slot)
      return slot
    },
    async (store) => store.put(await slots.get(store)!, key),
    (store) => store.complete(idOf(store, name), { chain: [certificateFor(key, name)], ...options(store) }),
  ]
}

const two_keys = async (store: KeyStore): Promise<void> => {
  await register(store, 'A', two, { assign: 'tls' })
  await register(store, 'B', three, { assign: 'ieee-802-1x' })
}

const scenarios: readonly Scenario[] = [
  { title: 'first boot', steps: [] },
  { title: 'register', prepare: two_keys, steps: registering('C', four, () => ({})) },
  { title: 'register and assign', prepare: two_keys, steps: registering('C', four, () => ({ assign: 'tls' })) },
  { title: 'replace', prepare: two_keys, steps: registering('C', four, (store) => ({ assign: 'tls', replaces: idOf(store, 'A') })) },
  {
    title: 'replace in a full store, and delete the old key later',
    options: { limits: { maxKeys: 3, maxCaCertificates: 2 } },
    prepare: two_keys,
    steps: [...registering('C', four, () => ({ assign: 'tls' }), 'A'), (store) => store.delete(idOf(store, 'A'))],
  },
  {
    title: 'exchange in a full store: the new key takes over the name of the old one',
    options: { limits: { maxKeys: 3, maxCaCertificates: 2 } },
    prepare: two_keys,
    steps: [
      (store) => store.reserve('A', { exchangeFor: idOf(store, 'A') }).then((slot) => store.put(slot, four)),
      (store) => store.complete(idOf(store, 'A (2)'), { chain: [certificateFor(four, 'A')], assign: 'tls' }),
      (store) => store.delete(store.entries().find(({ name }) => name === 'A')!.id),
    ],
  },
  {
    title: 'assign',
    prepare: two_keys,
    steps: [
      (store) => store.assign('tls', idOf(store, 'B')),
      (store) => store.assign('ipsec:office', idOf(store, 'A')),
      (store) => store.assign('tls', undefined),
      (store) => store.addCaCertificate('Root', certificateFor(two, 'root')),
      (store) => store.assign('ieee-802-1x', idOf(store, 'A')),
      (store) => store.deleteCaCertificate('Root'),
    ],
  },
  {
    title: 'delete',
    prepare: two_keys,
    steps: [
      (store) => store.assign('tls', undefined),
      (store) => store.delete(idOf(store, 'A')),
      (store) => store.assign('ieee-802-1x', undefined),
      (store) => store.delete(idOf(store, 'B')),
    ],
  },
  {
    title: 'give up a pending key, and use the slot again',
    prepare: two_keys,
    steps: [
      ...registering('C', four, () => ({})).slice(0, 2),
      (store) => store.abandon(idOf(store, 'C')),
      ...registering('D', four, () => ({ assign: 'tls' })),
    ],
  },
  {
    title: 'compact',
    options: { compactFrom: 1 },
    prepare: two_keys,
    steps: [
      (store) => store.assign('tls', undefined),
      (store) => store.delete(idOf(store, 'A')),
      (store) => store.assign('tls', idOf(store, 'B')),
    ],
  },
]

/** Here the power is cut again during the recovery; done for all of them it takes a minute, and finds the same. */
const twice: ReadonlySet<string> = new Set(['register and assign', 'delete', 'compact'])

test('device.md 6: after a power cut at any moment the store opens, whole, and nothing acknowledged is lost', async (t) => {
  t.timeout(60_000)
  let [total, opened] = [0, 0]
  for (const scenario of scenarios) {
    const { states, distinct, crashPoints, violations } = await sweep(scenario, { twice: twice.has(scenario.title) })
    t.log(`${scenario.title}: ${crashPoints} crash points, ${states} states, ${distinct} of them distinct`)
    t.deepEqual(violations, [])
    total += states
    opened += distinct
  }
  t.log(`${total} states in all, ${opened} of them distinct`)
  t.true(total >= 10_000)
  t.true(opened >= 5000)
})

/** A disk that says of one of its syncs, the `skipped`-th or all, that it is done, and does nothing. */
function without(call: 'syncDirectory' | 'syncFile', skipped?: number): (disk: RecordingDisk) => Disk {
  let count = 0
  return (disk) => new Proxy(disk, {
    get: (target, name) => {
      if (name === call && (skipped === undefined || count++ === skipped)) return () => Promise.resolve()
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

for (const call of ['syncDirectory', 'syncFile'] as const) {
  test(`the sweep finds a store that leaves out any one ${call}, so none is there in vain`, async (t) => {
    const replace = scenarios.find(({ title }) => title === 'replace')!
    const { violations } = await sweep(replace, { wrap: without(call), enough: 1 })
    t.is(violations.length, 1)
    for (let skipped = 0; skipped < 2; skipped += 1) {
      const one = await sweep(replace, { wrap: without(call, skipped), enough: 1 })
      t.is(one.violations.length, 1, `${call} ${skipped}`)
      t.log(one.violations[0]!.split('\n')[0])
    }
    t.is((await sweep(replace, { wrap: without(call, 2), enough: 1 })).violations.length, 0, 'there are two of each: put needs three syncs, complete one')
  })
}
