import { Command, InvalidArgumentError, Option } from 'commander'
import { PlatenError } from '../../protocol/errors.js'
import { chooseBoards } from '../bench/index.js'
import type { RigPlatform } from '../platform/index.js'
import { htmlPage, junit, outcomeOfRun, outcomeOfScenario, outcomeWords, runLines, timeline, type RunClock, type RunRecord, type ScenarioResult } from '../reports/index.js'
import { play, ProcessWorld, scenarios, VirtualWorld, type ClockKind, type Scenario, type World } from '../scenarios/index.js'
import { defaultAlpha, exitCode, settleRun, spell } from '../verdicts/index.js'
import { openBench, runOnBench } from './bench/index.js'

interface RunOptions {
  readonly clock: ClockKind
  readonly scale: number
  readonly boards?: number
  readonly seed?: string
  readonly out?: string
  readonly bench: string
  readonly board?: readonly string[]
}

const clocks: readonly ClockKind[] = ['virtual', 'scaled', 'real', 'hardware']

const examples = `
Without names all scenarios run that the clock allows; \`npm run rig -- list\` names them. A fresh seed is drawn and
printed unless one is given; everything that is left to chance follows from it.
On the clock hardware the boards of a bench file are leased and played on all at once, in real time; what passed over
every line, to the SCEP server and to the broker lies in --out (default: out/bench-RUN).
Exit codes: 0 passed, 1 a promise is broken, 2 usage, 3 trouble with the rig, 4 inconclusive.

Examples:
  npm run rig -- run
  npm run rig -- run jitter-uniform --boards 20 --out report
  npm run rig -- run polls-on-pending --clock scaled --scale 60
  npm run rig -- run issue-by-hand automatic-renewal --clock hardware --bench bench.yaml --board desk`

/** @param finish takes the exit code of the run */
export function runCommand(platform: RigPlatform, write: (line: string) => void, finish: (code: number) => void): Command {
  return new Command('run')
    .description('find out whether boards keep their promises')
    .argument('[scenario...]', 'scenarios by name')
    .addOption(new Option('--clock <kind>', 'virtual: the firmware in this process; scaled: a process whose clock runs faster; real: a process; hardware: boards of a bench').choices([...clocks]).default('virtual'))
    .option('--scale <factor>', 'how many times faster a scaled clock runs', wholeNumber(1, 3600), 60)
    .option('--boards <number>', 'how many boards; default: what each scenario takes', wholeNumber(1, 10_000))
    .option('--bench <file>', 'the bench file of the clock hardware', 'bench.yaml')
    .option('--board <name...>', 'boards of the bench by name; default: all')
    .option('--seed <text>', 'default: a fresh one')
    .option('--out <directory>', 'write run.jsonl, junit.xml and report.html there')
    .addHelpText('after', examples)
    .action(async (names: readonly string[], options: RunOptions) => finish(await run(platform, names, options, write)))
}

async function run(platform: RigPlatform, names: readonly string[], options: RunOptions, write: (line: string) => void): Promise<number> {
  const { clock: wall } = platform
  const chosen = choose(names, options.clock)
  if (options.clock !== 'hardware' && options.board !== undefined) throw new PlatenError('invalid-value', `--board is for the clock hardware`, { fix: 'Leave it out, or take --clock hardware.' })
  if (options.clock !== 'virtual' && (options.boards ?? 1) > 1) throw new PlatenError('invalid-value', `there is one board on the clock ${options.clock}`, { fix: 'Leave --boards out, or take --clock virtual.' })
  const seed = options.seed ?? Buffer.from(platform.random(5)).toString('hex')
  const clock: RunClock = { kind: options.clock, scale: options.clock === 'scaled' ? options.scale : 1 }
  const replay = (...scenarioNames: readonly string[]): string => replayLine(scenarioNames, { ...options, seed })
  const [startedAt, from] = [wall.wall(), wall.monotonic()]
  write(`seed ${seed}, ${describeClock(clock)}`)
  const results = options.clock === 'hardware' ? await playOnBench(platform, chosen, { ...options, seed }, write) : await playInTurn(platform, chosen, { clock, seed, replay, ...options.boards === undefined ? {} : { boards: options.boards } }, write)
  const record: RunRecord = {
    title: names.length === 1 ? chosen[0]?.name ?? '' : `${chosen.length} scenarios`,
    startedAt, took: wall.monotonic() - from, seed, clock, alpha: defaultAlpha, replay: replay(...names),
    host: { Node: process.version, system: `${process.platform} ${process.arch}` },
    scenarios: settleTogether(results), troubles: [],
  }
  if (options.out !== undefined) await writeReports(platform, options.out, record, write)
  return conclude(record, write)
}

interface TurnOptions {
  readonly clock: RunClock
  readonly seed: string
  readonly boards?: number
  readonly replay: (scenario: string) => string
}

async function playInTurn(platform: RigPlatform, chosen: readonly Scenario[], { clock, seed, boards, replay }: TurnOptions, write: (line: string) => void): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = []
  for (const scenario of chosen) {
    write('')
    write(`${scenario.name}: ${scenario.promise}`)
    const result = await play(scenario, await openWorld(platform, clock, `${seed} ${scenario.name}`), {
      seed, wall: platform.clock, replay: replay(scenario.name), listeners: [timeline(write)],
      ...(boards === undefined ? {} : { boards }),
    })
    tell(result, write)
    results.push(result)
  }
  return results
}

async function playOnBench(platform: RigPlatform, chosen: readonly Scenario[], options: RunOptions & { readonly seed: string }, write: (line: string) => void): Promise<readonly ScenarioResult[]> {
  const bench = await openBench(platform, options.bench)
  const boards = chooseBoards(bench, options.board ?? [])
  return runOnBench(platform, bench, boards, chosen, {
    seed: options.seed, write, tell, ...options.out === undefined ? {} : { out: options.out },
    replay: (scenario, board) => replayLine([scenario], { ...options, board: [board] }),
  })
}

function choose(names: readonly string[], clock: ClockKind): readonly Scenario[] {
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new PlatenError('invalid-value', `there is no scenario ${unknown}`, { fix: `The scenarios are ${scenarios.map(({ name }) => name).join(', ')}.` })
  const unfit = scenarios.find((scenario) => names.includes(scenario.name) && !scenario.clocks.includes(clock))
  if (unfit !== undefined) throw new PlatenError('invalid-value', `${unfit.name} says nothing on the clock ${clock}`, { fix: `It runs on ${unfit.clocks.join(', ')}.` })
  return scenarios.filter((scenario) => (names.length === 0 || names.includes(scenario.name)) && scenario.clocks.includes(clock))
}

async function openWorld(platform: RigPlatform, clock: RunClock, seed: string): Promise<World> {
  return clock.kind === 'virtual' ? new VirtualWorld(seed) : ProcessWorld.open(platform, clock)
}

/** Many checks must not make a false alarm likely: the statistical ones of a run are one family. */
function settleTogether(results: readonly ScenarioResult[]): readonly ScenarioResult[] {
  const settled = settleRun(results.flatMap(({ verdicts }) => verdicts), defaultAlpha)
  let next = 0
  return results.map((result) => ({ ...result, verdicts: settled.slice(next, next += result.verdicts.length) }))
}

function tell(result: ScenarioResult, write: (line: string) => void): void {
  for (const { outcome, name, reason, bound } of result.verdicts) {
    write(`  ${outcomeWords[outcome].sign} ${name}: ${reason}${bound === undefined ? '' : ` (error ±${spell(bound.total)})`}`)
  }
  if (result.trouble !== undefined) write(`  ${outcomeWords.infrastructure.sign} ${result.trouble.message}${result.trouble.fix === '' ? '' : ` ${result.trouble.fix}`} [${result.trouble.code}]`)
  write(`  ${spell(result.simulated)} in ${spell(Math.round(result.took))}`)
}

function conclude(record: RunRecord, write: (line: string) => void): number {
  const outcome = outcomeOfRun(record)
  write('')
  for (const result of record.scenarios) {
    const its = outcomeOfScenario(result)
    write(`${outcomeWords[its].sign} ${result.name}${record.clock.kind === 'hardware' ? ` on ${result.boards.join(', ')}` : ''}: ${outcomeWords[its].word}`)
    if (its !== 'pass') write(`    again: ${result.replay}`)
  }
  write(`${outcomeWords[outcome].sign} ${record.title}: ${outcomeWords[outcome].word}, in ${spell(Math.round(record.took))}`)
  write(`again: ${record.replay}`)
  return exitCode(outcome)
}

async function writeReports({ files }: RigPlatform, directory: string, record: RunRecord, write: (line: string) => void): Promise<void> {
  await files.makeDirectory(directory)
  await files.write(`${directory}/run.jsonl`, runLines(record).map((line) => `${line}\n`).join(''))
  await files.write(`${directory}/junit.xml`, junit(record))
  await files.write(`${directory}/report.html`, htmlPage(record))
  write('')
  write(`Reports: ${directory}/report.html, ${directory}/junit.xml, ${directory}/run.jsonl`)
}

/** Before the command's own words. */
export const program = 'npm run rig --'

function replayLine(names: readonly string[], { clock, scale, boards, seed, bench, board = [] }: RunOptions): string {
  return [
    program, 'run', ...names, '--clock', clock,
    ...(clock === 'scaled' ? ['--scale', String(scale)] : []),
    ...(clock === 'hardware' ? ['--bench', quoted(bench)] : []),
    ...(board.length === 0 ? [] : ['--board', ...board]),
    ...(boards === undefined ? [] : ['--boards', String(boards)]),
    '--seed', quoted(seed ?? ''),
  ].join(' ')
}

function quoted(word: string): string {
  return /^[\w./-]+$/u.test(word) ? word : JSON.stringify(word)
}

function describeClock({ kind, scale }: RunClock): string {
  switch (kind) {
    case 'virtual': return 'virtual time'
    case 'scaled': return `time scaled by ${scale}`
    default: return `${kind} time`
  }
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/u.test(text) ? Number(text) : NaN
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`)
    return value
  }
}
