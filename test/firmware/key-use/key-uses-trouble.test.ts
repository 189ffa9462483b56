import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import type { Caveat, KeyUse } from '../../../protocol/key-use.js'
import { milliseconds, minutes, seconds } from '../../../protocol/time.js'
import { KeyUses, type KeyUseDriver } from '../../../firmware/key-use/index.js'
import { ServedKeysInMemory } from '../../../firmware/key-use/served-keys.js'
import type { KeyEntry, KeyId } from '../../../firmware/key-store/index.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { silentLog } from '../../support/silent-log.js'

type Step = 'apply' | 'probe' | 'undo'

const id = (name: string): KeyId => name as KeyId
const entries = ['default', 'old', 'new'].map((name): KeyEntry => ({ id: id(name), name, kind: name === 'default' ? 'default' : 'issued', state: 'ready', bits: 2048, chain: [], uses: [] }))
const entryOf = (wanted: KeyId): KeyEntry => entries.find((entry) => entry.id === wanted)!
const never = new Promise<never>(() => undefined)

/** A store and a consumer whose steps can be told to fail or to hang; what is in `world` outlives a power cut. */
function board({ use = 'tls', world = { assigned: new Map<KeyUse, KeyId>(), served: new ServedKeysInMemory() }, caveats = [] }: { readonly use?: KeyUse; readonly world?: { readonly assigned: Map<KeyUse, KeyId>; readonly served: ServedKeysInMemory }; readonly caveats?: readonly Caveat[] } = {}) {
  const clock = new VirtualClock(0)
  const story: string[] = []
  const logged: string[] = []
  /** By step and key: an error, or a promise that holds it up. */
  const trouble = new Map<string, PlatenError | Promise<void>>()
  let [serving, before]: (KeyEntry | undefined)[] = []
  const does = async (step: Step, key: KeyEntry | undefined): Promise<void> => {
    story.push(`${step} ${key?.name ?? 'nothing'}`)
    const what = trouble.get(`${step} ${key?.name ?? 'nothing'}`)
    if (what instanceof PlatenError) throw what
    await what
  }
  const driver: KeyUseDriver = {
    use,
    canServe: () => undefined,
    apply: async (entry) => {
      await does('apply', entry)
      ;[serving, before] = [entry, serving]
    },
    current: () => serving?.id,
    probe: () => does('probe', serving),
    undo: async () => {
      await does('undo', before)
      serving = before
    },
    switchOff: () => Promise.resolve(void (serving = undefined)),
  }
  const store = {
    entries: () => entries, get: entryOf,
    keyFor: (which: KeyUse) => {
      const key = world.assigned.get(which)
      return key === undefined ? (which === 'tls' ? entryOf(id('default')) : undefined) : entryOf(key)
    },
    assign: (which: KeyUse, key: KeyId | undefined) => {
      story.push(`assign ${key ?? 'nothing'}`)
      if (key === undefined) world.assigned.delete(which)
      else world.assigned.set(which, key)
      return Promise.resolve()
    },
  }
  const log = { ...silentLog, warn: (text: string) => void logged.push(text), error: (text: string) => void logged.push(text), info: (text: string, facts = {}) => void logged.push(`${text} ${Object.keys(facts).join(' ')}`) }
  const uses = new KeyUses({ store, drivers: [driver], log, clock, served: world.served, findCaveats: () => Promise.resolve(caveats) })
  return { uses, world, driver, store, story, logged, trouble, clock, row: async () => (await uses.list())[0]! }
}

/** A board on which `old` serves. */
async function serving(options: Parameters<typeof board>[0] = {}) {
  const running = board(options)
  await running.uses.start()
  await running.uses.put(options.use ?? 'tls', id('old'))
  running.story.length = 0
  return running
}

const refused = new PlatenError('probe-failed', 'nobody saw it')

for (const step of ['apply', 'probe'] as const) {
  test(`a driver whose ${step} never ends is given up in time, and within 60 s the key before serves and is assigned`, async (t) => {
    const { uses, trouble, clock, driver, store, row } = await serving()
    let release: () => void = () => undefined
    trouble.set(`${step} new`, new Promise((resolve) => (release = resolve)))
    const began = clock.monotonic()
    const put = t.throwsAsync(uses.put('tls', id('new')), { instanceOf: PlatenError })
    if (step === 'apply') clock.after('the daemon wakes up', seconds(30), () => release())
    const error = await clock.until(put)
    t.true(clock.monotonic() - began < 60_000)
    t.regex(error.message, /gave no answer within (10|24) s/)
    t.is(driver.current(), id('old'))
    t.is(store.keyFor('tls')?.name, 'old')
    t.like(await row(), { key: 'old', state: 'serving', swap: { outcome: 'undone', key: 'new', afterStart: false } })
  })
}

test('a driver that hangs for ever ends the swap within 60 s with the assignment before, and is put right when it wakes up', async (t) => {
  const { uses, trouble, clock, driver, store, row } = await serving()
  let release: () => void = () => undefined
  trouble.set('apply new', new Promise((resolve) => (release = resolve)))
  const error = await clock.until(t.throwsAsync(uses.put('tls', id('new')), { instanceOf: PlatenError }))
  t.true(clock.monotonic() < 60_000)
  t.regex(error.fix, /not seen to serve yet/)
  t.is(store.keyFor('tls')?.name, 'old')
  t.is((await row()).swap?.outcome, 'stranded')
  t.is(uses.problems().length, 1)
  release()
  await clock.advance(seconds(1))
  t.is(driver.current(), id('old'))
  t.deepEqual(uses.problems(), [])
})

test('device.md 7: where undo fails too, the store has the key before, the status says so, and it is tried again', async (t) => {
  const { uses, trouble, clock, driver, store } = await serving()
  trouble.set('probe new', refused)
  trouble.set('undo old', new PlatenError('use-cannot-serve', 'the daemon is gone'))
  await t.throwsAsync(uses.put('tls', id('new')), { instanceOf: PlatenError, code: 'probe-failed' })
  t.is(store.keyFor('tls')?.name, 'old')
  t.is(uses.problems().length, 1)
  await clock.advance(seconds(30))
  t.is(driver.current(), id('old'))
  t.deepEqual(uses.problems(), [])
})

test('device.md 6: a power cut after the assignment and before the probe: the next start tries the new key, and goes back to the one before when it does not serve', async (t) => {
  const { world, uses: first } = await serving()
  await first.close()
  // An issuance has committed key, certificate and use in one record; then the power went.
  world.assigned.set('tls', id('new'))
  const { uses, story, trouble, driver, store, clock, row } = board({ world })
  trouble.set('probe new', refused)
  await uses.start()
  await clock.advance(seconds(1))
  t.deepEqual(story, ['apply new', 'probe new', 'apply old', 'assign old'])
  t.is(driver.current(), id('old'))
  t.is(store.keyFor('tls')?.name, 'old')
  t.like(await row(), { key: 'old', state: 'serving', swap: { outcome: 'undone', key: 'new', afterStart: true, reason: { message: 'nobody saw it' } } })
  t.regex(uses.problems().join(' '), /"new" was taken back from TLS: nobody saw it/)
  await uses.close()
})

test('device.md 6: a power cut in a swap to a good key: it serves after the next start, and is the one to go back to from then on', async (t) => {
  const { world } = await serving()
  world.assigned.set('tls', id('new'))
  const { uses, story, clock, row } = board({ world })
  await uses.start()
  await clock.advance(seconds(1))
  t.deepEqual(story, ['apply new', 'probe new'])
  t.is((await row()).swap?.outcome, 'served')
  t.deepEqual(world.served.get('tls'), { key: id('new'), before: id('old') })
})

test('a key assigned while the function was off is wanted: a start does not go back from it', async (t) => {
  const { world, uses: first, driver: was } = await serving({ use: 'mqtt' })
  was.enabled = () => false
  await first.put('mqtt', id('new'))
  const { uses, trouble, store, clock, row } = board({ use: 'mqtt', world })
  trouble.set('probe new', refused)
  await uses.start()
  await clock.advance(seconds(1))
  t.is(store.keyFor('mqtt')?.name, 'new')
  t.is((await row()).swap?.outcome, 'failing')
  await uses.close()
})

test('device.md 7: at a start each consumer is probed; what is not seen to serve is in the status, tried again after 30 s, then less often, and right again when it serves', async (t) => {
  const { world } = await serving({ use: 'mqtt' })
  const { uses, story, trouble, clock } = board({ use: 'mqtt', world })
  trouble.set('probe old', refused)
  await uses.start()
  await clock.advance(seconds(1))
  t.deepEqual(story, ['apply old', 'probe old'])
  t.regex(uses.problems()[0] ?? '', /"old" is in place for MQTT, but was not seen to serve: nobody saw it/)
  await clock.advance(minutes(20))
  const tries = story.filter((each) => each === 'probe old').length
  t.true(tries >= 5 && tries <= 8, `${tries} tries`)
  t.is(story.filter((each) => each === 'apply old').length, 1)
  trouble.clear()
  await clock.advance(minutes(5))
  t.deepEqual(uses.problems(), [])
  t.deepEqual(clock.timers(), [])
})

test('at a start the default key serves TLS while the assigned key is not seen to, and gives way to it as soon as it is', async (t) => {
  const { world } = await serving()
  const { uses, trouble, driver, clock, row } = board({ world })
  trouble.set('probe old', refused)
  await uses.start()
  await clock.advance(seconds(1))
  t.is(driver.current(), id('default'))
  t.like(await row(), { key: 'old', state: 'failed' })
  trouble.clear()
  await clock.advance(seconds(30))
  t.is(driver.current(), id('old'))
  t.deepEqual(uses.problems(), [])
})

test('a board that stops waits for no probe of its start', async (t) => {
  const { world } = await serving({ use: 'mqtt' })
  const { uses, trouble, clock } = board({ use: 'mqtt', world })
  trouble.set('probe old', never)
  await uses.start()
  await uses.close()
  t.deepEqual(clock.timers(), [])
})

test('the uses do not wait for each other: one that hangs keeps no other from its exchange', async (t) => {
  const { uses, trouble, driver } = await serving()
  const other: KeyUseDriver = { ...driver, use: 'mqtt', current: () => undefined, probe: () => Promise.resolve(), apply: () => Promise.resolve() }
  uses.add(other)
  trouble.set('apply new', never)
  void uses.put('tls', id('new')).catch(() => undefined)
  t.true((await uses.put('mqtt', id('new'))).enabled)
})

test('device.md 7: what is to be known of a key is in the reply, in the status and in the log, and blocks nothing', async (t) => {
  const caveat: Caveat = { code: 'address-missing', message: 'An address is missing.', fix: 'Request it.' }
  const { uses, logged, row } = board({ caveats: [caveat] })
  t.deepEqual(await uses.put('tls', id('new')), { enabled: true, caveats: [caveat] })
  t.deepEqual((await row()).caveats, [caveat])
  t.true(logged.includes('An address is missing.'))
})

test('the times of a swap are told in the status and the log: received, began, applied, probed', async (t) => {
  const { uses, trouble, clock, logged, row } = board()
  await clock.advance(milliseconds(5000))
  const after = (delay: number): Promise<void> => new Promise((resolve) => clock.after('takes its time', milliseconds(delay), resolve))
  trouble.set('apply new', new Promise((resolve) => clock.after('apply', milliseconds(200), resolve)))
  trouble.set('probe new', after(500))
  await clock.until(uses.put('tls', id('new'), { receivedAt: 4900 }))
  t.like((await row()).swap, { outcome: 'served', receivedAt: 4900, startedAt: 5000, appliedAt: 5200, probedAt: 5500, endedAt: 5500 })
  t.true(logged.some((line) => line.startsWith('TLS serves the key "new" ') && line.includes('swapMs')))
})

test('device.md 7: a key may serve several uses, and each use has at most one key', async (t) => {
  const { uses, driver, store, world } = await serving()
  let current: KeyId | undefined
  uses.add({ ...driver, use: 'mqtt', current: () => current, probe: () => Promise.resolve(), apply: ({ id: key }) => Promise.resolve(void (current = key)) })
  await uses.put('mqtt', id('old'))
  t.deepEqual([...world.assigned], [['tls', id('old')], ['mqtt', id('old')]])
  await uses.put('mqtt', id('new'))
  t.is(store.keyFor('mqtt')?.name, 'new')
  t.is(store.keyFor('tls')?.name, 'old')
  t.is(driver.current(), id('old'))
})
