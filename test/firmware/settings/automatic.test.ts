import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from '../../../protocol/errors.js'
import type { ClockState } from '../../../protocol/time.js'
import { AutomaticSettingsFile, automaticItems, protectorFrom, type AutomaticUpdate } from '../../../firmware/settings/index.js'
import { RecordingDisk } from '../../support/recording-disk.js'
import { SeededRandom } from '../../support/seeded-random.js'
import { silentLog } from '../../support/silent-log.js'

const now = Date.UTC(2026, 11, 1)
const complete: AutomaticUpdate = { enabled: true, startAt: now + 1, keyName: 'office', commonName: 'printer.example.com' }

const source = new SeededRandom(4)
const protector = protectorFrom(new Uint8Array(32).fill(7), (count) => Uint8Array.from({ length: count }, () => source.integer(0, 255)))
const open = (disk: RecordingDisk, clock: { wall: number; state: ClockState } = { wall: now, state: 'synced' }): Promise<AutomaticSettingsFile> =>
  AutomaticSettingsFile.open({ disk, directory: '/settings', protector, clock: { wall: () => clock.wall, state: () => clock.state }, log: silentLog })

test('device.md 4: by default the timer is off, Auto Adjust and renewal by expiry are on', async (t) => {
  t.deepEqual((await open(new RecordingDisk())).get(), {
    revision: 0, enabled: false, autoAdjust: true, renewByExpiry: true, restartAfterAcquiring: false, deleteOld: false, hasChallenge: false,
  })
})

test('what is set is there after a restart, each Update under a new revision', async (t) => {
  const disk = new RecordingDisk()
  await (await open(disk)).update({ ...complete, polling: true, periodic: true, periodicDays: 30 })
  const settings = (await open(disk)).get()
  t.like(settings, { revision: 1, enabled: true, startAt: now + 1, polling: { count: 5, intervalMinutes: 10 }, periodic: { everyDays: 30 } })
  t.deepEqual(settings.request, { keyName: 'office', digest: 'sha256', keyLength: 2048, commonName: 'printer.example.com', dnsNames: [], ipAddresses: [] })
})

test('device.md 4: a start that is past at the moment of Update is refused; one millisecond later it is taken', async (t) => {
  const settings = await open(new RecordingDisk())
  const error = await t.throwsAsync(settings.update({ startAt: now }), { code: 'invalid-value', message: /Request Start Date\/Time: 2026-12-01T00:00:00.000Z is past/ })
  t.true(hasCode(error, 'invalid-value') && error.facts['field'] === 'startAt')
  t.is(settings.get().revision, 0)
  await t.notThrowsAsync(settings.update({ startAt: now + 1 }))
})

test('after the start has passed other items can be changed, and the timer is not switched on again without a new start', async (t) => {
  const clock = { wall: now, state: 'synced' as ClockState }
  const settings = await open(new RecordingDisk(), clock)
  await settings.update(complete)
  clock.wall += 1000
  await t.notThrowsAsync(settings.update({ deleteOld: true }))
  await settings.update({ enabled: false })
  await t.throwsAsync(settings.update({ enabled: true }), { code: 'invalid-value', message: /Request Start/ })
})

test('while the clock is unset no start can be called past', async (t) => {
  const settings = await open(new RecordingDisk(), { wall: now, state: 'unset' })
  await t.notThrowsAsync(settings.update({ ...complete, startAt: now - 1000 }))
})

for (const missing of ['startAt', 'keyName', 'commonName'] as const) {
  test(`the timer is not switched on without ${missing}, and the refusal names it`, async (t) => {
    const settings = await open(new RecordingDisk())
    const error = await t.throwsAsync(settings.update({ ...complete, [missing]: undefined }), { code: 'missing-field' })
    t.true(hasCode(error, 'missing-field') && error.facts['field'] === missing && error.message.includes(automaticItems[missing].title))
    t.false(settings.get().enabled)
  })
}

test('the limits of device.md 4 hold for every number', async (t) => {
  const settings = await open(new RecordingDisk())
  await fc.assert(fc.asyncProperty(fc.oneof(fc.integer({ min: -5, max: 1500 }), fc.constantFrom(1.5, Number.NaN)), async (number) => {
    const taken = async (update: AutomaticUpdate): Promise<boolean> => await settings.update(update).then(() => true, () => false)
    const within = (high: number): boolean => Number.isInteger(number) && number >= 1 && number <= high
    t.is(await taken({ pollCount: number }), within(100))
    t.is(await taken({ pollIntervalMinutes: number }), within(1440))
    t.is(await taken({ periodicDays: number }), within(365))
  }), { numRuns: 60 })
})

const wrong: readonly (readonly [string, AutomaticUpdate])[] = [
  ['keyName', { keyName: '' }],
  ['keyName', { keyName: 'a'.repeat(65) }],
  ['commonName', { commonName: 'printer' }],
  ['keyLength', { keyLength: 1024 as 2048 }],
  ['digest', { digest: 'md5' as 'sha1' }],
  ['dnsNames', { dnsNames: ['not a name'] }],
  ['ipAddresses', { ipAddresses: ['300.0.0.1'] }],
  ['use', { use: 'coffee' as 'tls' }],
  ['challenge', { challenge: 'x'.repeat(256) }],
  ['enabled', { enabled: 'yes' as unknown as boolean }],
]
for (const [field, update] of wrong) {
  test(`an Update is all or nothing, and the refusal names the field: ${JSON.stringify(update).slice(0, 40)}`, async (t) => {
    const settings = await open(new RecordingDisk())
    const error = await t.throwsAsync(settings.update({ deleteOld: true, ...update }), { code: 'invalid-value' })
    t.true(hasCode(error, 'invalid-value') && error.facts['field'] === field && error.fix.includes(field))
    t.false(settings.get().deleteOld)
  })
}

test('a setting that does not exist is refused by its name', async (t) => {
  await t.throwsAsync((await open(new RecordingDisk())).update({ strat: 1 } as AutomaticUpdate), { code: 'unknown-field', message: /strat/ })
})

test('the challenge is in clear in no file, no answer and no error; only who builds the CSR reads it', async (t) => {
  const disk = new RecordingDisk()
  const settings = await open(disk)
  await settings.update({ challenge: 'open sesame 4711' })
  t.true(settings.get().hasChallenge)
  t.false(JSON.stringify(settings.get()).includes('sesame'))
  const file = Buffer.from(await disk.read('/settings/automatic.json', 10_000)).toString()
  t.false(file.includes('sesame') || file.includes(Buffer.from('open sesame').toString('base64').slice(0, 12)))
  t.is((await open(disk)).challenge(), 'open sesame 4711')
  const error = await t.throwsAsync(settings.update({ challenge: 'sesame\n4711' }))
  t.false(`${error.message} ${JSON.stringify(error)}`.includes('sesame'))
  await settings.update({ challenge: undefined })
  t.is(settings.challenge(), undefined)
})

test('a seal holds for its store key and purpose only, and is never the same twice', (t) => {
  const sealed = protector.seal('secret', 'a')
  t.not(protector.seal('secret', 'a'), sealed)
  t.is(protector.open(sealed, 'a'), 'secret')
  t.throws(() => protector.open(sealed, 'b'), { code: 'store-damaged' })
  t.throws(() => protectorFrom(new Uint8Array(32), () => new Uint8Array(12)).open(sealed, 'a'), { code: 'store-damaged' })
  t.throws(() => protector.open('', 'a'), { code: 'store-damaged' })
})

test('a damaged file gives the defaults, under which the timer is off, and says so', async (t) => {
  const disk = new RecordingDisk()
  await (await open(disk)).update(complete)
  await disk.truncate('/settings/automatic.json', 20)
  const settings = await open(disk)
  t.false(settings.get().enabled)
  t.is(settings.problems()[0]?.code, 'store-damaged')
})
