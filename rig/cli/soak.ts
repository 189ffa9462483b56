import { Command, InvalidArgumentError } from 'commander'
import { parse, stringify } from 'yaml'
import { PlatenError } from '../../protocol/errors.js'
import { minutes as ofMinutes } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { boardFaultNames, checkSchedule, soak, trial, type Schedule } from '../soak/index.js'
import { exitCodes } from '../verdicts/index.js'
import { program } from './run.js'

interface SoakCliOptions {
  readonly minutes: number
  readonly seed?: string
  readonly script?: string
}

const examples = `
Each trial is the firmware in this process on virtual time under a schedule of faults, of the server (faults, as in
scep-server --help) and of the board itself (board), with requests, polls and power cuts, all by the seed. Afterwards no
key may be lost, no request may hang, the console and the broker must have the board again, and the next request must
work. A schedule that fails is shrunk to the smallest that still does, and printed with the line that replays it.
The faults of a board, each in one of three rounds: ${boardFaultNames.join(', ')}.
Exit codes: 0 passed, 1 found a failure, 2 usage.

Examples:
  npm run rig -- soak --minutes 30
  npm run rig -- soak --seed 1f3c-17 --script '{"faults":["refuse"],"board":[{"fault":"disk-full","round":1,"after":3,"changes":5}]}'`

/** @param finish takes the exit code of the run */
export function soakCommand(platform: RigPlatform, write: (line: string) => void, finish: (code: number) => void): Command {
  return new Command('soak')
    .description('random schedules of faults against the firmware; a failing one is shrunk')
    .option('--minutes <number>', 'how long', wholeMinutes, 1)
    .option('--seed <text>', 'default: a fresh one')
    .option('--script <file or JSON>', 'play this schedule once instead, with the seed of its trial')
    .addHelpText('after', examples)
    .action(async (options: SoakCliOptions) => finish(await run(platform, options, write)))
}

async function run(platform: RigPlatform, options: SoakCliOptions, write: (line: string) => void): Promise<number> {
  const seed = options.seed ?? Buffer.from(platform.random(5)).toString('hex')
  write(`seed ${seed}`)
  if (options.script !== undefined) return await playOnce(await loadScript(platform, options.script), seed, write)
  const { clock } = platform
  const end = clock.monotonic() + ofMinutes(options.minutes)
  let told = clock.monotonic()
  const { trials, found } = await soak({
    seed, goesOn: () => clock.monotonic() < end,
    onTrial: (number, { faults, board = [] }) => {
      if (number > 1 && clock.monotonic() < told + 5000) return
      told = clock.monotonic()
      write(`trial ${number}: ${[...faults, ...board].map((fault) => (typeof fault === 'string' ? fault : fault.fault)).join(', ')}`)
    },
  })
  if (found === undefined) {
    write(`✔ ${trials} schedules, and the board lost nothing and went on`)
    return exitCodes.pass
  }
  write(`✘ trial ${trials} of ${found.drawn.faults.length + (found.drawn.board ?? []).length} faults: ${found.failure.message}`)
  write('The smallest schedule that still fails:')
  for (const line of stringify(found.smallest).trimEnd().split('\n')) write(`  ${line}`)
  write(`again: ${program} soak --seed ${found.seed} --script '${JSON.stringify(found.smallest)}'`)
  return exitCodes.fail
}

async function playOnce(schedule: Schedule, seed: string, write: (line: string) => void): Promise<number> {
  const { said, failure } = await trial(schedule, seed)
  for (const line of said) write(line)
  write(failure === undefined ? '✔ the board lost nothing and went on' : `✘ ${failure.message}`)
  return failure === undefined ? exitCodes.pass : exitCodes.fail
}

/** @throws config-invalid, invalid-value */
async function loadScript({ files }: RigPlatform, given: string): Promise<Schedule> {
  const bytes = given.trimStart().startsWith('{') ? Buffer.from(given) : await files.read(given)
  if (bytes === undefined) throw new PlatenError('invalid-value', `--script: ${given} cannot be read`, { facts: { path: given }, fix: 'Check that the file exists and that you may read it.' })
  let schedule: Schedule
  try {
    schedule = parse(Buffer.from(bytes).toString('utf8'), { logLevel: 'error' }) as Schedule
  } catch (cause) {
    throw new PlatenError('config-invalid', `--script: ${given} is neither YAML nor JSON`, { cause })
  }
  checkSchedule(schedule)
  return schedule
}

function wholeMinutes(text: string): number {
  const value = /^\d+$/u.test(text) ? Number(text) : NaN
  if (!(value >= 1 && value <= 10_080)) throw new InvalidArgumentError('It must be a whole number from 1 to 10080.')
  return value
}
