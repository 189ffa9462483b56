import { Command } from 'commander'
import { PlatenError } from '../../../protocol/errors.js'
import { BrokenBoards, chooseBoards, Leases, readBench, type Bench } from '../../bench/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { exitCodes } from '../../verdicts/index.js'
import { checkBench } from './check.js'
import { tryBench } from './try.js'

const example = 'rig/bench/bench.example.yaml'

/** @param finish takes the exit code */
export function benchCommand(platform: RigPlatform, write: (line: string) => void, finish: (code: number) => void): Command {
  const command = new Command('bench').description('the boards, the SCEP server and the broker that one file names')
  const verb = (name: string, about: string, act: (bench: Bench, boards: readonly string[], options: Options) => Promise<void>): Command => {
    const added = command.command(name).description(about).option('--bench <file>', 'the bench file', 'bench.yaml')
    return added.action(async () => {
      const options = added.opts<Options>()
      await act(await openBench(platform, options.bench), added.args, options)
    })
  }
  verb('check', 'look at each part, and say what is missing and how to get it', async (bench) => finish(await check(platform, bench, write)))
  verb('list', 'the boards, who has them, and which are broken', (bench) => list(platform, bench, write))
  verb('mend', 'take the mark of a broken board away', (bench, names) => mend(platform, bench, names, write)).argument('<board>', 'by its name')
  verb('try', 'a certificate for each board at once, with what went over each line kept', async (bench, names, options) => {
    const failed = await tryBench(platform, bench, chooseBoards(bench, names), { cutPower: options.cutPower === true, ...options.out === undefined ? {} : { out: options.out } }, write)
    finish(failed === 0 ? exitCodes.pass : exitCodes.infrastructure)
  }).argument('[board...]', 'by name; default: all')
    .option('--out <directory>', 'for captures and transcripts; default: out/bench-RUN')
    .option('--cut-power', 'and cut the power of each once, where the bench file allows it')
  return command
}

interface Options {
  readonly bench: string
  readonly out?: string
  readonly cutPower?: boolean
}

/** @throws invalid-value, config-invalid */
export async function openBench({ files }: RigPlatform, file: string): Promise<Bench> {
  const bytes = await files.read(file)
  if (bytes === undefined) throw new PlatenError('invalid-value', `--bench: ${file} cannot be read`, { facts: { file }, fix: `Copy ${example} to bench.yaml and put your own boards in.` })
  return readBench(bytes, file)
}

async function check(platform: RigPlatform, bench: Bench, write: (line: string) => void): Promise<number> {
  const reports = await checkBench(platform, bench)
  for (const { part, good, says, fix } of reports) {
    write(`${good ? '✓' : '✗'} ${part}: ${says}`)
    if (fix !== '') write(`    ${fix}`)
  }
  const bad = reports.filter(({ good }) => !good).length
  write(bad === 0 ? `${bench.file}: all is there` : `${bench.file}: ${bad} of ${reports.length} parts are not as they should be`)
  return bad === 0 ? exitCodes.pass : exitCodes.infrastructure
}

async function list(platform: RigPlatform, bench: Bench, write: (line: string) => void): Promise<void> {
  const [leases, broken] = [new Leases(platform, bench.state), new BrokenBoards(platform, bench.state)]
  for (const { name, serial } of bench.boards) {
    const [failure, holder] = [await broken.failure(name), await leases.holder(name)]
    const state = holder === undefined ? 'free' : `in use by run ${holder.run} (process ${holder.pid} on ${holder.host}) until ${new Date(holder.until).toISOString()}`
    write(`${name}  ${serial ?? 'process'}  ${failure === undefined ? state : `broken in run ${failure.run} at ${new Date(failure.at).toISOString()}: ${failure.message} [${failure.code}]`}`)
  }
}

async function mend(platform: RigPlatform, bench: Bench, names: readonly string[], write: (line: string) => void): Promise<void> {
  const broken = new BrokenBoards(platform, bench.state)
  for (const { name } of chooseBoards(bench, names)) {
    const failure = await broken.failure(name)
    await broken.mend(name)
    write(failure === undefined ? `${name} was not marked` : `${name} is free again; its first failure was: ${failure.message} [${failure.code}]`)
  }
}
