import test, { type ExecutionContext } from 'ava'
import { Ieee8021xUse, KeyUses } from '../../../../firmware/key-use/index.js'
import type { KeyEntry } from '../../../../firmware/key-store/index.js'
import { Ieee8021xSettingsFile, type Ieee8021xUpdate } from '../../../../firmware/settings/index.js'
import { PlatenError } from '../../../../protocol/errors.js'
import { seconds } from '../../../../protocol/time.js'
import { VirtualClock } from '../../../../rig/boards/virtual-clock.js'
import { FakeSupplicant } from '../../../support/fake-supplicant.js'
import { fixtureKeys } from '../../../support/fixture-keys.js'
import { RecordingDisk } from '../../../support/recording-disk.js'
import { silentLog } from '../../../support/silent-log.js'
import { issuedEntry } from '../../../support/tls-entries.js'

const now = Date.UTC(2027, 0, 1)
const directory = '/run/ieee-802-1x'
const entries = (['old', 'new'] as const).map((name) => issuedEntry(name, fixtureKeys.three, { extendedKeyUsage: ['clientAuth'] }))
const [oldKey, newKey] = entries as [KeyEntry, KeyEntry]
const ca = oldKey.chain[2]!

async function setUp({ clock = new VirtualClock(now), update = { enabled: true, caNames: ['network'] } }: { clock?: VirtualClock; update?: Ieee8021xUpdate } = {}) {
  const disk = new RecordingDisk()
  const daemon = new FakeSupplicant(clock, disk)
  for (const { name } of entries) daemon.accepts.add(`${name}.example`)
  const settings = await Ieee8021xSettingsFile.open({ disk, directory: '/data', log: silentLog })
  await settings.update(update)
  const store = { privateKey: () => fixtureKeys.three, caCertificates: () => [{ name: 'network', der: ca }] }
  const driver = new Ieee8021xUse({ store, settings, processes: daemon, disk, clock, log: silentLog, directory })
  let assigned: KeyEntry | undefined
  const assignments = {
    entries: () => entries, get: (id: string) => entries.find((entry) => entry.id === id)!, keyFor: () => assigned,
    assign: (_: unknown, id: string | undefined) => Promise.resolve(void (assigned = entries.find((entry) => entry.id === id))),
  }
  const uses = new KeyUses({ store: assignments, drivers: [driver], log: silentLog, clock })
  const put = (entry: KeyEntry) => clock.until(uses.put('ieee-802-1x', entry.id))
  const file = async (name: string): Promise<string> => Buffer.from(await disk.read(`${directory}/${name}`, 100_000)).toString()
  return { clock, disk, daemon, settings, driver, uses, put, file, assigned: () => assigned?.name }
}

/** A swap to the new key that must fail. @returns its error, once the old key serves again in time */
async function failsBack(t: ExecutionContext, device: Awaited<ReturnType<typeof setUp>>): Promise<PlatenError> {
  const from = device.clock.monotonic()
  const error = await t.throwsAsync(device.put(newKey), { instanceOf: PlatenError })
  t.true(device.clock.monotonic() - from <= seconds(60), `${(device.clock.monotonic() - from) / 1000} s`)
  t.is(device.assigned(), 'old')
  t.is(device.driver.current(), oldKey.id)
  t.true(device.daemon.running)
  t.like(await device.driver.status(), { state: 'serving' })
  return error
}

test('device.md 7: the first key starts the daemon, the next is taken live, and the port opens for each', async (t) => {
  const { daemon, put, driver } = await setUp()
  t.deepEqual(await put(oldKey), { enabled: true })
  t.deepEqual(await put(newKey), { enabled: true })
  t.deepEqual(daemon.story, ['start', 'EAP old.example', 'reconfigure', 'EAP new.example'])
  t.deepEqual(await driver.status(), { state: 'serving', detail: 'Authenticated as new.example on eth0.' })
})

test('device.md 7: leaf and intermediates go to the daemon, with the chosen CA and the name from the certificate', async (t) => {
  const { put, file } = await setUp({ update: { enabled: true, caNames: ['network'], serverName: 'radius.example.com' } })
  await put(oldKey)
  const config = await file('wpa_supplicant.conf')
  t.regex(config, /ca_cert="\/run\/ieee-802-1x\/1\/ca\.pem"/)
  t.regex(config, new RegExp(`identity=${Buffer.from('old.example').toString('hex')}\n`))
  t.regex(config, new RegExp(`domain_suffix_match=${Buffer.from('radius.example.com').toString('hex')}\n`))
  t.is((await file('1/chain.pem')).match(/BEGIN CERTIFICATE/g)?.length, 3)
})

test('an identity can end neither its line nor its quotation', async (t) => {
  const { put, file } = await setUp({ update: { enabled: true, caNames: ['network'], identity: 'x"; ca_cert="/none' } })
  await put(oldKey)
  t.is((await file('wpa_supplicant.conf')).match(/ca_cert/g)?.length, 1)
})

test('no more than the key in service and the one before lie in memory, and none when the function is switched off', async (t) => {
  const { disk, put, driver, daemon } = await setUp()
  for (const entry of [oldKey, newKey, oldKey]) await put(entry)
  t.deepEqual(await disk.list(directory), ['2', '3', 'wpa_supplicant.conf'])
  await driver.switchOff()
  t.deepEqual(await disk.list(directory), [])
  t.false(daemon.running)
})

test('fail closed: without a chosen CA, or without its certificate in the store, nothing starts and no key is written', async (t) => {
  for (const caNames of [[], ['lost']]) {
    const { daemon, disk, put } = await setUp({ update: { caNames } })
    // The settings refuse to be on without a CA; a driver that is asked all the same refuses too.
    const { driver } = await setUp({ update: { caNames } })
    const error = t.throws(() => driver.canServe(oldKey), { instanceOf: PlatenError })
    t.is(error.code, 'use-cannot-serve')
    t.regex(error.message, caNames.length === 0 ? /no CA is chosen/ : /"lost" is not in the key store/)
    t.deepEqual(await put(oldKey), { enabled: false })
    t.deepEqual(daemon.story, [])
    t.is(await disk.facts(directory), undefined)
  }
})

test('switching on without a CA is refused, and changes nothing', async (t) => {
  const { settings } = await setUp({ update: {} })
  const error = await t.throwsAsync(settings.update({ enabled: true }), { instanceOf: PlatenError })
  t.is(error.code, 'missing-field')
  t.false(settings.get().enabled)
})

test('a key in clear is never written to storage that lasts', async (t) => {
  const { daemon, disk, put } = await setUp()
  daemon.fileSystem = 'ext2/ext3'
  const error = await t.throwsAsync(put(oldKey), { instanceOf: PlatenError })
  t.is(error.code, 'use-cannot-serve')
  t.regex(error.message, /written to memory only, and \/run\/ieee-802-1x is on ext2/)
  t.deepEqual(await disk.list(directory), [])
})

test('device.md 7: a certificate that the server refuses is taken back, and the old key is let in again within 60 s', async (t) => {
  const device = await setUp()
  await device.put(oldKey)
  device.daemon.accepts.delete('new.example')
  const error = await failsBack(t, device)
  t.is(error.code, 'probe-failed')
  t.regex(error.message, /the authentication server refused/)
  t.deepEqual(device.daemon.story.slice(-2), ['reconfigure', 'EAP old.example'])
  t.deepEqual(await device.disk.list(directory), ['1', 'wpa_supplicant.conf'])
})

test('a daemon that hangs is killed, and a fresh one serves the new key', async (t) => {
  const { daemon, put, clock, assigned } = await setUp()
  await put(oldKey)
  daemon.hangs = true
  clock.after('it can answer again', seconds(4), () => (daemon.hangs = false))
  await put(newKey)
  t.is(assigned(), 'new')
  t.deepEqual(daemon.story.slice(-3), ['SIGKILL', 'start', 'EAP new.example'])
})

test('a daemon that never answers leaves the old key in place within 60 s, and says so', async (t) => {
  const { daemon, put, clock, assigned, driver } = await setUp()
  await put(oldKey)
  daemon.hangs = true
  const from = clock.monotonic()
  const error = await t.throwsAsync(put(newKey), { instanceOf: PlatenError })
  t.true(clock.monotonic() - from <= seconds(60), `${(clock.monotonic() - from) / 1000} s`)
  t.regex(error.message, /wpa_supplicant does not answer/)
  t.is(assigned(), 'old')
  t.is(driver.current(), oldKey.id)
  t.is(daemon.story.at(-1), 'EAP old.example')
})

test('a daemon that ends over the new key: the old one serves again within 60 s, and its last words are told', async (t) => {
  const device = await setUp()
  await device.put(oldKey)
  device.daemon.dies = true
  device.clock.after('the old key is fine', seconds(3), () => (device.daemon.dies = false))
  const error = await failsBack(t, device)
  t.regex(error.message, /wpa_supplicant ended \(exit code 255\)/)
})

test('where wpa_supplicant is not installed the key is refused with that reason, and no key stays in memory', async (t) => {
  const { daemon, disk, put, driver } = await setUp()
  daemon.installed = false
  const error = await t.throwsAsync(put(oldKey), { instanceOf: PlatenError })
  t.is(error.code, 'use-cannot-serve')
  t.regex(error.message, /cannot start wpa_supplicant/)
  t.is(driver.current(), undefined)
  t.deepEqual(await disk.list(directory), [])
})

test('a daemon that ends by itself is started again, each time after a longer pause', async (t) => {
  const { daemon, put, clock } = await setUp()
  await put(oldKey)
  daemon.silent = true
  for (const pause of [1, 2, 4, 8, 16, 32, 60, 60]) {
    daemon.die()
    await clock.advance(seconds(pause - 0.5))
    t.false(daemon.running, `${pause} s`)
    await clock.advance(seconds(0.5))
    t.true(daemon.running, `${pause} s`)
  }
})

test('no answer from the network is told as what it is: no link, or no authenticator', async (t) => {
  for (const [carrier, reason] of [['0', /eth0 has no link/], ['1', /no authenticator answers on eth0/]] as const) {
    const { daemon, put, clock, driver, disk } = await setUp()
    daemon.silent = true
    daemon.carrier = carrier
    const error = await t.throwsAsync(put(oldKey), { instanceOf: PlatenError })
    t.regex(error.message, reason)
    t.true(clock.monotonic() <= seconds(16))
    // There was no key before: nothing serves, nothing stays.
    t.is(driver.current(), undefined)
    t.false(daemon.running)
    t.deepEqual(await disk.list(directory), [])
    t.deepEqual(clock.timers().filter(({ name }) => name !== 'EAP'), [])
  }
})

test('an expired certificate is refused before anything is changed, but not by a clock that is not set', async (t) => {
  const expired = issuedEntry('expired', fixtureKeys.three, { notAfter: now - 1000, extendedKeyUsage: ['clientAuth'] })
  const { driver, daemon } = await setUp()
  const error = t.throws(() => driver.canServe(expired), { instanceOf: PlatenError })
  t.regex(error.message, /expired on 2026-12-31/)
  t.deepEqual(daemon.story, [])
  const unset = await setUp({ clock: new VirtualClock(now, 'unset') })
  t.is(unset.driver.canServe(expired), undefined)
})

test('a certificate for servers only is served with a caveat', async (t) => {
  const { driver } = await setUp()
  t.regex(driver.canServe(issuedEntry('web', fixtureKeys.three)) ?? '', /clientAuth is not among them/)
})
