import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from '../../../protocol/errors.js'
import { Settings, serverUrl, type CommunicationUpdate } from '../../../firmware/settings/index.js'
import { RecordingDisk } from '../../support/recording-disk.js'
import { silentLog } from '../../support/silent-log.js'

const open = (disk: RecordingDisk): Promise<Settings> => Settings.open({ disk, directory: '/settings', log: silentLog })
const fingerprint = 'ab'.repeat(32)

test('device.md 2: defaults are port 80, or 443 for https, 30 s and the policy standard', async (t) => {
  const settings = await open(new RecordingDisk())
  t.deepEqual(settings.get(), { port: 80, timeoutSeconds: 30, policy: 'standard', httpsTrust: [] })
  t.is((await settings.update({ url: 'https://ca.example.com/scep' })).port, 443)
  t.is((await settings.update({ port: 8443 })).port, 8443)
  t.is((await settings.update({ port: undefined })).port, 443)
})

test('device.md 2: the Port Number is kept apart from the URL and joined when the server is asked', async (t) => {
  const settings = await open(new RecordingDisk())
  await settings.update({ url: 'http://ca.example.com/scep', port: 8080 })
  t.is(settings.get().url, 'http://ca.example.com/scep')
  t.is(serverUrl(settings.get())?.href, 'http://ca.example.com:8080/scep')
  await settings.update({ url: 'http://[2001:db8::1]/scep', port: 80 })
  t.is(serverUrl(settings.get())?.href, 'http://[2001:db8::1]/scep')
})

test('what is set is there after a restart', async (t) => {
  const disk = new RecordingDisk()
  await (await open(disk)).update({ url: 'http://ca.example.com', timeoutSeconds: 5, caFingerprint: fingerprint, policy: 'legacy' })
  t.deepEqual((await open(disk)).get(), { url: 'http://ca.example.com', port: 80, timeoutSeconds: 5, caFingerprint: fingerprint, policy: 'legacy', httpsTrust: [] })
})

test('a fingerprint is taken in any common way of writing it', async (t) => {
  const settings = await open(new RecordingDisk())
  const typed = [fingerprint.toUpperCase(), fingerprint.match(/../g)!.join(':'), ` ${fingerprint.match(/.{8}/g)!.join(' ')}\n`]
  for (const caFingerprint of typed) t.is((await settings.update({ caFingerprint })).caFingerprint, fingerprint)
})

const wrong: readonly (readonly [string, CommunicationUpdate, RegExp])[] = [
  ['url', { url: 'ftp://ca.example.com/' }, /not an http: or https: URL/],
  ['url', { url: 'ca.example.com/scep' }, /not an http: or https: URL/],
  ['url', { url: 'http:///scep' }, /not an http: or https: URL/],
  ['url', { url: '' }, /not an http: or https: URL/],
  ['url', { url: `http://ca.example.com/${'a'.repeat(240)}` }, /262 characters, 255 are allowed/],
  ['url', { url: 'http://ca.example.com:8080/scep' }, /holds a port/],
  ['url', { url: 'http://ca.example.com:80' }, /holds a port/],
  ['url', { url: 'http://admin:pw@ca.example.com/' }, /user name/],
  ['url', { url: 'http://ca.example.com/scep?operation=x' }, /query/],
  ['port', { port: 0 }, /1 to 65535/],
  ['port', { port: 65536 }, /1 to 65535/],
  ['port', { port: 80.5 }, /whole number/],
  ['timeoutSeconds', { timeoutSeconds: 0 }, /1 to 600/],
  ['timeoutSeconds', { timeoutSeconds: 601 }, /1 to 600/],
  ['caFingerprint', { caFingerprint: fingerprint.slice(1) }, /64 hex digits/],
  ['policy', { policy: 'lax' as 'legacy' }, /standard or legacy/],
]

for (const [field, update, reason] of wrong) {
  test(`an update is all or nothing, and the refusal names the field and the fix: ${JSON.stringify(update).slice(0, 60)}`, async (t) => {
    const settings = await open(new RecordingDisk())
    const before = await settings.update({ url: 'http://ca.example.com' })
    const error = await t.throwsAsync(settings.update({ timeoutSeconds: 7, ...update }), { code: 'invalid-value', message: reason })
    t.true(hasCode(error, 'invalid-value') && error.facts['field'] === field && error.fix.includes(field))
    t.deepEqual(settings.get(), before)
  })
}

test('a setting that does not exist is refused by its name', async (t) => {
  const settings = await open(new RecordingDisk())
  await t.throwsAsync(settings.update({ prot: 80 } as CommunicationUpdate), { code: 'unknown-field', message: /prot/ })
})

test('the limits of device.md 2 hold for every number', async (t) => {
  const settings = await open(new RecordingDisk())
  await fc.assert(fc.asyncProperty(fc.integer({ min: -10, max: 70_000 }), async (number) => {
    const taken = async (update: CommunicationUpdate): Promise<boolean> => await settings.update(update).then(() => true, () => false)
    t.is(await taken({ port: number }), number >= 1 && number <= 65_535)
    t.is(await taken({ timeoutSeconds: number }), number >= 1 && number <= 600)
  }), { numRuns: 60 })
})

test('a damaged settings file gives the defaults, under which no CA is trusted, and says so', async (t) => {
  const disk = new RecordingDisk()
  await (await open(disk)).update({ url: 'http://ca.example.com', caFingerprint: fingerprint })
  await disk.truncate('/settings/settings.json', 40)
  const settings = await open(disk)
  t.deepEqual(settings.get(), { port: 80, timeoutSeconds: 30, policy: 'standard', httpsTrust: [] })
  t.is(settings.problems()[0]?.code, 'store-damaged')
  t.regex(settings.problems()[0]?.fix ?? '', /settings\.json/)
})

test('C-4: what worked is remembered for each CA over a restart', async (t) => {
  const disk = new RecordingDisk()
  const settings = await open(disk)
  t.is(settings.workedWith(fingerprint), undefined)
  await settings.rememberWorked(fingerprint, { digest: 'sha256', cipher: 'aes128-cbc' })
  const writes = disk.operations.length
  await settings.rememberWorked(fingerprint, { digest: 'sha256', cipher: 'aes128-cbc' })
  t.is(disk.operations.length, writes, 'nothing new, nothing written')
  t.deepEqual((await open(disk)).workedWith(fingerprint), { digest: 'sha256', cipher: 'aes128-cbc' })
  t.is((await open(disk)).workedWith('cd'.repeat(32)), undefined)
})
