import test, { type ExecutionContext } from 'ava'
import { readCertificate } from '../../../protocol/scep/index.js'
import { commandNames, commands as table, type CommandName } from '../../../protocol/commands/index.js'
import { PlatenError, type ErrorCode } from '../../../protocol/errors.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { consoleBoard, fingerprint, start, successful, type ConsoleBoard } from '../../support/console-board.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { certificateFor, register } from '../../support/key-store-fixture.js'

const actors = {
  administrator: { account: 'administrator', privilege: 'administrator' },
  user: { account: 'reader', privilege: 'user' },
  nobody: undefined,
} as const

const run = <Name extends CommandName>({ commands }: ConsoleBoard, name: Name, request: unknown = {}, actor: keyof typeof actors = 'administrator') =>
  commands.run(name, request, { actor: actors[actor], front: 'MQTT', progress: () => undefined })

async function refused(t: ExecutionContext, work: Promise<unknown>, code: ErrorCode, text?: RegExp): Promise<void> {
  const error = await t.throwsAsync(work, { instanceOf: PlatenError })
  t.is(error.code, code, error.message)
  if (text !== undefined) t.regex(`${error.message} | ${error.fix}`, text)
}

test('nobody runs anything without signing in, and a user only what needs no administrator (device.md 1)', async (t) => {
  const board = await consoleBoard()
  for (const name of commandNames) {
    await refused(t, run(board, name, {}, 'nobody'), 'not-signed-in')
    if (table[name].privilege === 'administrator') await refused(t, run(board, name, {}, 'user'), 'permission-denied')
    else await t.notThrowsAsync(run(board, name, {}, 'user'), name)
  }
  t.deepEqual([board.restarts, board.issuance.asked], [[], []])
})

test('a privilege is asked before the request is looked at', async (t) => {
  await refused(t, run(await consoleBoard(), 'comm set', { nonsense: 1 }, 'user'), 'permission-denied')
})

test('comm set changes what is given, and comm show shows it; a refusal changes nothing', async (t) => {
  const board = await consoleBoard()
  await refused(t, run(board, 'comm set'), 'missing-field', /url, port, timeout, policy or https-trust/)
  t.deepEqual(await run(board, 'comm set', { url: 'http://ca.example.com/scep', timeout: '45' }), { url: 'http://ca.example.com/scep', port: 80, timeout: 45, policy: 'standard', 'https-trust': [] })
  await refused(t, run(board, 'comm set', { port: 99, url: 'http://ca.example.com:99/scep' }), 'invalid-value', /Port Number/)
  t.like(await run(board, 'comm show'), { port: 80, timeout: 45 })
})

test('ca fetch shows the fingerprint, and ca pin takes that one alone', async (t) => {
  const board = await consoleBoard()
  t.like(await run(board, 'ca fetch'), { fingerprint, subject: 'CN=Example Root', pin: 'not-pinned', 'not-before': '2026-06-01T12:00:00Z' })
  await refused(t, run(board, 'ca pin', { fingerprint: 'cd'.repeat(32) }), 'ca-mismatch')
  t.is(board.issuance.pinned, undefined)
  t.like(await run(board, 'ca pin', { fingerprint: fingerprint.toUpperCase() }), { fingerprint, changed: true })
  t.deepEqual(await run(board, 'ca show'), { pinned: false, certificates: [] })
})

test('C-20: ca show names the CA that the pinned one has named as its follower', async (t) => {
  const board = await consoleBoard()
  const follower = certificateFor(fixtureKeys.two, 'Example Root next')
  await board.settings.update({ caFingerprint: fingerprint })
  t.is((await run(board, 'ca show')).follower, undefined)
  await board.settings.rememberNextCa(fingerprint, follower)
  t.like(await run(board, 'ca show'), { fingerprint, 'follower': readCertificate(follower).subject, 'follower-fingerprint': readCertificate(follower).fingerprint })
})

test('request hands over all fields of device.md section 3, and an empty challenge is none', async (t) => {
  const board = await consoleBoard()
  const fields = { 'key-name': 'office', cn: '192.0.2.1', organization: 'Example', 'key-length': '3072', digest: 'sha384', dns: 'a.example,b', ip: '2001:db8::1', use: 'IPSEC:hq', challenge: 'hush' }
  t.deepEqual(await run(board, 'request', fields), {
    'requested-at': '2026-06-01T12:00:00Z', status: 'Successful', details: '', 'key-name': 'office', 'issued-at': '2026-06-01T12:00:01Z', 'transaction-id': '00ff', use: 'tls', enabled: true,
  })
  await run(board, 'request', { 'key-name': 'office', cn: 'a.example', challenge: '' })
  t.deepEqual(board.issuance.asked, [
    { keyName: 'office', digest: 'sha384', keyLength: 3072, organization: 'Example', commonName: '192.0.2.1', dnsNames: ['a.example', 'b'], ipAddresses: ['2001:db8::1'], use: 'ipsec:hq' }, 'hush',
    { keyName: 'office', digest: 'sha256', keyLength: 2048, commonName: 'a.example', dnsNames: [], ipAddresses: [] }, undefined,
  ])
})

test('a request that ended as Error is an error with its code, its Details verbatim and the advice', async (t) => {
  const board = await consoleBoard()
  board.issuance.answer = () => Promise.resolve({
    id: 2, requestedAt: start, status: 'Error', details: 'Communication Error (SCEP ERROR Fail Info 2)', code: 'scep-failure', keyName: 'office',
    extra: { failInfoText: 'no such challenge', phase: 'sending-request', advice: 'Ask the operator.', next: 'Nothing is sent again.' },
  })
  const error = await t.throwsAsync(run(board, 'request', { 'key-name': 'office', cn: 'a.example' }), { instanceOf: PlatenError })
  t.is(error.code, 'scep-failure')
  t.is(error.fix, 'Ask the operator. Nothing is sent again.')
  t.deepEqual(error.facts, { status: 'Error', details: 'Communication Error (SCEP ERROR Fail Info 2)', phase: 'sending-request', failInfoText: 'no such challenge' })
})

test('history is newest first and at most 20; a number shows one entry whole; a time without a clock says so', async (t) => {
  const board = await consoleBoard()
  const { id, status, details, keyName, extra } = successful
  board.issuance.entries = [{ id, status, details, keyName, extra }, ...Array<typeof successful>(24).fill({ ...successful, details: 'older' })]
  const { entries } = await run(board, 'history')
  t.is(entries?.length, 20)
  t.like(await run(board, 'history', { entry: 1 }), { 'requested-at': 'clock not set', details: '' })
  t.like(await run(board, 'history', { entry: 2 }), { 'requested-at': '2026-06-01T12:00:00Z', details: 'older' })
  board.issuance.entries = []
  await refused(t, run(board, 'history', { entry: 1 }), 'invalid-value', /only 0 entries/)
})

test('keys are listed with use, expiry and fingerprint; a key in use and the default key stay (device.md 6)', async (t) => {
  const board = await consoleBoard()
  await register(board.store, 'office', fixtureKeys.two)
  const { keys, limit } = await run(board, 'keys list')
  t.is(limit, 4)
  t.like(keys[0], { kind: 'default', state: 'ready', use: 'tls' })
  t.like(keys[1], { name: 'office', kind: 'issued', use: 'none', expires: '2036-01-01T00:00:00Z' })
  t.regex(keys[1]?.fingerprint ?? '', /^[0-9a-f]{64}$/)
  await refused(t, run(board, 'keys delete', { name: keys[0]?.name }), 'default-key')
  await refused(t, run(board, 'keys delete', { name: 'lost' }), 'key-not-found', /keys list/)
  t.deepEqual(await run(board, 'keys assign', { name: 'office', use: 'tls' }), { name: 'office', use: 'tls', enabled: true })
  await refused(t, run(board, 'keys delete', { name: 'office' }), 'key-in-use', /TLS/)
  t.like(await run(board, 'keys show', { name: 'office' }), { use: 'tls', bits: 2048, subject: 'CN=office', chain: [] })
  t.deepEqual(await run(board, 'keys assign', { name: 'office', use: 'none' }), { name: 'office', use: 'none', enabled: false })
  t.like((await run(board, 'keys list')).keys[0], { use: 'tls' })
  t.deepEqual(await run(board, 'keys delete', { name: 'office' }), { name: 'office' })
})

test('deleting a key that waits for its certificate gives its deferred request up', async (t) => {
  const board = await consoleBoard()
  await board.store.put(await board.store.reserve('waiting'), fixtureKeys.three, { transactionId: '00ff' })
  t.like((await run(board, 'keys list')).keys[1], { name: 'waiting', state: 'pending', expires: undefined })
  await run(board, 'keys delete', { name: 'waiting' })
  t.deepEqual(board.issuance.asked, ['give up 00ff'])
})

test('status tells the boot, the clock and the key in use; a clock that is not set shows as such', async (t) => {
  const board = await consoleBoard({ clock: new VirtualClock(0, 'unset') })
  t.like(await run(board, 'status'), { 'boot-id': '1a2b3c4d', 'restart-reason': 'first start', time: 'clock not set', clock: 'unset', keys: 1, 'key-limit': 4, 'https-port': 443, 'ca-pinned': false, problems: [] })
})

test('restart writes the reason down', async (t) => {
  const board = await consoleBoard()
  await run(board, 'restart', { reason: 'new certificate' })
  t.deepEqual(board.restarts, ['new certificate'])
})

test('a mistake of the firmware is told without its cause; the cause is in the log', async (t) => {
  const board = await consoleBoard()
  board.issuance.answer = () => Promise.reject(new Error('hidden cause'))
  const error = await t.throwsAsync(run(board, 'poll'), { instanceOf: PlatenError })
  t.is(error.code, 'internal')
  t.notRegex(`${error.message} ${error.fix} ${JSON.stringify(error.facts)}`, /hidden cause|\.ts|\.js/)
  t.regex(board.logged.join(''), /poll failed by a mistake of the firmware.*hidden cause/)
})

test('a reply that is not what the table says is a mistake of the firmware', async (t) => {
  const board = await consoleBoard()
  board.issuance.answer = () => Promise.resolve({ ...successful, status: 'Nearly' as 'Error' })
  await refused(t, run(board, 'poll'), 'internal')
})

test('who did what from which front is in the log, and no field of any request', async (t) => {
  const board = await consoleBoard()
  await run(board, 'request', { 'key-name': 'office', cn: 'a.example', challenge: 'the-secret-word' })
  t.regex(board.logged.join(''), /command: request account=administrator front=MQTT result=ok/)
  t.notRegex(board.logged.join(''), /the-secret-word|a\.example/)
})

test('help lists the verbs and explains one; a wrong one gets a guess', async (t) => {
  const board = await consoleBoard()
  t.true((await run(board, 'help')).lines.some((line) => line.includes('keys assign')))
  t.regex((await run(board, 'help', { verb: 'keys assign' })).lines.join('\n'), /ipsec:<policy>/)
  await refused(t, run(board, 'help', { verb: 'requets' }), 'unknown-verb', /Did you mean "request"/)
})
