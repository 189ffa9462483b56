import test, { type ExecutionContext } from 'ava'
import { CommandRunner, type CommandContext } from '../../../firmware/commands/index.js'
import { caveatFinder, KeyUses, MqttUse, TlsUse } from '../../../firmware/key-use/index.js'
import { MqttSettingsFile } from '../../../firmware/settings/index.js'
import type { CommandName } from '../../../protocol/commands/index.js'
import { PlatenError, type ErrorCode } from '../../../protocol/errors.js'
import { consoleBoard, successful } from '../../support/console-board.js'
import { FakePlatform } from '../../support/fake-platform.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { register } from '../../support/key-store-fixture.js'
import { RecordingDisk } from '../../support/recording-disk.js'

const administrator = { actor: { account: 'administrator', privilege: 'administrator' }, front: 'serial console', progress: () => undefined } as const

/** The commands over the real store and drivers of TLS and MQTT; the listener and the broker are in memory. */
async function board() {
  const disk = new RecordingDisk()
  const { services, clock, store, logged } = await consoleBoard({ disk })
  const platform = new FakePlatform()
  const broker: { online: boolean; refuses: boolean } = { online: false, refuses: false }
  const agent = {
    use: (credentials: unknown) => Promise.resolve(void (broker.online = credentials !== undefined)),
    isConnected: () => broker.online,
    connected: () => (broker.refuses ? Promise.reject(new PlatenError('permission-denied', 'unknown here')) : Promise.resolve()),
  }
  const settings = await MqttSettingsFile.open({ disk, directory: '/', log: services.log })
  const tls = new TlsUse({ store, network: platform.network, host: '127.0.0.1', listen: (credentials) => platform.network.listenHttps({ credentials }) })
  const useKey = new KeyUses({
    store, drivers: [tls, new MqttUse({ store, agent, device: 'first', settings })], log: services.log, clock,
    findCaveats: caveatFinder({ store, network: platform.network, clock }),
  })
  await useKey.start()
  const commands = new CommandRunner({ ...services, useKey })
  const run = <Name extends CommandName>(name: Name, request: unknown = {}, context: CommandContext = administrator) => clock.until(commands.run(name, request, context))
  await register(store, 'first', fixtureKeys.three)
  await register(store, 'second', fixtureKeys.four)
  return { run, store, broker, platform, logged, settings }
}

async function refused(t: ExecutionContext, work: Promise<unknown>, code: ErrorCode, text: RegExp): Promise<void> {
  const error = await t.throwsAsync(work, { instanceOf: PlatenError })
  t.is(error.code, code, error.message)
  t.regex(`${error.message} | ${error.fix}`, text)
}

test('device.md 7: uses assign puts a key to a use and answers with the use as it serves then, with its warnings', async (t) => {
  const { run, store, platform } = await board()
  platform.addresses = ['192.0.2.10']
  platform.addressesUsed = ['192.0.2.10']
  const reply = await run('uses assign', { use: 'tls', key: 'first' })
  t.like(reply, { use: 'tls', key: 'first', state: 'serving', outcome: 'served' })
  t.deepEqual(reply.warnings?.slice(0, 2), ['name-mismatch', 'address-missing'])
  t.regex(reply.advice ?? '', /192\.0\.2\.10, by which clients reach this board/)
  t.is(store.keyFor('tls')?.name, 'first')
  t.deepEqual((await run('uses')).uses.find(({ use }) => use === 'tls')?.warnings, reply.warnings)
})

test('keys assign shows the same warnings', async (t) => {
  const { run, platform } = await board()
  platform.addresses = ['192.0.2.10']
  t.true((await run('keys assign', { name: 'first', use: 'tls' })).warnings?.includes('name-mismatch'))
})

test('device.md 6: one key serves several uses, and keys list names them all', async (t) => {
  const { run } = await board()
  await run('uses assign', { use: 'tls', key: 'first' })
  t.like(await run('uses assign', { use: 'mqtt', key: 'first' }), { use: 'mqtt', key: 'first', state: 'serving' })
  t.is((await run('keys list')).keys.find(({ name }) => name === 'first')?.use, 'tls,mqtt')
  await refused(t, run('keys delete', { name: 'first' }), 'key-in-use', /TLS, MQTT/)
  await run('uses assign', { use: 'tls', key: 'second' })
  t.is((await run('keys list')).keys.find(({ name }) => name === 'first')?.use, 'mqtt')
})

test('device.md 3: a use that is off gets its key assigned, and serves with it only when it is switched on', async (t) => {
  const { run, broker, settings } = await board()
  t.like(await run('uses disable', { use: 'mqtt' }), { use: 'mqtt', state: 'off' })
  t.false(settings.get().enabled)
  t.like(await run('uses assign', { use: 'mqtt', key: 'first' }), { key: 'first', state: 'off', outcome: 'assigned' })
  t.false(broker.online)
  t.like(await run('uses enable', { use: 'mqtt' }), { key: 'first', state: 'serving' })
  t.true(broker.online)
  t.like(await run('uses disable', { use: 'mqtt' }), { key: 'first', state: 'off' })
  t.false(broker.online)
})

test('a use is on though its key does not serve yet; the reply and the log say why', async (t) => {
  const { run, broker, logged } = await board()
  await run('uses disable', { use: 'mqtt' })
  await run('uses assign', { use: 'mqtt', key: 'first' })
  broker.refuses = true
  t.like(await run('uses enable', { use: 'mqtt' }), { outcome: 'failing', 'swap-reason': 'unknown here' })
  t.true(logged.some((line) => line.includes('MQTT is on, but does not serve')))
})

test('TLS cannot be switched off, nor MQTT by a command that came over it: that would lock people out', async (t) => {
  const { run, settings } = await board()
  await refused(t, run('uses disable', { use: 'tls' }), 'last-way-in', /only way to the Remote UI.*\| .*uses assign/)
  t.like(await run('uses enable', { use: 'tls' }), { state: 'serving' })
  await refused(t, run('uses disable', { use: 'mqtt' }, { ...administrator, front: 'MQTT' }), 'last-way-in', /over MQTT.*serial console/)
  t.true(settings.get().enabled)
})

test('uses probe is a handshake of now: it passes, or says why not, and changes nothing', async (t) => {
  const { run, broker, store } = await board()
  t.like(await run('uses probe', { use: 'tls' }), { use: 'tls', state: 'serving' })
  await refused(t, run('uses probe', { use: 'mqtt' }), 'use-cannot-serve', /no key is assigned/)
  await run('uses assign', { use: 'mqtt', key: 'first' })
  broker.refuses = true
  await refused(t, run('uses probe', { use: 'mqtt' }), 'probe-failed', /unknown here/)
  t.is(store.keyFor('mqtt')?.name, 'first')
  await refused(t, run('uses probe', { use: 'ieee-802-1x' }), 'use-cannot-serve', /not in this firmware/)
})

test('uses undo goes back to the key that served before, and a second one comes back', async (t) => {
  const { run } = await board()
  await run('uses assign', { use: 'tls', key: 'first' })
  await run('uses assign', { use: 'tls', key: 'second' })
  t.like(await run('uses undo', { use: 'tls' }), { key: 'first', state: 'serving' })
  t.like(await run('uses undo', { use: 'tls' }), { key: 'second', state: 'serving' })
})

test('uses undo without a key to go back to says so: none served before, or it was deleted', async (t) => {
  const { run } = await board()
  await refused(t, run('uses undo', { use: 'mqtt' }), 'key-not-found', /No key is known that served MQTT before.*uses assign/)
  await run('uses assign', { use: 'tls', key: 'first' })
  await run('uses assign', { use: 'tls', key: 'second' })
  await run('keys delete', { name: 'first' })
  await refused(t, run('uses undo', { use: 'tls' }), 'key-not-found', /no longer in the store/)
})

test('a policy is switched by uses as by its own verbs', async (t) => {
  const { run } = await board()
  await run('ipsec add', { name: 'office', peer: '192.0.2.2' })
  await run('uses enable', { use: 'ipsec:office' })
  t.true((await run('ipsec status', { name: 'office' })).enabled)
  await run('uses disable', { use: 'ipsec:office' })
  t.false((await run('ipsec status', { name: 'office' })).enabled)
  await refused(t, run('uses enable', { use: 'ipsec:nowhere' }), 'policy-not-found', /nowhere/)
})

test('a request answers with the warnings of its key at its use; the table of history has their codes, one entry of it their texts', async (t) => {
  const { services, issuance } = await consoleBoard()
  const caveat = { code: 'address-missing', message: 'An address is missing.', fix: 'Request it.' } as const
  issuance.entries = [{ ...successful, extra: { ...successful.extra, caveats: [caveat] } }]
  issuance.answer = () => Promise.resolve(issuance.entries[0]!)
  const commands = new CommandRunner(services)
  const told = { warnings: ['address-missing'], advice: 'An address is missing. Request it.' }
  t.like(await commands.run('request', { 'key-name': 'office', cn: 'printer.example.com', use: 'tls' }, administrator), told)
  t.like(await commands.run('history', { entry: 1 }, administrator), told)
  const { entries: [row] = [] } = await commands.run('history', {}, administrator)
  t.deepEqual(row?.warnings, told.warnings)
  t.is(row?.advice, undefined)
})
