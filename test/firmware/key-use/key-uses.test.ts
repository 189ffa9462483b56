import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import type { KeyUse } from '../../../protocol/key-use.js'
import { KeyUses, type KeyUseDriver } from '../../../firmware/key-use/index.js'
import type { KeyEntry, KeyId } from '../../../firmware/key-store/index.js'
import { milliseconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { silentLog } from '../../support/silent-log.js'

const entry = (name: string): KeyEntry => ({ id: name as KeyId, name, kind: name === 'default' ? 'default' : 'issued', state: 'ready', bits: 2048, chain: [], uses: [] })
const id = (name: string): KeyId => name as KeyId

/** A store with three keys, a driver that can be told to fail, and the story of both in order. */
function setUp({ unfit = [], unseen = [], noPort = false, assigned = 'default' }: { unfit?: readonly string[]; unseen?: readonly string[]; noPort?: boolean; assigned?: string } = {}) {
  const story: string[] = []
  const port = { taken: noPort }
  const entries = ['default', 'old', 'new'].map(entry)
  const assignments = new Map<KeyUse, KeyId>(assigned === 'default' ? [] : [['tls', id(assigned)]])
  const get = (wanted: KeyId | undefined): KeyEntry => {
    const found = entries.find((each) => each.id === wanted)
    if (found === undefined) throw new PlatenError('key-not-found', `no key ${String(wanted)}`)
    return found
  }
  const store = {
    entries: () => entries,
    get,
    keyFor: (use: KeyUse) => assignments.has(use) ? get(assignments.get(use)) : use === 'tls' ? get(id('default')) : undefined,
    assign: (use: KeyUse, key: KeyId | undefined) => {
      story.push(`assign ${use} ${key ?? 'nothing'}`)
      if (key === undefined) assignments.delete(use)
      else assignments.set(use, key)
      return Promise.resolve()
    },
  }
  let [serving, before]: (KeyEntry | undefined)[] = []
  const driver: KeyUseDriver = {
    use: 'tls',
    canServe: ({ name }) => {
      if (unfit.includes(name)) throw new PlatenError('use-cannot-serve', `${name} cannot serve`)
    },
    apply: (given) => {
      story.push(`apply ${given.name}`)
      if (port.taken) return Promise.reject(new PlatenError('listen-failed', 'port taken'))
      ;[serving, before] = [given, serving]
      return Promise.resolve()
    },
    current: () => serving?.id,
    probe: () => {
      story.push('probe')
      return unseen.includes(serving!.name) ? Promise.reject(new PlatenError('probe-failed', 'a TLS client saw another certificate')) : Promise.resolve()
    },
    undo: () => {
      story.push('undo')
      serving = before
      return Promise.resolve()
    },
  }
  const clock = new VirtualClock(0)
  const freePort = (): void => void (port.taken = false)
  return { uses: new KeyUses({ store, drivers: [driver], log: silentLog, clock }), store, driver, story, clock, freePort }
}

/** Started, and what serves probed. */
async function started(uses: KeyUses): Promise<void> {
  await uses.start()
  await uses.inTurn('tls', () => Promise.resolve())
}

/** The same with a use that can be switched on and off. */
function setUpSwitched({ on, ...options }: { readonly on: boolean; readonly unfit?: readonly string[]; readonly unseen?: readonly string[] }) {
  const { store, driver, story } = setUp(options)
  const state = { on }
  const switched: KeyUseDriver = {
    ...driver, use: 'ieee-802-1x', enabled: () => state.on,
    switchOff: () => Promise.resolve(void story.push('switch off')),
    status: () => Promise.resolve({ state: 'serving', detail: 'Authorized' }),
  }
  return { uses: new KeyUses({ store, drivers: [switched], log: silentLog, clock: new VirtualClock(0) }), store, story, state }
}

test('device.md 7: a key is assigned, applied and probed, in this order', async (t) => {
  const { uses, story } = setUp({ assigned: 'old' })
  await started(uses)
  t.deepEqual(await uses.put('tls', id('new')), { enabled: true, caveats: [] })
  t.deepEqual(story, ['apply old', 'probe', 'assign tls new', 'apply new', 'probe'])
})

test('device.md 7: a key that the store has assigned already is applied and probed only', async (t) => {
  const { uses, store, story } = setUp()
  await started(uses)
  await store.assign('tls', id('new'))
  await uses.put('tls', id('new'))
  t.deepEqual(story, ['apply default', 'probe', 'assign tls new', 'apply new', 'probe'])
})

test('device.md 7: when the probe fails the key before serves again, and the store says so too', async (t) => {
  const { uses, store, driver, story } = setUp({ assigned: 'old', unseen: ['new'] })
  await started(uses)
  const error = await t.throwsAsync(uses.put('tls', id('new')), { instanceOf: PlatenError })
  t.is(error.code, 'probe-failed')
  t.is(driver.current(), id('old'))
  t.is(store.keyFor('tls')?.name, 'old')
  t.deepEqual(story.slice(-4), ['apply new', 'probe', 'undo', 'assign tls old'])
  t.deepEqual(uses.problems(), [])
})

test('device.md 7: back to the default key means that TLS has no key of its own', async (t) => {
  const { uses, store, story } = setUp({ unseen: ['new'] })
  await started(uses)
  await t.throwsAsync(uses.put('tls', id('new')))
  t.is(story.at(-1), 'assign tls nothing')
  t.is(store.keyFor('tls')?.name, 'default')
})

test('a key that cannot serve is refused before anything is changed', async (t) => {
  const { uses, story } = setUp({ unfit: ['new'] })
  await started(uses)
  const error = await t.throwsAsync(uses.put('tls', id('new')), { instanceOf: PlatenError })
  t.is(error.code, 'use-cannot-serve')
  t.deepEqual(story, ['apply default', 'probe'])
})

test('a key that cannot serve and that an issuance has assigned already is taken back in the store', async (t) => {
  const { uses, store, driver } = setUp({ assigned: 'old', unfit: ['new'] })
  await started(uses)
  await store.assign('tls', id('new'))
  await t.throwsAsync(uses.put('tls', id('new')))
  t.is(store.keyFor('tls')?.name, 'old')
  t.is(driver.current(), id('old'))
})

test('device.md 3: a use whose function is off gets the key assigned, and is not switched on', async (t) => {
  const { uses, store, story } = setUp()
  t.deepEqual(await uses.put('ipsec:office', id('new')), { enabled: false, caveats: [] })
  t.is(store.keyFor('ipsec:office')?.name, 'new')
  t.deepEqual(story, ['assign ipsec:office new'])
})

test('at start an assigned key that cannot serve is passed over for the default key; the assignment stays and is reported', async (t) => {
  const { uses, store, driver } = setUp({ assigned: 'old', unfit: ['old'] })
  await started(uses)
  t.is(driver.current(), id('default'))
  t.is(store.keyFor('tls')?.name, 'old')
  t.is(uses.problems().length, 1)
})

test('at start a taken port is not mistaken for a bad key: it is a problem that is told, and tried again after 30 s', async (t) => {
  const { uses, driver, story, clock, freePort } = setUp({ assigned: 'old', noPort: true })
  await started(uses)
  t.deepEqual(story, ['apply old'])
  t.regex(uses.problems()[0] ?? '', /port taken.*tried again/)
  freePort()
  await clock.advance(milliseconds(29_999))
  t.is(driver.current(), undefined)
  await clock.advance(milliseconds(1))
  t.is(driver.current(), id('old'))
  t.deepEqual(uses.problems(), [])
})

test('when the board stops, nothing is tried again', async (t) => {
  const { uses, clock } = setUp({ noPort: true })
  await started(uses)
  await uses.close()
  t.deepEqual(clock.timers(), [])
})

test('two exchanges at once go one after the other', async (t) => {
  const { uses, story } = setUp()
  await started(uses)
  await Promise.all([uses.put('tls', id('old')), uses.put('tls', id('new'))])
  t.deepEqual(story.slice(2), ['assign tls old', 'apply old', 'probe', 'assign tls new', 'apply new', 'probe'])
})

test('device.md 3: a key for a function that is off is assigned, and neither applied nor switched on', async (t) => {
  const { uses, store, story } = setUpSwitched({ on: false })
  t.deepEqual(await uses.put('ieee-802-1x', id('new')), { enabled: false, caveats: [] })
  t.is(store.keyFor('ieee-802-1x')?.name, 'new')
  await started(uses)
  t.deepEqual(story, ['assign ieee-802-1x new'])
  t.like(await uses.list(), [{ use: 'ieee-802-1x', key: 'new', state: 'off', detail: 'Switched off.' }])
  t.deepEqual(uses.problems(), [])
})

test('a function that is switched on takes the key it has; switched off, or without a key, it stops', async (t) => {
  const { uses, store, story, state } = setUpSwitched({ on: false })
  await uses.put('ieee-802-1x', id('new'))
  state.on = true
  await uses.refresh('ieee-802-1x')
  t.like(await uses.list(), [{ use: 'ieee-802-1x', key: 'new', state: 'serving', detail: 'Authorized' }])
  state.on = false
  await uses.refresh('ieee-802-1x')
  state.on = true
  await store.assign('ieee-802-1x', undefined)
  await uses.refresh('ieee-802-1x')
  t.deepEqual(story, ['assign ieee-802-1x new', 'apply new', 'probe', 'switch off', 'assign ieee-802-1x nothing', 'switch off'])
  t.like(await uses.list(), [{ use: 'ieee-802-1x', state: 'no-key', detail: 'No key is assigned.' }])
})

test('at start a key that cannot serve IEEE 802.1X leaves that use without service, and never gives it the default key', async (t) => {
  const { uses, store, story } = setUpSwitched({ on: true, unfit: ['new'] })
  await store.assign('ieee-802-1x', id('new'))
  await started(uses)
  t.deepEqual(story, ['assign ieee-802-1x new'])
  t.deepEqual(uses.problems(), ['The key "new" is assigned to IEEE 802.1X but cannot serve: new cannot serve.'])
})
