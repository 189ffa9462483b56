import test from 'ava'
import { PlatenError } from '../../../../protocol/errors.js'
import { seconds } from '../../../../protocol/time.js'
import { VirtualClock } from '../../../../rig/boards/virtual-clock.js'
import { fixtureKeys } from '../../../support/fixture-keys.js'
import { issuedEntry } from '../../../support/tls-entries.js'
import { directory, failsBack, newKey, now, oldKey, setUp } from '../../../support/virtual-wired-port.js'

test('device.md 7: the first key starts the daemon, the next is taken live, and the port opens for each', async (t) => {
  const { daemon, put, driver } = await setUp()
  t.deepEqual(await put(oldKey), { enabled: true, caveats: [] })
  t.deepEqual(await put(newKey), { enabled: true, caveats: [] })
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

test('the revocation check of the server is off, by a stapled response where there is one, or always by one, as set', async (t) => {
  for (const [update, line] of [[{}, /^ {2}ocsp=0$/m], [{ revocation: 'if-stapled' }, /^ {2}ocsp=1$/m], [{ revocation: 'required' }, /^ {2}ocsp=2$/m]] as const) {
    const { put, file } = await setUp({ update: { enabled: true, caNames: ['network'], ...update } })
    await put(oldKey)
    t.regex(await file('wpa_supplicant.conf'), line)
  }
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
    t.deepEqual(await put(oldKey), { enabled: false, caveats: [] })
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

test('device.md 7: a daemon that refuses its configuration: the old key serves again within 60 s, and the reason is told', async (t) => {
  const device = await setUp()
  await device.put(oldKey)
  device.daemon.refuses = true
  device.clock.after('the old key is fine', seconds(3), () => (device.daemon.refuses = false))
  const error = await failsBack(t, device)
  t.regex(error.message, /Failed to read or parse configuration/)
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
  t.notThrows(() => unset.driver.canServe(expired))
})

test('status: a key in service that the server refuses after its end is told as expired, and one before as refused', async (t) => {
  const brief = issuedEntry('brief', fixtureKeys.three, { notAfter: now + 3_600_000, extendedKeyUsage: ['clientAuth'] })
  const { driver, daemon, clock } = await setUp()
  daemon.accepts.add('brief.example')
  await driver.apply(brief)
  await clock.until(driver.probe())
  daemon.accepts.clear()
  for (const [when, reason] of [[now + 60_000, 'certificate-rejected'], [now + 3_700_000, 'certificate-expired']] as const) {
    clock.setWall(when)
    daemon.reauthenticate()
    await clock.advance(seconds(3))
    t.like(await driver.status(), { state: 'failed', reason })
  }
})

test('status: a cable that is pulled is told, and so is its return', async (t) => {
  const { driver, daemon, put } = await setUp()
  await put(oldKey)
  daemon.carrier = '0'
  t.like(await driver.status(), { state: 'waiting', reason: 'no-link' })
  daemon.carrier = '1'
  t.like(await driver.status(), { state: 'serving' })
})

test('a certificate for servers only is no reason to refuse: strict servers may', async (t) => {
  const { driver } = await setUp()
  t.notThrows(() => driver.canServe(issuedEntry('web', fixtureKeys.three)))
})
