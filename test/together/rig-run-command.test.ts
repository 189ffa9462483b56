import { readFile } from 'node:fs/promises'
import test from 'ava'
import { runCommandLine } from '../../rig/cli/index.js'
import { scenarios } from '../../rig/scenarios/index.js'
import { folder, platform } from '../support/board-under-test.js'

async function rig(...words: readonly string[]): Promise<{ readonly code: number; readonly said: string; readonly complained: string }> {
  const said: string[] = []
  const complained: string[] = []
  const code = await runCommandLine(platform, words, { write: (line) => said.push(line), complain: (line) => complained.push(line) })
  return { code, said: said.join('\n'), complained: complained.join('\n') }
}

/** What a run says, without how long it took on the wall. */
const timeless = (said: string): string => said.replace(/ in [\d.]+ m?s/gu, '').split('\n').filter((line) => !line.startsWith('again:') && !line.startsWith('Reports') && line !== '').join('\n').trim()

test('run tells steps, verdicts with their error bound, the seed and how to do it again, and ends with 0', async (t) => {
  const { code, said } = await rig('run', 'polls-on-pending', '--seed', 'abc')
  t.is(code, 0, said)
  t.regex(said, /seed abc, virtual time/)
  t.regex(said, /▸ Let a scheduled request meet a server that misbehaves/)
  t.regex(said, /✔ polls on PENDING: all 5 lie within the promise; they measured 10 min \(error ±0 ms\)/)
  t.regex(said, /again: npm run rig -- run polls-on-pending --clock virtual --seed abc$/)
})

test('a run without a seed draws a fresh one and prints it', async (t) => {
  const seedOf = async (): Promise<string> => /^seed (\S+),/u.exec((await rig('run', 'limit-error')).said)?.[1] ?? ''
  const [first, second] = [await seedOf(), await seedOf()]
  t.regex(first, /^[0-9a-f]{10}$/)
  t.not(first, second)
})

test('run writes all three reports, and replay runs the same again from the file, from a line of it, and from the printed line', async (t) => {
  const directory = await folder(t)
  const first = await rig('run', 'jitter-kept', '--boards', '3', '--seed', 'some seed', '--out', `${directory}/reports`)
  t.is(first.code, 0, first.complained)
  t.regex(await readFile(`${directory}/reports/junit.xml`, 'utf8'), /<testsuites/)
  t.regex(await readFile(`${directory}/reports/report.html`, 'utf8'), /jitter kept across a reboot/)
  const lines = (await readFile(`${directory}/reports/run.jsonl`, 'utf8')).trim().split('\n')
  const verdict = lines.find((line) => line.includes('"kind":"verdict"') || line.includes('jitter kept'))
  const printed = /again: (npm run rig -- .*)$/u.exec(first.said)?.[1] ?? ''
  for (const what of [`${directory}/reports/run.jsonl`, verdict ?? '', printed]) {
    const again = await rig('replay', what)
    t.is(again.code, 0, again.complained)
    t.is(timeless(again.said), timeless(first.said))
  }
})

test('a wrong name, a clock that says nothing, and a line that is no run are usage: 2', async (t) => {
  const unknown = await rig('run', 'no-such-promise')
  t.is(unknown.code, 2)
  t.regex(unknown.complained, /there is no scenario no-such-promise/)
  const unfit = await rig('run', 'periodic', '--clock', 'real')
  t.is(unfit.code, 2)
  t.regex(unfit.complained, /periodic says nothing on the clock real/)
  t.is((await rig('run', '--boards', '0')).code, 2)
  t.is((await rig('run', 'limit-error', '--boards', '2', '--clock', 'real')).code, 2)
  const other = await rig('replay', 'npm run rig -- scep-server --port 0')
  t.is(other.code, 2)
  t.regex(other.complained, /must begin with "run"/)
  t.is((await rig('replay', '{"kind":"end"}')).code, 2)
})

test('list names each scenario with its promise and clocks', async (t) => {
  const { code, said } = await rig('list')
  t.is(code, 0)
  for (const { name, promise, clocks } of scenarios) t.true(said.includes(`${name}\n    ${promise}\n    clocks: ${clocks.join(', ')}`))
})
