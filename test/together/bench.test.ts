import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import { runCommandLine } from '../../rig/cli/index.js'
import { boardUnderTest, folder, password, platform } from '../support/board-under-test.js'
import { part } from '../support/parts.js'

const socat = part('socat')

interface Ran {
  readonly code: number
  readonly said: string
}

/** One command of the rig; `after` is called with each line as it is said. */
async function rig(words: readonly string[], after: (line: string) => void = () => undefined): Promise<Ran> {
  const said: string[] = []
  const say = (line: string): void => {
    said.push(line)
    after(line)
  }
  return { code: await runCommandLine(platform, words, { write: say, complain: say }), said: said.join('\n') }
}

socat.test('bench try: a board on its tty and one as a process get certificates at once, captured; a second run cannot have them meanwhile', async (t) => {
  const directory = await folder(t)
  // For the rig it is a device with a console, as a board on a bench is; who powers it is not its business.
  const desk = await boardUnderTest(t)
  desk.detach()
  await platform.files.write(`${directory}/password`, `${password}\n`)
  const bench = ['--bench', `${directory}/bench.yaml`]
  await platform.files.write(`${directory}/bench.yaml`, stringify({
    boards: { desk: { serial: desk.line.hostPath, passwordFile: 'password', https: desk.https, power: { on: ['true'], off: ['true'] } }, soft: 'process' }, faults: [],
  }))
  const check = await rig(['bench', 'check', ...bench])
  t.is(check.code, 0, check.said)

  const others: Promise<Ran>[] = []
  const first = await rig(['bench', 'try', '--out', `${directory}/out`, ...bench], (line) => {
    if (line.includes('desk: signed in')) others.push(rig(['bench', 'try', 'desk', ...bench]))
  })
  t.is(first.code, 0, first.said)
  const [second] = await Promise.all(others)
  t.is(second?.code, 3)
  t.regex(second?.said ?? '', /\[board-taken\]/u)

  for (const name of ['desk', 'soft']) {
    const capture = await readFile(`${directory}/out/${name}.console.jsonl`, 'utf8')
    const pieces = capture.trim().split('\n').map((line) => JSON.parse(line) as { at: number; from: string; text?: string; hidden?: number })
    t.deepEqual([...new Set(pieces.map(({ from }) => from))].sort(), ['board', 'rig'])
    t.true(pieces.every(({ at }, index) => at >= (pieces[index - 1]?.at ?? 0)))
    t.true(pieces.some(({ hidden }) => hidden !== undefined))
    t.false(capture.includes(password))
  }
  const exchanges = (await readFile(`${directory}/out/scep.jsonl`, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { status?: string })
  t.is(exchanges.filter(({ status }) => status === 'SUCCESS').length, 2)
  t.regex((await rig(['bench', 'list', ...bench])).said, /^desk .* free\nsoft .* free$/u)
})

socat.test('bench try: a board that falls silent is marked with its first failure; the others finish', async (t) => {
  const directory = await folder(t)
  const desk = await boardUnderTest(t)
  desk.detach()
  await desk.cutPower()
  await platform.files.write(`${directory}/password`, `${password}\n`)
  const bench = ['--bench', `${directory}/bench.yaml`]
  await platform.files.write(`${directory}/bench.yaml`, stringify({ boards: { desk: { serial: desk.line.hostPath, passwordFile: 'password' }, soft: 'process' } }))
  const run = await rig(['bench', 'try', '--out', `${directory}/out`, ...bench])
  t.is(run.code, 3, run.said)
  t.regex(run.said, /desk: ✗ the console of the board desk does not answer.*\[timed-out\]/u)
  t.regex(run.said, /soft: ✓ passed/u)
  t.regex((await rig(['bench', 'list', ...bench])).said, /^desk .*broken in run .* does not answer/mu)
  t.like(await rig(['bench', 'try', 'desk', ...bench]), { code: 3 })
})
