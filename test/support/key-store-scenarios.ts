import type { KeyStore } from '../../firmware/key-store/index.js'
import { fixtureKeys } from './fixture-keys.js'
import { certificateFor, register } from './key-store-fixture.js'
import type { Scenario } from './key-store-sweep.js'

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

/** What is done to a store while the power is cut. */
export const keyStoreScenarios: readonly Scenario[] = [
  { title: 'first boot', steps: [] },
  { title: 'register', prepare: two_keys, steps: registering('C', four, () => ({})) },
  { title: 'import', prepare: two_keys, steps: [(store) => store.import('C', four, [certificateFor(four, 'C')])] },
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
