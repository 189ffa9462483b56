import test from 'ava'
import { EXPORT_PASSWORD_AGAIN_PROMPT, EXPORT_PASSWORD_PROMPT, KEY_FILE_PASSWORD_PROMPT } from '../../protocol/commands/index.js'
import { certificatePem } from '../../protocol/pem.js'
import { readKeyMaterial } from '../../protocol/pkcs12/index.js'
import { boardCommand, boardGroup, seal, writeFrames, writeMessage, writePayload } from '../../protocol/smp/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/index.js'
import { runCommandLine } from '../../rig/cli/index.js'
import { linuxPlatform, type Terminal } from '../../rig/platform/index.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { certificateFor } from '../support/key-store-fixture.js'
import { consoleBoard, linePair, password, successful, type ConsoleBoard } from '../support/console-board.js'

const base = linuxPlatform()

/** A person's terminal: what is shown is kept, and `answers` are typed when their prompt stands there. */
function person(answers: Readonly<Record<string, string>>): Terminal & { readonly shown: () => string } {
  let text = ''
  return {
    shown: () => text,
    takeOver: (onKeys) => ({
      show: (bytes) => {
        const part = Buffer.from(bytes).toString('utf8')
        text += part
        const typed = answers[part]
        if (typed !== undefined) queueMicrotask(() => onKeys(Buffer.from(typed)))
      },
      release: () => undefined,
    }),
  }
}

/** Runs a command of the rig against a board in this process. */
function rig(board: ConsoleBoard, words: readonly string[], terminal?: Terminal, clock: Clock = base.clock) {
  const out: string[] = []
  const waiting: { readonly text: string; readonly found: () => void }[] = []
  let interrupt: (signal: string) => void = () => undefined
  const interrupted = new Promise<string>((resolve) => (interrupt = resolve))
  const write = (line: string): void => {
    out.push(line)
    waiting.filter(({ text }) => line.includes(text)).forEach(({ found }) => found())
  }
  const [line, far] = linePair()
  const platform = { ...base, clock, terminal, interrupted: () => interrupted, lines: { ...base.lines, open: () => Promise.resolve(far) } }
  const served = board.console.serve(line)
  const code = runCommandLine(platform, words, { write, complain: write }).finally(() => far.destroy())
  const until = (text: string): Promise<void> => new Promise((found) => {
    waiting.push({ text, found })
    if (out.some((each) => each.includes(text))) found()
  })
  return { code, out, until, interrupt: () => interrupt('SIGINT'), served, line }
}

async function boardWithPassword(): Promise<ConsoleBoard> {
  const board = await consoleBoard()
  await board.access.setFirstPassword(password)
  return board
}

const asked = { 'Password: ': `${password}\r`, 'Challenge Password (empty for none): ': 'a challenge word\r' }
const fields = ['key-name=office', 'cn=printer.example.com', 'use=tls']

test('issue asks for password and challenge without echo, shows the progress, and ends with the result', async (t) => {
  const board = await boardWithPassword()
  const terminal = person(asked)
  const { code, out, served } = rig(board, ['issue', 'unix:/line', ...fields, 'organization=Example Ltd'], terminal)
  t.is(await code, 0)
  await served
  t.is(terminal.shown(), 'Password: \r\nChallenge Password (empty for none): \r\n')
  t.is(out[0], 'Making a 2048-bit key …')
  t.true(out.includes('Status: Successful'))
  t.like(board.issuance.asked[0], { keyName: 'office', commonName: 'printer.example.com', organization: 'Example Ltd', use: 'tls' })
  t.is(board.issuance.asked[1], 'a challenge word')
  t.notRegex([...out, ...board.logged].join('\n'), /challenge word|correct horse/)
})

test('issue tells a failure with its code and fix, and a deferral by another exit code', async (t) => {
  const board = await boardWithPassword()
  board.issuance.answer = () => Promise.resolve({ ...successful, status: 'Error', details: 'Communication Error (SCEP ERROR Fail Info 2)', code: 'scep-failure', extra: { advice: 'Check the Challenge Password.' } })
  const failed = rig(board, ['issue', 'unix:/line', ...fields], person(asked))
  t.is(await failed.code, 1)
  await failed.served
  t.regex(failed.out.join('\n'), /Fail Info 2\) \[scep-failure\]\n {5}Check the Challenge Password/)
  board.issuance.answer = () => Promise.resolve({ ...successful, status: 'Processing...', details: 'Deferred' })
  const deferred = rig(board, ['issue', 'unix:/line', ...fields], person(asked))
  t.is(await deferred.code, 4)
  await deferred.served
})

test('issue refuses a wrong request before it opens anything, and a secret on the command line always', async (t) => {
  const board = await boardWithPassword()
  for (const [words, said] of [
    [['key-name=office'], /cn is missing/],
    [['key-name=office', 'cn=nonsense'], /cn: "nonsense" is not an IP address/],
    [['office'], /"office" is not a field.*[\s\S]*name=value/],
    [['key-name=a', 'cn=a.example', 'keylength=2048'], /no field "keylength"[\s\S]*key-length/],
    [['key-name=a', 'cn=a.example', 'challenge=x'], /challenge is secret/],
  ] as const) {
    const { code, out, served, line } = rig(board, ['issue', 'unix:/line', ...words], person(asked))
    t.is(await code, 2)
    t.regex(out.join('\n'), said)
    line.destroy()
    await served
  }
  t.deepEqual(board.issuance.asked, [])
})

test('a wrong password, Ctrl-C at the prompt, and a pipe without the variable each say so', async (t) => {
  const board = await boardWithPassword()
  const wrong = rig(board, ['issue', 'unix:/line', ...fields], person({ 'Password: ': 'wrong\r' }))
  t.is(await wrong.code, 1)
  t.regex(wrong.out.join('\n'), /\[wrong-password\]/)
  await wrong.served
  const cancelled = rig(board, ['watch', 'unix:/line'], person({ 'Password: ': 'abc\u0003' }))
  t.is(await cancelled.code, 1)
  t.regex(cancelled.out.join('\n'), /nothing was sent. \[cancelled\]/)
  await cancelled.served
  const piped = rig(board, ['watch', 'unix:/line'])
  t.is(await piped.code, 2)
  t.regex(piped.out.join('\n'), /PLATEN_PASSWORD/)
  await piped.served
})

test('watch shows events as lines with monotonic time, boot id and level, until Ctrl-C', async (t) => {
  const board = await boardWithPassword()
  const { code, out, until, interrupt, served } = rig(board, ['watch', 'unix:/line', '--level', 'warn'], person(asked))
  await until('Watching')
  board.services.log.info('not this one')
  board.services.log.warn('the toner is low', { percent: 3 })
  await until('toner')
  interrupt()
  t.is(await code, 0)
  await served
  t.deepEqual(out, ['Watching unix:/line; Ctrl-C ends.', '[0, 1a2b3c4d, warn] the toner is low percent=3'])
})

test('watch signs in again when its session is gone, and goes on; a silent board is told once', async (t) => {
  const board = await boardWithPassword()
  const { code, out, until, interrupt, served, line } = rig(board, ['watch', 'unix:/line', '--level', 'warn'], person(asked), board.clock)
  await until('Watching')
  board.services.log.warn('one')
  // Another sign-in on the line ends the session, as a restart of the board does.
  const header = { operation: 'write', version: 1, flags: 0, group: boardGroup, sequence: 3, id: boardCommand.signIn } as const
  line.push(writeFrames(writeMessage({ ...header, data: writePayload(seal(header, { n: 0, account: 'administrator', password })) })))
  await board.clock.advance(seconds(1))
  board.services.log.warn('missed')
  await board.clock.advance(seconds(10))
  await until('signed in again')
  board.services.log.warn('two')
  await until('two')
  line.pause()
  await board.clock.advance(seconds(40))
  line.resume()
  await board.clock.advance(seconds(20))
  await until('answers again')
  interrupt()
  t.is(await code, 0)
  await served
  t.deepEqual(out.map((each) => each.replace(/^\[\d+, 1a2b3c4d, warn\] /, '')), [
    'Watching unix:/line; Ctrl-C ends.', 'one', '(signed in again: the board was restarted, or the session was ended)', 'two',
    '(the board does not answer; still trying)', '(the board answers again)',
  ])
})

test('watch says when the line is closed from the other side', async (t) => {
  const board = await boardWithPassword()
  const { code, out, until, served, line } = rig(board, ['watch', 'unix:/line'], person(asked))
  await until('Watching')
  line.destroy()
  t.is(await code, 3)
  await served
  t.regex(out.join('\n'), /closed from the other side. \[connect-failed\]/)
})

test('console shows the board and sends keys until Ctrl-]', async (t) => {
  const board = await boardWithPassword()
  let type: (keys: Uint8Array) => void = () => undefined
  let text = ''
  const seen: { readonly text: string; readonly found: () => void }[] = []
  const terminal: Terminal = {
    takeOver: (onKeys) => {
      type = onKeys
      return {
        show: (bytes) => {
          text += Buffer.from(bytes).toString('utf8')
          seen.filter((each) => text.includes(each.text)).forEach(({ found }) => found())
        },
        release: () => undefined,
      }
    },
  }
  const until = (expected: string): Promise<void> => new Promise((found) => {
    seen.push({ text: expected, found })
    if (text.includes(expected)) found()
  })
  const { code, out, served } = rig(board, ['console', 'unix:/line'], terminal)
  await until('login: ')
  type(Buffer.from('administrator\r'))
  await until('Password: ')
  type(Buffer.from(`${password}\r`))
  await until('platen> ')
  type(Buffer.from('who\u001b[D\u001b[D\u001b[Dxx\u0015\u0005\u0015whoami\r'))
  await until('= ok account=administrator privilege=administrator')
  type(Buffer.from('\u001d'))
  t.is(await code, 0)
  await served
  t.is(out.at(-1), 'Left.')
})

test('each command explains itself with examples', async (t) => {
  const board = await boardWithPassword()
  for (const name of ['console', 'issue', 'watch']) {
    const { code, out, line, served } = rig(board, [name, '--help'])
    t.is(await code, 0)
    t.regex(out.join('\n'), new RegExp(`Examples:\\n  npm run rig -- ${name} /dev/ttyUSB0`))
    line.destroy()
    await served
  }
})

test('import and export carry a key between a board and a file, and a CA certificate too; a file is never overwritten', async (t) => {
  const directory = await base.files.temporaryDirectory('platen-key-files')
  t.teardown(() => directory.remove())
  const at = (name: string): string => `${directory.path}/${name}`
  const leaf = certificateFor(fixtureKeys.four, 'office')
  await base.files.write(at('in.pem'), fixtureKeys.four.export({ type: 'pkcs8', format: 'pem' }).toString() + certificatePem(leaf))
  await base.files.write(at('ca.der'), leaf)
  const board = await boardWithPassword()
  const answers = { 'Password: ': `${password}\r`, [KEY_FILE_PASSWORD_PROMPT]: 'a long password\r', [EXPORT_PASSWORD_PROMPT]: 'a long password\r', [EXPORT_PASSWORD_AGAIN_PROMPT]: 'a long password\r' }
  const run = async (...words: readonly string[]): Promise<readonly [number, string]> => {
    const { code, out, served, line } = rig(board, words, person(answers))
    const ended = await code
    line.destroy()
    await served
    return [ended, out.join('\n')]
  }
  t.deepEqual((await run('import', 'unix:/line', 'office', at('in.pem')))[0], 0)
  t.is(board.store.find('office')?.kind, 'imported')
  t.deepEqual(await run('export', 'unix:/line', 'office', at('out.p12')), [0, `Saved ${at('out.p12')}.`])
  t.regex((await run('export', 'unix:/line', 'office', at('out.p12')))[1], /exists already/)
  const key = readKeyMaterial(await base.files.read(at('out.p12')) ?? '', 'a long password')
  t.true(key.privateKey.equals(fixtureKeys.four))
  await board.store.delete(board.store.find('office')!.id)
  t.regex((await run('import', 'unix:/line', 'again', at('out.p12')))[1], /Name: again\nSubject: CN=office/)

  t.is((await run('import', '--ca', 'unix:/line', 'web', at('ca.der')))[0], 0)
  t.is((await run('export', '--ca', 'unix:/line', 'web', at('ca.pem')))[0], 0)
  t.is(Buffer.from(await base.files.read(at('ca.pem')) ?? '').toString(), certificatePem(leaf))
  t.regex((await run('import', 'unix:/line', 'other', at('nothing')))[1], /There is no file/)
})

test('a line on which nobody answers by frames is trouble with the rig, not a broken promise: issue ends with 3, as its help says', async (t) => {
  const [, far] = linePair()
  const clock = new VirtualClock(base.clock.wall())
  const out: string[] = []
  const platform = { ...base, clock, terminal: person(asked), lines: { ...base.lines, open: () => Promise.resolve(far) } }
  const code = await clock.until(runCommandLine(platform, ['issue', 'unix:/line', ...fields], { write: (line) => out.push(line), complain: (line) => out.push(line) }))
  t.is(code, 3, out.join('\n'))
  t.regex(out.join('\n'), /No board answers by frames on unix:\/line\. \[timed-out\]/)
})
