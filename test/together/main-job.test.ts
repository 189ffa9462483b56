import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { certificatePem } from '../../protocol/pem.js'
import { checkScript, startScepServer, type FaultScript, type ScepServer } from '../../rig/scep-server/index.js'
import { boardUnderTest, connectBoard, does, folder, opensslClient, password, platform, says } from '../support/board-under-test.js'
import { part } from '../support/parts.js'

const openssl = part('openssl')
const challenge = 'right challenge'
const good = 'request key-name=office cn=127.0.0.1 dns=printer.example.com organization="Example Ltd" use=tls'

async function startServer(): Promise<ScepServer> {
  return startScepServer({ platform, authority: { ra: 'two' }, challenge: { mode: 'static', password: challenge } })
}

openssl.test('from one line on the serial console to a certificate that openssl verifies, and still so after a restart and a power cut', async (t) => {
  const server = await startServer()
  t.teardown(() => server.close())
  const caFile = `${await folder(t)}/ca.pem`
  await platform.files.write(caFile, certificatePem(server.authority.ca.der))
  const board = await boardUnderTest(t)
  await connectBoard(t, board, server)
  t.not((await opensslClient(board, caFile)).code, 0, 'the default key leads to no CA')

  t.is((await does(t, board, good, challenge))['status'], 'Successful')
  const first = await opensslClient(board, caFile)
  t.is(first.code, 0, first.output)
  t.regex(first.output, /Verification: OK/)

  await does(t, board, 'restart new certificate')
  await board.restarted()
  await board.signIn(password)
  t.regex((await does(t, board, 'status'))['restart-reason'] ?? '', /new certificate/)
  t.is((await opensslClient(board, caFile)).code, 0)

  await board.cutPower()
  await board.powerOn()
  await board.signIn(password)
  t.is((await opensslClient(board, caFile)).code, 0)
  t.is((await does(t, board, 'history 1'))['status'], 'Successful')
  t.like(await does(t, board, 'keys show office'), { use: 'tls', state: 'ready' })
})

/** Details of device.md section 5, or ours in the same style, with the code on the result line. */
const faults: readonly (readonly [name: string, script: FaultScript['faults'], details: string, code: string])[] = [
  ['refuses the connection', ['refuse'], 'Communication Error (TOP ERROR)', 'connect-failed'],
  ['is silent', [{ fault: 'delay', seconds: 30 }], 'Communication Error (TOP ERROR)', 'timed-out'],
  ['answers with HTTP 503', [{ fault: 'http-status', status: 503 }], 'Communication Error (TOP ERROR 503)', 'http-status'],
  ['answers with another nonce', ['wrong-nonce'], 'Response Error (Nonce Mismatch)', 'nonce-mismatch'],
  ['answers for another transaction', ['other-transaction'], 'Response Error (Other Transaction)', 'other-transaction'],
  ['has its answer signed by a stranger', ['other-signer'], 'Response Error (Signature Invalid)', 'signature-invalid'],
  ['refuses with badAlg', [{ fault: 'fail', info: 'badAlg' }], 'Communication Error (SCEP ERROR Fail Info 0)', 'scep-failure'],
  ['refuses with badCertId and a text', [{ fault: 'fail', info: 'badCertId', text: 'not today' }], 'Communication Error (SCEP ERROR Fail Info 4)', 'scep-failure'],
  ['certifies another key', ['wrong-key-cert'], 'Certificate Error (Not For Our Key)', 'certificate-not-for-our-key'],
  ['answers with garbage', ['garbage-cms'], 'Response Error (Not Readable)', 'bad-response'],
]

test.serial('device.md 5: whatever the server does, the administrator reads the text, nothing is left in the store, and the next request works', async (t) => {
  const server = await startServer()
  t.teardown(() => server.close())
  const board = await boardUnderTest(t)
  await connectBoard(t, board, server)
  await does(t, board, 'comm set timeout=1')
  for (const [name, script, details, code] of faults) {
    server.setScript(checkScript({ faults: script }))
    const result = await says(board, good, challenge)
    t.like(result, { ok: false, code }, name)
    t.like(await does(t, board, 'history 1'), { status: 'Error', details, code }, name)
    t.is((await does(t, board, 'status'))['keys'], '1', name)
  }
  server.setScript(checkScript({ faults: [] }))
  await does(t, board, 'comm set timeout=10')
  t.is((await does(t, board, good, challenge))['status'], 'Successful')
})

test.serial('a deferred request ends as Error / Deferred, keeps its key over a restart, and poll brings the certificate', async (t) => {
  const server = await startServer()
  t.teardown(() => server.close())
  server.setScript(checkScript({ faults: [{ fault: 'pending', times: 2 }] }))
  const board = await boardUnderTest(t)
  await connectBoard(t, board, server)
  t.like(await says(board, good, challenge), { ok: false, code: 'deferred' })
  const { 'transaction-id': transaction } = await does(t, board, 'history 1')
  t.like(await says(board, 'poll'), { ok: false, code: 'deferred' })
  await does(t, board, 'restart')
  await board.restarted()
  await board.signIn(password)
  t.like(await does(t, board, 'poll'), { status: 'Successful', 'transaction-id': transaction })
  t.is((await does(t, board, 'history'))['entries'], '1')
  t.like(await does(t, board, 'keys show office'), { use: 'tls' })
})

/** Bad input: a clear error that names the field, and nothing changed. */
const mistakes: readonly (readonly [line: string, code: string, says: RegExp])[] = [
  ['requets', 'unknown-verb', /request/],
  ['request key-nam=x cn=127.0.0.1', 'unknown-field', /key-name/],
  ['request key-name=x', 'missing-field', /cn/],
  ['request key-name=x cn=not_a_name', 'invalid-value', /cn/],
  ['request key-name=x cn=127.0.0.1 key-length=1024', 'invalid-value', /key-length/],
  ['request key-name=office cn=127.0.0.1', 'key-name-taken', /name/i],
  ['comm set url=ftp://127.0.0.1/scep', 'invalid-value', /url/i],
  ['comm set timeout=601', 'invalid-value', /timeout/],
  ['ca pin 00', 'invalid-value', /fingerprint/],
  ['keys delete office', 'key-in-use', /TLS/i],
  ['keys delete "Default Key"', 'default-key', /./],
  ['keys delete nothing', 'key-not-found', /nothing|name/],
]

test.serial('bad input gets a clear error that names the field and the fix, and changes nothing', async (t) => {
  const server = await startServer()
  t.teardown(() => server.close())
  const board = await boardUnderTest(t, { maxKeys: 2 })
  await connectBoard(t, board, server)
  await does(t, board, good, challenge)
  const state = async (): Promise<unknown> => [(await board.command('keys list')).lines, await does(t, board, 'comm show'), await does(t, board, 'history')]
  const before = await state()
  for (const [line, code, text] of mistakes) {
    const result = await says(board, line, challenge)
    t.like(result, { ok: false, code }, line)
    if (!result.ok) t.regex(`${result.message} ${result.fix}`, text, line)
    if (!result.ok && code !== 'key-not-found') t.true(result.fix.length > 0, `${line} has a fix`)
  }
  t.deepEqual(await state(), before)
  const asked = server.transcript.records.length
  t.like(await says(board, 'request key-name=third cn=127.0.0.1', challenge), { ok: false, code: 'store-full' })
  t.is((await does(t, board, 'history 1'))['details'], 'Key and Certificate Registration Limit Error')
  t.is(server.transcript.records.length, asked, 'device.md 3: with a full store nothing goes to the server')
})

test.serial('the challenge is found nowhere but in the request: not on the line, in the log, or in the data of the board', async (t) => {
  const server = await startServer()
  t.teardown(() => server.close())
  let screen = ''
  const board = await boardUnderTest(t, { onConsole: (text) => (screen += text) })
  await connectBoard(t, board, server)
  await does(t, board, good, challenge)
  await says(board, good.replace('office', 'other'), 'a wrong challenge')
  const log = (await board.command('log 500')).lines.join('\n')
  const names = await readdir(board.directory, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const written = (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n')
  t.true(written.includes('office'), 'the board has written its data there')
  for (const secret of [challenge, 'a wrong challenge', password]) {
    t.false(screen.includes(secret))
    t.false(log.includes(secret))
    t.false(written.includes(secret))
  }
})

test.serial('without socat the same board runs on a Unix socket', async (t) => {
  const board = await boardUnderTest(t, { onPlatform: { ...platform, processes: { start: (...given) => platform.processes.start(...given), run: (...given) => platform.processes.run(...given), has: () => Promise.resolve(false) } } })
  t.is(board.line.form, 'unix')
  t.is((await does(t, board, 'whoami'))['account'], 'administrator')
})
