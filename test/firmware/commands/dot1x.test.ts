import test, { type ExecutionContext } from 'ava'
import { CommandRunner } from '../../../firmware/commands/index.js'
import { Ieee8021xUse, KeyUses } from '../../../firmware/key-use/index.js'
import type { CommandName } from '../../../protocol/commands/index.js'
import { PlatenError, type ErrorCode } from '../../../protocol/errors.js'
import { seconds } from '../../../protocol/time.js'
import { consoleBoard } from '../../support/console-board.js'
import { FakeSupplicant } from '../../support/fake-supplicant.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { certificateFor, register } from '../../support/key-store-fixture.js'
import { RecordingDisk } from '../../support/recording-disk.js'

const ca = 'ca=network'

/** The commands over the real settings, key store and driver; wpa_supplicant and the switch are in virtual time. */
async function board() {
  const disk = new RecordingDisk()
  const { services, clock, store, logged } = await consoleBoard({ disk })
  const daemon = new FakeSupplicant(clock, disk)
  daemon.accepts.add('printer')
  await store.addCaCertificate('network', certificateFor(fixtureKeys.one, 'Network CA'))
  await store.addCaCertificate('other', certificateFor(fixtureKeys.two, 'Other CA'))
  const driver = new Ieee8021xUse({ store, settings: services.ieee8021x, processes: daemon, disk, clock, log: services.log, directory: '/run/ieee-802-1x' })
  const useKey = new KeyUses({ store, drivers: [driver], log: services.log, clock })
  const commands = new CommandRunner({ ...services, useKey })
  const context = { actor: { account: 'administrator', privilege: 'administrator' }, front: 'MQTT', progress: () => undefined } as const
  const run = <Name extends CommandName>(name: Name, request: unknown = {}) => clock.until(commands.run(name, request, context))
  const withKey = () => register(store, 'printer', fixtureKeys.three, { assign: 'ieee-802-1x' })
  const config = async (): Promise<string> => Buffer.from(await disk.read('/run/ieee-802-1x/wpa_supplicant.conf', 10_000)).toString()
  return { disk, clock, store, daemon, driver, run, withKey, config, logged, settings: services.ieee8021x }
}

const asRequest = (line: string): Record<string, string> => Object.fromEntries(line.split(' ').filter((word) => word !== '').map((word) => {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}))

async function refused(t: ExecutionContext, work: Promise<unknown>, code: ErrorCode, text: RegExp): Promise<void> {
  const error = await t.throwsAsync(work, { instanceOf: PlatenError })
  t.is(error.code, code, error.message)
  t.regex(`${error.message} | ${error.fix}`, text)
}

test('dot1x show: off, on eth0, without a CA and without a revocation check is how a device comes', async (t) => {
  const { run } = await board()
  t.deepEqual(await run('dot1x show'), { enabled: false, interface: 'eth0', ca: [], revocation: 'off', state: 'off', detail: 'Switched off.' })
})

test('dot1x show on a device that runs no programs says so', async (t) => {
  const { commands } = await consoleBoard()
  t.like(await commands.run('dot1x show', {}, { actor: { account: 'a', privilege: 'administrator' }, front: 'MQTT', progress: () => undefined }), { state: 'off', detail: 'This device runs no programs, so IEEE 802.1X is not in it.' })
})

test('device.md 7, fail closed: dot1x set without a CA is refused, switches nothing on and writes nothing', async (t) => {
  const { run, daemon, withKey, disk } = await board()
  await withKey()
  for (const line of ['', 'identity=printer', 'ca=', 'server=radius.example.com']) {
    await refused(t, run('dot1x set', asRequest(line)), 'missing-field', /no CA is chosen.*\| Give ca with the name of a CA certificate/)
  }
  t.like(await run('dot1x show'), { enabled: false, ca: [], identity: undefined, server: undefined })
  t.deepEqual(daemon.story, [])
  t.is(await disk.facts('/run/ieee-802-1x'), undefined)
})

test('dot1x set names the field that it refuses and its limits, and changes nothing', async (t) => {
  const { run, daemon } = await board()
  for (const [line, text] of [
    [`ca=lost`, /ca: there is no CA certificate "lost" in the key store.*ca show/],
    [`ca=network,lost`, /"lost"/],
    [`ca=network,network,network,network,network`, /ca.*at most 4/],
    [`${ca} server=not_a_name!`, /server.*a domain name/],
    [`${ca} identity=${'x'.repeat(256)}`, /identity.*255/],
    [`${ca} identity=line\nbreak`, /identity/],
    [`${ca} interface=-ieth0`, /Interface: 1 to 15 letters/],
    [`${ca} interface=sixteen-letters-`, /interface.*15/],
    [`${ca} revocation=sometimes`, /revocation.*off, if-stapled or required/],
  ] as const) await refused(t, run('dot1x set', asRequest(line)), 'invalid-value', text)
  await refused(t, run('dot1x set', { ca: 'network', crl: 'yes' }), 'unknown-field', /crl/)
  t.like(await run('dot1x show'), { enabled: false, ca: [] })
  t.deepEqual(daemon.story, [])
})

test('dot1x set keeps the settings and switches on; without a key that is told, and the key that comes later serves', async (t) => {
  const { run, store, withKey, config } = await board()
  t.deepEqual(await run('dot1x set', asRequest(`${ca} server=radius.example.com identity=host/printer interface=eth0 revocation=required`)), {
    enabled: true, interface: 'eth0', identity: 'host/printer', ca: ['network'], server: 'radius.example.com', revocation: 'required', state: 'no-key', detail: 'No key is assigned.',
  })
  const { name } = await withKey()
  await store.assign('ieee-802-1x', undefined)
  t.like(await run('keys assign', { name, use: 'ieee-802-1x' }), { enabled: true })
  t.like(await run('dot1x show'), { key: 'printer', state: 'serving', detail: 'Authenticated as host/printer on eth0.' })
  t.regex(await config(), /ocsp=2/)
})

test('dot1x set authenticates anew with what was given; empty text goes back to the default', async (t) => {
  const { run, withKey, daemon, config } = await board()
  await withKey()
  t.like(await run('dot1x set', asRequest(`${ca} server=radius.example.com identity=host/printer`)), { state: 'serving', reason: undefined })
  t.like(await run('dot1x set', { server: '', identity: '' }), { state: 'serving', server: undefined, identity: undefined, ca: ['network'] })
  t.deepEqual(daemon.story, ['start', 'EAP printer', 'reconfigure', 'EAP printer'])
  t.notRegex(await config(), /domain_suffix_match/)
  t.like(await run('dot1x set', asRequest('ca=other,network')), { ca: ['other', 'network'] })
})

test('device.md 7: what the port says is told with a reason for machines and in words, by the reply, dot1x show and uses', async (t) => {
  for (const [trouble, reason, words] of [
    [(daemon: FakeSupplicant) => daemon.accepts.clear(), 'certificate-rejected', /refused the certificate or the identity/],
    [(daemon: FakeSupplicant) => (daemon.silent = true), 'no-answer', /no authenticator answers on eth0/],
    [(daemon: FakeSupplicant) => (daemon.carrier = '0', daemon.silent = true), 'no-link', /eth0 has no link/],
    [(daemon: FakeSupplicant) => (daemon.refuses = true), 'daemon-failed', /Failed to read or parse configuration/],
    [(daemon: FakeSupplicant) => (daemon.hangs = true), 'daemon-failed', /wpa_supplicant (does not answer|hung)/],
    [says("eth0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 subject='/CN=Foreign CA' err='self-signed certificate in certificate chain'"), 'peer-not-trusted', /does not lead to a chosen CA \(\/CN=Foreign CA/],
    [says("eth0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=4 depth=0 subject='/CN=radius' err='certificate has expired'"), 'peer-expired', /it has expired/],
    [says("eth0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=9 depth=0 subject='/CN=radius' err='Domain suffix mismatch'"), 'peer-name-mismatch', /its name is not the one that was set/],
    [says('SSL: SSL3 alert: write (local SSL3 detected an error):fatal:bad certificate status response'), 'peer-revocation', /did not prove by OCSP stapling/],
    [says('SSL: SSL3 alert: read (remote end reported an error):fatal:certificate expired'), 'certificate-expired', /refused our certificate: certificate expired/],
    [says('SSL: SSL3 alert: read (remote end reported an error):fatal:unknown CA'), 'certificate-rejected', /refused our certificate: unknown CA/],
  ] as const) {
    const { run, withKey, daemon, logged } = await board()
    await withKey()
    trouble(daemon)
    const reply = await run('dot1x set', asRequest(ca))
    t.like(reply, { enabled: true, state: 'failed', reason }, reason)
    t.regex(reply.detail, words)
    const shown = await run('dot1x show')
    t.is(shown.reason, reason)
    t.regex(shown.detail, words)
    t.true(shown.state !== 'serving' && shown.state !== 'off', shown.state)
    t.regex((await run('uses')).uses.find(({ use }) => use === 'ieee-802-1x')?.detail ?? '', words)
    t.true(logged.some((line) => line.includes('IEEE 802.1X does not serve with its new settings')))
  }
})

test('dot1x set with a CA whose certificate has left the store does not go on serving by the old settings', async (t) => {
  const { run, withKey, store, daemon, clock } = await board()
  await withKey()
  await run('dot1x set', asRequest(ca))
  await store.deleteCaCertificate('network')
  const reply = await run('dot1x set', { identity: 'host/printer' })
  t.like(reply, { state: 'failed', ca: ['network'] })
  t.regex(reply.detail, /"network" is not in the key store/)
  t.false(daemon.running)
  t.regex((await run('dot1x show')).detail, /"network" is not in the key store/)
  await store.addCaCertificate('network', certificateFor(fixtureKeys.one, 'Network CA'))
  await clock.advance(seconds(40))
  t.like(await run('dot1x show'), { state: 'serving' })
})

test('dot1x off ends the daemon and takes the key out of memory; settings and assignment stay', async (t) => {
  const { run, withKey, daemon, disk } = await board()
  await withKey()
  await run('dot1x set', asRequest(ca))
  t.deepEqual(await run('dot1x off'), { enabled: false, interface: 'eth0', ca: ['network'], revocation: 'off', key: 'printer', state: 'off', detail: 'Switched off.' })
  t.false(daemon.running)
  t.deepEqual(await disk.list('/run/ieee-802-1x'), [])
  t.like(await run('dot1x set'), { state: 'serving', key: 'printer' })
})

test('settings that cannot be written are an error of the disk, and the port stays as it is', async (t) => {
  const { run, withKey, disk, daemon } = await board()
  await withKey()
  await run('dot1x set', asRequest(ca))
  const story = [...daemon.story]
  disk.create = () => Promise.reject(new PlatenError('disk-failed', 'the disk is full'))
  await refused(t, run('dot1x set', { identity: 'other' }), 'disk-failed', /disk is full/)
  await refused(t, run('dot1x off'), 'disk-failed', /disk is full/)
  t.deepEqual(daemon.story, story)
  t.like(await run('dot1x show'), { enabled: true, identity: undefined, state: 'serving' })
})

test('device.md 3: a key for IEEE 802.1X that is off is assigned, and the function is not switched on', async (t) => {
  const { run, withKey, store, daemon } = await board()
  const { name } = await withKey()
  await store.assign('ieee-802-1x', undefined)
  t.like(await run('keys assign', { name, use: 'ieee-802-1x' }), { enabled: false })
  t.like(await run('dot1x show'), { enabled: false, key: 'printer', state: 'off' })
  t.deepEqual(daemon.story, [])
})

/** The authentication fails, and the daemon says this line before. */
function says(line: string): (daemon: FakeSupplicant) => void {
  return (daemon) => {
    daemon.accepts.clear()
    daemon.lastWords = line
  }
}
