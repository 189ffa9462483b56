import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { linuxPlatform } from '../../rig/platform/index.js'
import { scepServerCommand } from '../../rig/cli/scep-server.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { fixturePlatform } from '../support/rig-server.js'
import { RawScepClient } from '../support/raw-scep-client.js'

interface Started {
  readonly lines: readonly string[]
  /** The first line that has this in it, as soon as it is there. */
  readonly line: (text: string) => Promise<string>
  readonly url: () => Promise<string>
  /** Presses Ctrl-C and waits for the end. */
  readonly stop: () => Promise<void>
}

const base = linuxPlatform()

function start(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Started {
  const lines: string[] = []
  const waiting: (() => void)[] = []
  let interrupt: (signal: string) => void = () => undefined
  const interrupted = new Promise<string>((resolve) => (interrupt = resolve))
  const write = (line: string): void => {
    lines.push(line)
    waiting.forEach((look) => look())
  }
  const platform = { ...base, ...fixturePlatform(), interrupted: () => interrupted }
  const ended = scepServerCommand(platform, write, environment).exitOverride().configureOutput({ writeErr: write }).parseAsync(['--port', '0', ...words], { from: 'user' })
  ended.catch(() => undefined)
  const line = (text: string): Promise<string> => new Promise((resolve, reject) => {
    const look = (): void => {
      const found = lines.find((candidate) => candidate.includes(text))
      if (found !== undefined) resolve(found)
    }
    waiting.push(look)
    ended.then(look, reject)
    look()
  })
  return {
    lines, line,
    url: async () => (await line('SCEP server:')).split(/\s+/)[2]!,
    stop: async () => {
      interrupt('SIGINT')
      await ended
    },
  }
}

function file(t: ExecutionContext, name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'platen-cli-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

test('it says where it is and what to pin, a line for each exchange, and stops when asked', async (t) => {
  const { lines, line, url, stop } = start(['--challenge-mode', 'none'])
  const client = await RawScepClient.open(await url(), fixtureKeys.four)
  await client.request()
  t.regex(await line('SUCCESS'), /^#2 127\.0\.0\.1:\d+ PKIOperation PKCSReq → SUCCESS serial [0-9a-f]{32} \[\d+\.\d ms\]$/)
  t.true(lines.includes(`CA fingerprint: ${client.authority.top.fingerprint} (SHA-256)`))
  await stop()
  t.is(lines.at(-1), 'Stopped after 2 exchanges.')
})

test('the challenge comes from a file, and is not shown', async (t) => {
  const { lines, url, stop } = start(['--challenge-file', file(t, 'challenge', 'from the file\nsecond line\n')], { PLATEN_CHALLENGE: 'from the environment' })
  const client = await RawScepClient.open(await url(), fixtureKeys.four)
  t.is((await client.request({ challenge: 'from the file' })).status, 'SUCCESS')
  t.is((await client.request({ challenge: 'from the environment' })).status, 'FAILURE')
  await stop()
  t.notRegex(lines.join('\n'), /from the/)
})

test('the challenge comes from the environment, and is not shown', async (t) => {
  const { lines, url, stop } = start([], { PLATEN_CHALLENGE: 'from the environment' })
  const client = await RawScepClient.open(await url(), fixtureKeys.four)
  t.is((await client.request({ challenge: 'from the environment' })).status, 'SUCCESS')
  await stop()
  t.notRegex(lines.join('\n'), /from the/)
})

test('without either a challenge is made and shown once', async (t) => {
  const { lines, line, url, stop } = start([])
  const challenge = (await line('challenge:')).split(/\s+/)[1]!
  const client = await RawScepClient.open(await url(), fixtureKeys.four)
  t.is((await client.request({ challenge })).status, 'SUCCESS')
  await stop()
  t.is(lines.filter((shown) => shown.includes(challenge)).length, 1)
})

test('in the mode one-time a new challenge is shown after each certificate', async (t) => {
  const { line, url, stop } = start(['--challenge-mode', 'one-time'])
  const first = (await line('one-time challenge, good for 60 min')).split(' ').at(-1)!
  const client = await RawScepClient.open(await url(), fixtureKeys.four)
  t.is((await client.request({ challenge: first })).status, 'SUCCESS')
  const second = (await line('next one-time challenge')).split(' ').at(-1)!
  t.is((await client.request({ challenge: first })).status, 'FAILURE')
  t.is((await client.request({ challenge: second })).status, 'SUCCESS')
  await stop()
})

test('script, transcript, RA and validity are as the options say', async (t) => {
  const transcript = file(t, 'run.jsonl', '')
  const { url, stop } = start(['--challenge-mode', 'none', '--script', file(t, 'faults.yaml', 'faults:\n  - pending\n'), '--transcript', transcript, '--ra', 'two', '--days', '3'])
  const client = await RawScepClient.open(await url(), fixtureKeys.four)
  t.is(client.authority.signers.length, 3)
  const sent = client.build()
  t.is((await client.send(sent)).status, 'PENDING')
  const { notAfter } = client.certificate(await client.poll(sent))
  t.true(Math.abs(notAfter - Date.now() - 3 * 86_400_000) < 60_000)
  await stop()
  const records = readFileSync(transcript, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.deepEqual(records.map(({ sequence, status }) => [sequence, status]), [[1, undefined], [2, 'PENDING'], [3, 'SUCCESS']])
})

const refused: Readonly<Record<string, readonly [words: readonly string[], says: RegExp]>> = {
  'an unknown option': [['--prot', '1'], /unknown option '--prot'/],
  'a port out of range': [['--port', '70000'], /whole number from 0 to 65535/],
  'a port that is no number': [['--port', '80x'], /whole number/],
  'another key size': [['--key-bits', '1024'], /Allowed choices are 2048, 3072, 4096/],
  'a challenge as an argument': [['--challenge', 'secret'], /unknown option '--challenge'/],
  'a challenge file in the mode none': [['--challenge-mode', 'none', '--challenge-file', 'x'], /has no meaning/],
  'a file that is not there': [['--challenge-file', '/nonexistent/file'], /--challenge-file: \/nonexistent\/file cannot be read/],
  'a transcript that cannot be written': [['--challenge-mode', 'none', '--transcript', '/nonexistent/file'], /--transcript: \/nonexistent\/file cannot be written/],
}
for (const [what, [words, says]] of Object.entries(refused)) {
  test(`${what} is a clear error, and nothing is started`, async (t) => {
    const { lines, line } = start(words)
    const error = await t.throwsAsync(line('SCEP server:'))
    t.regex(error.message, says)
    t.false(lines.some((shown) => shown.includes('SCEP server:')))
  })
}

test('an empty challenge file and a bad script are refused by name', async (t) => {
  const empty = file(t, 'empty', '\n')
  t.true((await t.throwsAsync(start(['--challenge-file', empty]).line('never'))).message.includes(`${empty}: the challenge is empty`))
  const script = file(t, 'faults.yaml', 'faults: [{fault: pending, times: many}]')
  t.true((await t.throwsAsync(start(['--script', script]).line('never'))).message.startsWith(`${script}, faults[0].times: `))
})
