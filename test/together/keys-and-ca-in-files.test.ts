import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { CA_FILE_PROMPT, EXPORT_PASSWORD_AGAIN_PROMPT, EXPORT_PASSWORD_PROMPT, KEY_FILE_PASSWORD_PROMPT, KEY_FILE_PROMPT, type CommandName, type RequestOf } from '../../protocol/commands/index.js'
import type { PlatenError } from '../../protocol/errors.js'
import { certificatePem, crlPem } from '../../protocol/pem.js'
import { readKeyMaterial, readPkcs12 } from '../../protocol/pkcs12/index.js'
import { issueCertificate, issueCrl, readCertificate } from '../../protocol/scep/index.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { consoleBoard, signedIn, type ConsoleBoard } from '../support/console-board.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { certificateFor, register } from '../support/key-store-fixture.js'
import { filesOf } from '../support/disk-image.js'
import { RecordingDisk } from '../support/recording-disk.js'
import { closePrimes } from '../support/weak-keys.js'

const filePassword = 'pässwörd'
const exportPassword = 'a long password'
const file = (name: string): Uint8Array => Uint8Array.from(readFileSync(`test/vectors/pkcs12/${name}`))
const newYear = Date.UTC(2027, 0, 1)
const clockAt = (wall: number): VirtualClock => new VirtualClock(wall)
const administrator = { actor: { account: 'administrator', privilege: 'administrator' }, front: 'machine frames', progress: () => undefined } as const

function giver(board: ConsoleBoard) {
  return <Name extends CommandName>(name: Name, request: Partial<Record<keyof RequestOf<Name>, unknown>>) => board.commands.run(name, request, administrator)
}

const newBoard = async () => {
  const board = await consoleBoard({ clock: clockAt(newYear) })
  return { board, give: giver(board) }
}

// The key of the vectors is the default key of the fixture store.
const vectorsKey = fixtureKeys.one
const certificate = (key = fixtureKeys.four, from = Date.UTC(2026, 0, 1), to = Date.UTC(2036, 0, 1)): Uint8Array =>
  Uint8Array.from(issueCertificate({ subject: { commonName: 'printer.example.com' }, issuer: root, publicKey: createPublicKey(key), serial: '07', notBefore: from, notAfter: to, digest: 'sha256' }))
const root = {
  certificate: issueCertificate({ subject: { commonName: 'Root' }, privateKey: fixtureKeys.three, serial: '01', notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2036, 0, 1), isCa: true, digest: 'sha256' }),
  privateKey: fixtureKeys.three,
}
const pem = (key = fixtureKeys.four, leaf = certificate(key)): string => key.export({ type: 'pkcs8', format: 'pem' }).toString() + certificatePem(leaf)

test('device.md 6: a key that is exported is imported again on another board, with its chain', async (t) => {
  const { board, give } = await newBoard()
  await give('keys import', { name: 'office', data: pem() + certificatePem(root.certificate) })
  const { lines } = await give('keys export', { name: 'office', password: exportPassword })
  const other = await newBoard()
  const reply = await other.give('keys import', { name: 'moved', data: Buffer.from(lines.join(''), 'base64'), password: exportPassword })
  t.like(reply, { name: 'moved', subject: 'CN=printer.example.com', issuer: 'CN=Root', expires: '2036-01-01T00:00:00Z', certificates: 1 })
  t.deepEqual(other.board.store.find('moved')?.chain, board.store.find('office')?.chain)
  const row = (await other.give('keys list', {})).keys.find(({ name }) => name === 'moved')
  t.like(row, { kind: 'imported', state: 'ready', use: 'none' })
})

test('a PKCS#12 file comes as base64 from people and as bytes from machines', async (t) => {
  for (const data of [file('legacy.p12'), Buffer.from(file('legacy.p12')).toString('base64').replace(/.{64}/g, '$&\n')]) {
    const { board, give } = await newBoard()
    // The fixture store has this very key as its default key.
    const error = await t.throwsAsync(give('keys import', { name: 'office', data, password: filePassword }), { code: 'key-known' })
    t.like(error, { facts: { name: 'Default Key' } })
    t.is(board.store.entries().length, 1)
    t.is(readKeyMaterial(data, filePassword).privateKey.equals(vectorsKey), true)
  }
})

const refusals: readonly (readonly [what: string, request: Readonly<Record<string, unknown>>, code: string, field: string | undefined])[] = [
  ['a wrong password', { data: file('modern.p12'), password: 'wrong' }, 'wrong-password', 'password'],
  ['what is no file with a key', { data: 'nonsense!' }, 'invalid-value', 'data'],
  ['nothing', { data: '' }, 'invalid-value', 'data'],
  ['too much', { data: 'A'.repeat(70_000) }, 'invalid-value', 'data'],
  ['a certificate for another key', { data: pem(fixtureKeys.four, certificate(fixtureKeys.two)) }, 'certificate-not-for-our-key', 'data'],
  ['an expired certificate', { data: pem(fixtureKeys.four, certificate(fixtureKeys.four, 0, newYear - 1000)) }, 'certificate-not-valid-now', 'data'],
  ['a weak key', { data: pem(closePrimes(), certificateFor(closePrimes(), 'weak')) }, 'weak-key', undefined],
  ['a taken name', { data: pem(), name: 'Default Key' }, 'key-name-taken', 'name'],
  ['no name', { data: pem(), name: '' }, 'invalid-value', 'name'],
]

for (const [what, request, code, field] of refusals) {
  test(`device.md 6: an import with ${what} is refused with a field and a fix, and changes nothing`, async (t) => {
    const { board, give } = await newBoard()
    const operations = board.disk.operations.length
    const error = await t.throwsAsync<PlatenError>(give('keys import', { name: 'office', ...request }), { code })
    if (field !== undefined) t.is(error.facts['field'], field)
    t.not(error.fix, '')
    t.is(board.disk.operations.length, operations)
  })
}

test('device.md 6: an import into a full store is refused', async (t) => {
  const { board, give } = await newBoard()
  await register(board.store, 'A', fixtureKeys.two)
  await board.store.reserve('B')
  await board.store.reserve('C')
  await t.throwsAsync(give('keys import', { name: 'office', data: pem() }), { code: 'store-full' })
})

test('a certificate that is not valid yet, a missing intermediate and a clock that is not set are told as advice', async (t) => {
  const { give } = await newBoard()
  const { advice } = await give('keys import', { name: 'office', data: pem(fixtureKeys.four, certificate(fixtureKeys.four, newYear + 1e9)) })
  t.regex(advice ?? '', /valid from 2027-01-12T13:46:40Z on, and not yet.*no intermediate certificate: if CN=Root/)
  const unset = await consoleBoard({ clock: clockAt(newYear) })
  unset.clock.setWall(newYear, 'unset')
  const reply = await giver(unset)('keys import', { name: 'office', data: pem(fixtureKeys.four, certificate(fixtureKeys.four, 0, 1000)) })
  t.regex(reply.advice ?? '', /clock is not set/)
})

test('device.md 6: a key leaves only as PKCS#12 under a password of 12 characters, and the default key not at all', async (t) => {
  const { board, give } = await newBoard()
  await give('keys import', { name: 'office', data: pem() })
  for (const password of [undefined, '', 'elevenchars']) await t.throwsAsync(give('keys export', { name: 'office', password }), { code: password === undefined ? 'missing-field' : 'invalid-value' })
  await t.throwsAsync(give('keys export', { name: 'Default Key', password: exportPassword }), { code: 'default-key' })
  await t.throwsAsync(give('keys export', { name: 'nothing', password: exportPassword }), { code: 'key-not-found' })
  await board.store.put(await board.store.reserve('waiting'), fixtureKeys.two)
  await t.throwsAsync(give('keys export', { name: 'waiting', password: exportPassword }), { code: 'key-pending' })
  const { lines } = await give('keys export', { name: 'office', password: exportPassword })
  t.is(readPkcs12(Buffer.from(lines.join(''), 'base64'), exportPassword).privateKeys[0]?.friendlyName, 'office')
})

test('device.md 6: CA certificates come and go as PEM and DER', async (t) => {
  const { board, give } = await newBoard()
  const base64 = Buffer.from(root.certificate).toString('base64')
  const expected = { kind: 'certificate', subject: 'CN=Root', expires: '2036-01-01T00:00:00Z', fingerprint: readCertificate(root.certificate).fingerprint }
  for (const [name, data] of [['pem', certificatePem(root.certificate)], ['base64', base64], ['bytes', root.certificate]] as const) {
    t.deepEqual(await give('ca import', { name, data }), { name, ...expected } as never)
    t.is((await give('ca export', { name })).lines.join('\n'), certificatePem(root.certificate).trimEnd())
    t.is((await give('ca export', { name, format: 'der' })).lines.join(''), base64)
    await give('ca delete', { name })
    t.deepEqual(board.store.caCertificates(), [])
  }
})

test('ca import refuses what is no CA, has expired, is there already, or is not one thing', async (t) => {
  const { board, give } = await newBoard()
  const expired = issueCertificate({ subject: { commonName: 'Old' }, privateKey: fixtureKeys.two, serial: '01', notBefore: 0, notAfter: 1000, isCa: true, digest: 'sha256' })
  const faults: readonly (readonly [string | Uint8Array, string, RegExp])[] = [
    [certificatePem(certificate()), 'invalid-value', /not that of a CA/],
    [certificatePem(expired), 'certificate-not-valid-now', /expired/],
    [certificatePem(root.certificate) + certificatePem(expired), 'invalid-value', /2 blocks/],
    [pem().slice(0, pem().indexOf('-----BEGIN CERTIFICATE')), 'invalid-value', /neither CERTIFICATE nor X509 CRL/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'invalid-value', /can be read neither/],
    ['nonsense!', 'invalid-value', /neither PEM nor base64/],
  ]
  for (const [data, code, message] of faults) t.not((await t.throwsAsync<PlatenError>(give('ca import', { name: 'ca', data }), { code, message })).fix, '')
  t.deepEqual(board.store.caCertificates(), [])
  await give('ca import', { name: 'ca', data: root.certificate })
  await t.throwsAsync(give('ca import', { name: 'ca', data: certificatePem(certificateFor(fixtureKeys.two, 'other')) }), { code: 'key-name-taken' })
  await t.throwsAsync(give('ca import', { name: 'again', data: root.certificate }), { code: 'key-name-taken', message: /as "ca"/ })
})

test('a CRL goes to its CA, and is refused when another made it or when it has ended', async (t) => {
  const { give } = await newBoard()
  const list = (nextUpdate: number, issuer = root): string => crlPem(issueCrl({ issuer, thisUpdate: newYear - 1e9, nextUpdate, revoked: [{ serial: '07', at: newYear - 1e9 }], digest: 'sha256' }))
  await t.throwsAsync(give('ca import', { name: 'ca', data: list(newYear + 1e9) }), { code: 'key-not-found' })
  await give('ca import', { name: 'ca', data: root.certificate })
  await t.throwsAsync(give('ca import', { name: 'ca', data: list(newYear - 1000) }), { code: 'certificate-not-valid-now' })
  await t.throwsAsync(give('ca import', { name: 'ca', data: list(newYear + 1e9, { certificate: certificateFor(fixtureKeys.two, 'other'), privateKey: fixtureKeys.two }) }), { code: 'signature-invalid' })
  t.like(await give('ca import', { name: 'ca', data: list(newYear + 1e9) }), { kind: 'crl', subject: 'CN=Root', expires: '2027-01-12T13:46:40Z' })
  t.like((await give('ca show', {})).certificates[0], { name: 'ca', 'crl-until': '2027-01-12T13:46:40Z' })
})

test('device.md 2: https-trust takes names of the store alone, and a CA that a setting names stays', async (t) => {
  const { board, give } = await newBoard()
  await t.throwsAsync(give('comm set', { 'https-trust': ['web'] }), { code: 'key-not-found' })
  await give('ca import', { name: 'web', data: root.certificate })
  t.like(await give('comm set', { 'https-trust': 'web' }), { 'https-trust': ['web'] })
  t.like(await t.throwsAsync(give('ca delete', { name: 'web' }), { code: 'ca-in-use' }), { facts: { users: 'https-trust' } })
  t.like(await give('comm set', { 'https-trust': '' }), { 'https-trust': [] })
  await board.settings.update({ caFingerprint: readCertificate(root.certificate).fingerprint })
  t.like(await t.throwsAsync(give('ca delete', { name: 'web' }), { code: 'ca-in-use' }), { facts: { users: 'the pinned CA' } })
  await board.settings.update({ caFingerprint: undefined })
  await board.services.ieee8021x.update({ caNames: ['web'] })
  t.like(await t.throwsAsync(give('ca delete', { name: 'web' }), { code: 'ca-in-use' }), { facts: { users: 'IEEE 802.1X' } })
  await board.services.ieee8021x.update({ caNames: [] })
  await t.notThrowsAsync(give('ca delete', { name: 'web' }))
})

test('on the console a key is pasted without echo, up to a line with one dot, and then its password is asked for', async (t) => {
  const { board, driver, person, seen } = await signedIn(await consoleBoard({ clock: clockAt(newYear) }))
  const { result } = await driver.command('keys import office', { answers: { [KEY_FILE_PROMPT]: `${pem()}.`, [KEY_FILE_PASSWORD_PROMPT]: '' } })
  t.like(result, { ok: true, values: { name: 'office', certificates: '1' } })
  t.is(board.store.find('office')?.kind, 'imported')
  t.notRegex(seen(), /BEGIN|MII/)

  const exported = await driver.command('keys export office', { answers: { [EXPORT_PASSWORD_PROMPT]: exportPassword, [EXPORT_PASSWORD_AGAIN_PROMPT]: exportPassword } })
  t.is(exported.result.ok, true)
  const base64 = exported.lines.filter((line) => /^[A-Za-z0-9+/=]{60,64}$/.test(line) || /=$/.test(line)).join('')
  t.is(readPkcs12(Buffer.from(base64, 'base64'), exportPassword).certificates.length, 1)

  await driver.command('keys delete office')
  const again = await driver.command('keys import office', { answers: { [KEY_FILE_PROMPT]: `${base64}\n.`, [KEY_FILE_PASSWORD_PROMPT]: exportPassword } })
  t.true(again.result.ok)
  person.destroy()
})

test('on the console a CA certificate ends with its END line, and a paste can be cancelled or be too long', async (t) => {
  const { board, driver, session, type, person } = await signedIn(await consoleBoard({ clock: clockAt(newYear) }))
  t.true((await driver.command('ca import web', { answers: { [CA_FILE_PROMPT]: certificatePem(root.certificate).trimEnd() } })).result.ok)
  t.is(board.store.caCertificates().length, 1)
  const long = await driver.command('keys import long', { answers: { [KEY_FILE_PROMPT]: `${'A'.repeat(70_000)}\n.`, [KEY_FILE_PASSWORD_PROMPT]: '' } })
  t.like(long.result, { ok: false, code: 'invalid-value', message: 'What was pasted has more than 65536 characters; nothing of it was used.' })
  type('keys import other\r')
  await session.until(/not shown\): /, 10_000 as never)
  type('-----BEGIN PRIVATE KEY-----\r\u0003')
  t.regex(await session.until(/= error[^\n]*\n/, 10_000 as never), /= error cancelled/)
  t.like((await driver.command('keys import x data=abc')).result, { ok: false, code: 'invalid-value', message: 'data has many lines and is not taken from the line.' })
  person.destroy()
})

test('device.md 3 and 6: no key and no password of a file is in the log, an answer, the line or the disk', async (t) => {
  const disk = new RecordingDisk()
  const { board, driver, person, seen } = await signedIn(await consoleBoard({ disk, clock: clockAt(newYear) }))
  const answers = { [KEY_FILE_PROMPT]: `${pem()}.`, [KEY_FILE_PASSWORD_PROMPT]: filePassword, [EXPORT_PASSWORD_PROMPT]: exportPassword, [EXPORT_PASSWORD_AGAIN_PROMPT]: exportPassword }
  await driver.command('keys import office', { answers })
  await driver.command('keys import again', { answers })
  await driver.command('keys import damaged', { answers: { ...answers, [KEY_FILE_PROMPT]: `${pem().replace('MII', 'NII')}.` } })
  await driver.command('keys import locked', { answers: { ...answers, [KEY_FILE_PROMPT]: `${Buffer.from(file('modern.p12')).toString('base64')}\n.`, [KEY_FILE_PASSWORD_PROMPT]: 'wrong pässwörd' } })
  await driver.command('keys export office', { answers })
  person.destroy()
  const der = fixtureKeys.four.export({ type: 'pkcs8', format: 'der' })
  const secrets = [filePassword, exportPassword, der.subarray(60, 90).toString('base64').slice(0, 36), pem().split('\n')[5]!, der.subarray(60, 90).toString('latin1')]
  const stored = [...filesOf(disk.image())].map(([, bytes]) => Buffer.from(bytes as Uint8Array).toString('latin1'))
  for (const secret of secrets) {
    for (const [place, text] of [['log', board.logged.join('\n')], ['line', seen()], ...stored.map((text) => ['disk', text] as const)] as const) t.false(text.includes(secret), place)
  }
})
