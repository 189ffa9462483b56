import test from 'ava'
import fc from 'fast-check'
import { CHALLENGE_PROMPT, LOGIN_PROMPT, NEW_PASSWORD_AGAIN_PROMPT, NEW_PASSWORD_PROMPT, parseResultLine, PASSWORD_PROMPT, PROMPT, type ResultLine } from '../../../protocol/commands/index.js'
import { milliseconds, minutes, seconds } from '../../../protocol/time.js'
import { consoleBoard, fingerprint, password, signedIn, sitDown, successful } from '../../support/console-board.js'

const soon = seconds(10)
const escaped = (text: string): RegExp => new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))

function code(result: ResultLine): string {
  return result.ok ? 'ok' : result.code
}

/** The results among the lines of a transcript. */
function results(text: string): readonly ResultLine[] {
  return text.split('\r\n').map(parseResultLine).filter((result) => result !== undefined)
}

test('the banner tells product, version, boot and why it started; a new board asks for a first password', async (t) => {
  const desk = sitDown(await consoleBoard())
  const banner = await desk.session.until(escaped(LOGIN_PROMPT), soon)
  t.is(banner, '\r\nPlaten 0.1.0\r\nBoot 1a2b3c4d. Last restart: first start\r\nThis board has no password yet: sign in as administrator and choose one.\r\nlogin: ')
  desk.type('administrator\r')
  await desk.session.until(escaped(NEW_PASSWORD_PROMPT), soon)
  desk.type(`${password}\r`)
  await desk.session.until(escaped(NEW_PASSWORD_AGAIN_PROMPT), soon)
  desk.type('another one\r')
  t.regex(await desk.session.until(escaped(LOGIN_PROMPT), soon), /= error invalid-value message="The two are not the same/)
  await desk.driver.signIn(password)
  desk.person.destroy()
  await desk.served
})

test('signing in again asks for the password, echoes nothing of it, and refuses a wrong one and an unknown account', async (t) => {
  const { board, driver, person, served } = await signedIn()
  t.like(await driver.command('logout'), { result: { ok: true } })
  person.destroy()
  await served

  const desk = sitDown(board)
  await desk.session.until(escaped(LOGIN_PROMPT), soon)
  desk.type('root\r')
  t.regex(await desk.session.until(escaped(LOGIN_PROMPT), soon), /= error wrong-password .*The account of this board is administrator/)
  const error = await t.throwsAsync(desk.driver.signIn('a wrong one'))
  t.regex(error.message, /The password is wrong/)
  await desk.session.until(escaped(LOGIN_PROMPT), soon)
  await desk.driver.signIn(password)
  t.notRegex(desk.seen(), /correct|horse|a wrong one/)
  desk.person.destroy()
  await desk.served
})

test('lock-out counts on the console, and its answer says how long to wait', async (t) => {
  const { board, driver, person } = await signedIn()
  await driver.command('logout')
  for (let count = 1; count <= 4; count += 1) await t.throwsAsync(driver.signIn('wrong'), { message: /wrong/ })
  await t.throwsAsync(driver.signIn('wrong'), { message: /locked for 60 s/ })
  await board.clock.advance(milliseconds(59_999))
  await t.throwsAsync(driver.signIn(password), { message: /locked for 1 s/ })
  await board.clock.advance(milliseconds(1))
  await t.notThrowsAsync(driver.signIn(password))
  person.destroy()
})

const commands: readonly (readonly [string, string])[] = [
  ['comm show', 'ok'], ['comm set url=http://ca.example.com/scep port=8080', 'ok'], ['comm set port=0', 'invalid-value'], ['comm set', 'missing-field'], ['ca fetch', 'ok'], ['ca show', 'ok'],
  [`ca pin ${fingerprint}`, 'ok'], ['ca pin 00', 'invalid-value'], ['status', 'ok'], ['history', 'ok'], ['history 1', 'ok'], ['history 21', 'invalid-value'], ['poll', 'ok'], ['keys list', 'ok'],
  ['keys show "Default Key"', 'ok'], ['keys show nothing', 'key-not-found'], ['keys delete "Default Key"', 'default-key'], ['keys assign "Default Key" tls', 'ok'], ['restart because of a test', 'ok'],
  ['log 5', 'ok'], ['whoami', 'ok'], ['help', 'ok'], ['help request', 'ok'], ['keys lst', 'unknown-verb'], ['nonsense', 'unknown-verb'], ['request cn=a.example', 'missing-field'],
  ['request key-name=a cn=a.example challenge=x', 'invalid-value'], ['whoami nme=1', 'unknown-field'], ['comm set url="', 'invalid-value'],
]

test('each command ends with exactly one result line that parses, and no line is wider than 80 columns but log and result', async (t) => {
  const { board, driver, person, seen } = await signedIn()
  board.issuance.entries = [successful, { ...successful, id: 2, status: 'Error', details: 'Communication Error (TOP ERROR)', code: 'timed-out', extra: { advice: 'Check that the server runs, or set a longer Communication Timeout, then send the request again.' } }]
  for (const [line, expected] of commands) {
    const before = seen().length
    const { result, lines } = await driver.command(line, { answers: { [CHALLENGE_PROMPT]: '' } })
    t.is(code(result), expected, line)
    t.is(results(seen().slice(before)).length, 1, line)
    if (!line.startsWith('log')) t.deepEqual(lines.filter((shown) => shown.length > 80), [], line)
  }
  person.destroy()
})

test('the history shows its three columns by the names that administrators know, with code and advice', async (t) => {
  const { board, driver, person } = await signedIn()
  board.issuance.entries = [{ ...successful, status: 'Error', details: 'Communication Error (TOP ERROR 404)', code: 'http-status', extra: { advice: 'Check the path in SCEP Server URL.' } }]
  const { lines, result } = await driver.command('history')
  t.regex(lines[0] ?? '', /^Request Date\/Time +Status +Details +Code +Advice$/)
  t.regex(lines[2] ?? '', /^2026-06-01T12:00:00Z {2}Error {3}Communication +http-status +Check the path/)
  t.deepEqual(result, { ok: true, values: { entries: '1' } })
  person.destroy()
})

test('an empty history says so, and its result counts none', async (t) => {
  const { driver, person } = await signedIn()
  t.deepEqual(await driver.command('history'), { lines: ['(none)'], result: { ok: true, values: { entries: '0' } } })
  person.destroy()
})

test('progress of long work stands above the result, and the challenge is asked without echo', async (t) => {
  const { board, driver, person, seen } = await signedIn()
  const { lines, result } = await driver.command('request key-name=office cn=printer.example.com use=tls', { answers: { [CHALLENGE_PROMPT]: 'open sesame' } })
  t.true(lines.includes('… Making a 2048-bit key'))
  t.like(result, { ok: true, values: { status: 'Successful', 'key-name': 'office', use: 'tls', enabled: 'true' } })
  t.is(board.issuance.asked[1], 'open sesame')
  t.notRegex(seen(), /sesame/)
  person.destroy()
})

test('a secret typed at a hidden prompt is nowhere: not on the line, not in the log, not in the history, not on the disk', async (t) => {
  const { board, session, driver, person, seen, type } = await signedIn()
  const secret = fc.stringMatching(/^[A-Za-z0-9!"#$%&'()*+,./:;<=>?@^_`{|}~-]{12,40}$/)
  await fc.assert(fc.asyncProperty(secret, async (word) => {
    await driver.command('request key-name=office cn=printer.example.com', { answers: { [CHALLENGE_PROMPT]: word } })
    t.is(board.issuance.asked.at(-1), word)
    type('\u001b[A')
    await session.until(/printer\.example\.com/, soon)
    type('\u0015\r')
    await session.until(escaped(PROMPT), soon)
    await driver.command('log 100')
    t.false(seen().includes(word))
    t.false(board.logged.join('').includes(word))
    for (const { effects } of board.disk.operations) for (const effect of effects) if (effect.kind === 'content') t.false(Buffer.from(effect.bytes).includes(word))
  }), { numRuns: 20 })
  person.destroy()
})

test('a line with a secret on it is refused and cannot be called back', async (t) => {
  const { driver, session, person, type } = await signedIn()
  await driver.command('whoami')
  for (const line of ['request key-name=a cn=a.example challenge=hunter22', 'request key-name=a chalenge=hunter22', 'reqest CHALLENGE="hunter22"', 'password hunter22 hunter33', 'password new=hunter22']) {
    const { result } = await driver.command(line)
    t.false(result.ok, line)
    t.notRegex(JSON.stringify(result), /hunter/, line)
  }
  type('\u001b[A')
  await session.until(/whoami/, soon)
  person.destroy()
})

test('a line with a slip can be called back and put right', async (t) => {
  const { driver, session, person, type } = await signedIn()
  await driver.command('request key-nmae=a cn=a.example')
  type('\u001b[A')
  await t.notThrowsAsync(session.until(/request key-nmae=a cn=a\.example/, soon))
  person.destroy()
})

test('the password is changed at hidden prompts, and the new one signs in', async (t) => {
  const { driver, session, person, seen, type } = await signedIn()
  type('password\r')
  await session.until(/Current password: /, soon)
  type(`${password}\r`)
  await session.until(/New password: /, soon)
  type('battery staple\r')
  await session.until(/New password again: /, soon)
  type('battery staple\r')
  await session.until(escaped(`= ok account=administrator\r\n${PROMPT}`), soon)
  await driver.command('logout')
  await driver.signIn('battery staple')
  t.notRegex(seen(), /battery|staple/)
  person.destroy()
})

test('Ctrl-C leaves a line or a question without a change, Ctrl-D at the prompt signs out', async (t) => {
  const { board, session, person, type } = await signedIn()
  type('restart now\u0003')
  t.regex(await session.until(escaped(PROMPT), soon), /\^C\r\n= error cancelled/)
  type('request key-name=a cn=a.example\r')
  await session.until(escaped(CHALLENGE_PROMPT), soon)
  type('half a secr\u0003')
  t.regex(await session.until(escaped(PROMPT), soon), /\^C\r\n= error cancelled/)
  t.deepEqual([board.restarts, board.issuance.asked], [[], []])
  type('\u0004')
  await session.until(escaped(LOGIN_PROMPT), soon)
  person.destroy()
})

test('Ctrl-C during a command asks it to stop and is answered; what is typed ahead is kept for the prompt', async (t) => {
  const { board, session, person, type } = await signedIn()
  const finish = new Promise<void>((resolve) => {
    board.issuance.answer = () => new Promise((answer) => {
      resolve()
      later = () => answer(successful)
    })
  })
  let later = (): void => undefined
  type('poll\r')
  await finish
  type('\u0003whoami\r')
  await session.until(/… Asked to stop/, soon)
  later()
  t.regex(await session.until(/front="serial console"\r\n/, soon), /= ok requested-at.*\r\nplaten> whoami\r\n/)
  person.destroy()
})

test('a session without a key for 15 minutes is signed out, and not one millisecond before', async (t) => {
  const { board, session, driver, person, type } = await signedIn()
  await board.clock.advance(minutes(14))
  type('who')
  await session.until(/who/, soon)
  await board.clock.advance(milliseconds(minutes(15) - 1))
  type('ami\r')
  await session.until(escaped(PROMPT), soon)
  await board.clock.advance(milliseconds(minutes(15) - 1))
  t.true(board.clock.timers().some(({ name }) => name === 'console idle'))
  await board.clock.advance(milliseconds(1))
  await session.until(escaped(`Signed out after 15 minutes without a key.\r\n${LOGIN_PROMPT}`), soon)
  t.deepEqual(board.clock.timers(), [])
  await driver.signIn(password)
  person.destroy()
})

test('a long command is no silence', async (t) => {
  const { board, session, person, type } = await signedIn()
  let later = (): void => undefined
  const started = new Promise<void>((resolve) => {
    board.issuance.answer = () => new Promise((answer) => {
      later = () => answer(successful)
      resolve()
    })
  })
  type('poll\r')
  await started
  await board.clock.advance(minutes(20))
  later()
  await session.until(/= ok/, soon)
  await session.until(escaped(PROMPT), soon)
  await board.clock.advance(milliseconds(minutes(15) - 1))
  type('whoami\r')
  await t.notThrowsAsync(session.until(/= ok account/, soon))
  person.destroy()
})

test('a hang-up signs out: the next line begins at the login, and no timer is left', async (t) => {
  const { board, person, served } = await signedIn()
  person.destroy()
  await served
  t.deepEqual(board.clock.timers(), [])
  const desk = sitDown(board)
  t.regex(await desk.session.until(escaped(LOGIN_PROMPT), soon), /Platen 0\.1\.0/)
  desk.person.destroy()
  await desk.served
})

test('a hang-up in the middle of a command lets it end, then the console is free for the next line', async (t) => {
  const { board, person, served, type } = await signedIn()
  let later = (): void => undefined
  const started = new Promise<void>((resolve) => {
    board.issuance.answer = () => new Promise((answer) => {
      later = () => answer(successful)
      resolve()
    })
  })
  type('poll\r')
  await started
  person.destroy()
  later()
  await t.notThrowsAsync(served)
})

test('the board says why when it stops, and the serving ends', async (t) => {
  const { board, session, served, person } = await signedIn()
  board.console.close('The board restarts.')
  await session.until(/The board restarts\.\r\n/, soon)
  await served
  t.deepEqual(board.clock.timers(), [])
  person.destroy()
})

test('CR, LF and CRLF each end a line once', async (t) => {
  const { session, person, type, seen } = await signedIn()
  const before = seen().length
  type('whoami\rwhoami\nwhoami\r\nwhoami\r')
  for (let count = 0; count < 4; count += 1) await session.until(/= ok account/, soon)
  type('status\r')
  await session.until(/= ok product/, soon)
  t.is(results(seen().slice(before)).length, 5)
  person.destroy()
})

test('a line of 1024 bytes is taken, a longer one is refused whole', async (t) => {
  const { board, driver, person } = await signedIn()
  const fits = `restart ${'x'.repeat(92)} `
  t.true((await driver.command(fits.padEnd(1024, ' '))).result.ok)
  t.is(code((await driver.command(fits.padEnd(1025, ' '))).result), 'invalid-value')
  t.is(code((await driver.command('whoami'.padEnd(50_000, ' '))).result), 'invalid-value')
  t.is(board.restarts.length, 1)
  t.true((await driver.command('whoami')).result.ok)
  person.destroy()
})

test('letters split over pieces, NUL and stray bytes do no harm', async (t) => {
  const { board, session, person, type } = await signedIn()
  for (const byte of Buffer.from('restart "Gr\u00fc\u00dfe \u{1f5a8}"')) type(Uint8Array.of(byte, 0))
  type(Uint8Array.of(0xff, 0xfe, 0x80))
  type('\r')
  await session.until(/= ok reason/, soon)
  t.deepEqual(board.restarts, ['Gr\u00fc\u00dfe \u{1f5a8}'])
  person.destroy()
})

test('what a server sent cannot forge a result line or move the cursor', async (t) => {
  const { board, driver, seen, person } = await signedIn()
  board.issuance.entries = [{ ...successful, details: 'x\r\n= ok forged=1\r\n\u001b[2J', extra: { failInfoText: '= ok forged=2' } }]
  for (const line of ['history', 'history 1']) t.true((await driver.command(line)).result.ok)
  t.false(results(seen()).some((result) => result.ok && 'forged' in result.values && !('details' in result.values)))
  t.false(seen().includes('\u001b[2J'))
  person.destroy()
})

test('any bytes at any time: nothing is thrown, and the console still answers', async (t) => {
  const board = await consoleBoard()
  await board.access.setFirstPassword(password)
  const verbs = ['administrator\r', `${password}\r`, 'help\r', 'keys list\r', 'request key-name=a cn=a.example\r', 'whoami\r', 'log\r', '\u001b[A', '\u001b[D', '\u0003', '"', '\u001b[']
  const piece = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...verbs).map((text) => Uint8Array.from(Buffer.from(text))) }, { weight: 2, arbitrary: fc.uint8Array({ maxLength: 64 }) })
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
    await board.clock.advance(minutes(60))
    const desk = sitDown(board)
    for (const bytes of pieces) desk.type(bytes)
    await desk.session.until(/login: /, soon)
    desk.type('\u0003\u0003\r\r\rwhoami\r')
    await desk.session.until(/whoami|\^C/, soon)
    desk.person.destroy()
    await desk.served
  }), { numRuns: 150 })
  t.pass()
})

test('a flood of input while nobody reads does not grow', async (t) => {
  const { board, session, person, type } = await signedIn()
  let later = (): void => undefined
  const started = new Promise<void>((resolve) => {
    board.issuance.answer = () => new Promise((answer) => {
      later = () => answer(successful)
      resolve()
    })
  })
  type('poll\r')
  await started
  for (let count = 0; count < 200; count += 1) type('x'.repeat(10_000))
  later()
  await session.until(/= ok[^]*platen> x/, soon)
  type('\u0003')
  await session.until(/= error cancelled/, soon)
  type('whoami\r')
  t.truthy(await session.until(/= ok account/, soon))
  person.destroy()
})

test('hidden prompts stand last on their line until something is typed', async (t) => {
  const { session, person, type, driver } = await signedIn()
  await driver.command('logout')
  type('administrator\r')
  t.true((await session.until(escaped(PASSWORD_PROMPT), soon)).endsWith(PASSWORD_PROMPT))
  person.destroy()
})
