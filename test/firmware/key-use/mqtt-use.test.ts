import type { KeyObject } from 'node:crypto'
import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { KeyUses, MqttUse } from '../../../firmware/key-use/index.js'
import type { KeyEntry, KeyId } from '../../../firmware/key-store/index.js'
import type { TlsCredentials } from '../../../firmware/platform/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { silentLog } from '../../support/silent-log.js'
import { defaultEntry, issuedEntry } from '../../support/tls-entries.js'

const mqtt = { extendedKeyUsage: ['clientAuth'], subject: { commonName: 'printer.example' } } as const
const own = issuedEntry('own', fixtureKeys.four, mqtt)
const renewed = { ...own, id: 'renewed' as KeyId, name: 'renewed' }
const fallback = defaultEntry(fixtureKeys.three)
const keys = new Map<KeyId, KeyObject>([[own.id, fixtureKeys.four], [renewed.id, fixtureKeys.four], [fallback.id, fixtureKeys.three]])

function bench() {
  const used: (TlsCredentials | undefined)[] = []
  const world: { refuses: PlatenError | undefined; assigned: KeyId | undefined } = { refuses: undefined, assigned: undefined }
  const agent = {
    use: (credentials: TlsCredentials | undefined) => Promise.resolve(void used.push(credentials)),
    isConnected: () => world.refuses === undefined,
    connected: () => (world.refuses === undefined ? Promise.resolve() : Promise.reject(world.refuses)),
  }
  const switched = { on: true }
  const settings = { get: () => ({ enabled: switched.on }), update: ({ enabled }: { readonly enabled: boolean }) => Promise.resolve(void (switched.on = enabled)) }
  const use = new MqttUse({ agent, settings, device: 'printer.example', store: { privateKey: (id) => keys.get(id)! } })
  const entries: readonly KeyEntry[] = [fallback, own, renewed]
  const store = {
    entries: () => entries, get: (id: KeyId) => entries.find((entry) => entry.id === id)!,
    keyFor: () => entries.find(({ id }) => id === world.assigned), assign: (_: string, id: KeyId | undefined) => Promise.resolve(void (world.assigned = id)),
  }
  const uses = new KeyUses({ store, drivers: [use], log: silentLog, clock: new VirtualClock(0) })
  return { used, world, use, uses }
}

test('the first key of MQTT switches the agent on; leaf and intermediate are shown', async (t) => {
  const { used, uses, use } = bench()
  t.deepEqual(await uses.put('mqtt', own.id), { enabled: true, caveats: [] })
  t.deepEqual(used.map((credentials) => credentials?.chain.length), [2])
  t.is(use.current(), own.id)
  t.like(await uses.list(), [{ use: 'mqtt', key: 'own', state: 'serving' }])
})

test('device.md 7: a first key that the broker refuses leaves the agent off, a renewed one leaves the key before', async (t) => {
  const { used, uses, use, world } = bench()
  world.refuses = new PlatenError('permission-denied', 'unknown here')
  t.is((await t.throwsAsync(uses.put('mqtt', own.id), { instanceOf: PlatenError })).code, 'probe-failed')
  t.is(used.at(-1), undefined)
  t.is(world.assigned, undefined)
  world.refuses = undefined
  await uses.put('mqtt', own.id)
  world.refuses = new PlatenError('permission-denied', 'unknown here')
  t.is((await t.throwsAsync(uses.put('mqtt', renewed.id), { instanceOf: PlatenError })).code, 'probe-failed')
  t.is(use.current(), own.id)
  t.is(world.assigned, own.id)
})

test('a key that is taken from MQTT switches the agent off; the default key never serves it', async (t) => {
  const { used, uses, use, world } = bench()
  await uses.put('mqtt', own.id)
  world.assigned = undefined
  await uses.refresh('mqtt')
  t.is(used.at(-1), undefined)
  t.is(use.current(), undefined)
  world.assigned = fallback.id
  await uses.start()
  t.is(use.current(), undefined)
  t.regex(uses.problems()[0]!, /MQTT but cannot serve: /)
})

test('a certificate for another name is nobody\'s identity here', (t) => {
  const { use } = bench()
  const error = t.throws(() => use.canServe(issuedEntry('own', fixtureKeys.four, { subject: { commonName: 'other.example' } })), { instanceOf: PlatenError })
  t.is(error.code, 'use-cannot-serve')
  t.regex(error.fix, /cn=printer\.example/)
  t.notThrows(() => use.canServe(own))
  t.notThrows(() => use.canServe(issuedEntry('own', fixtureKeys.four, { ...mqtt, extendedKeyUsage: ['serverAuth'] })))
})
