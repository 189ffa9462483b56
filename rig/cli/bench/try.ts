import { asPlatenError, type ErrorCode } from '../../../protocol/errors.js'
import { minutes } from '../../../protocol/time.js'
import { BrokenBoards, Leases, mustAllow, type Bench, type BenchBoard, type Lease } from '../../bench/index.js'
import { capturedLines } from '../../boards/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { openJsonLines } from '../json-lines-file.js'
import { openServer } from './server.js'
import { tryBoard } from './try-board.js'

const leaseDuration = minutes(2)

/** Somebody has to correct the bench file or wait; the board is none the worse for it. */
const notTheBoard: ReadonlySet<ErrorCode> = new Set(['missing-field', 'wrong-password', 'locked-out', 'board-taken', 'disk-failed'])

/**
 * The main job on several boards at once, each leased by this run and captured.
 * @returns how many boards failed
 * @throws board-taken, board-broken before anything is touched
 */
export async function tryBench(platform: RigPlatform, bench: Bench, boards: readonly BenchBoard[], options: { readonly out?: string; readonly cutPower: boolean }, write: (line: string) => void): Promise<number> {
  if (options.cutPower) mustAllow(bench, 'power-cut')
  const run = Buffer.from(platform.random(4)).toString('hex')
  const out = options.out ?? `out/bench-${run}`
  const leases = await leaseAll(platform, bench, boards, run)
  try {
    await platform.files.makeDirectory(out)
    const transcript = await openJsonLines(platform.files, `${out}/scep.jsonl`, 'the transcript')
    const directory = await platform.files.temporaryDirectory('platen-bench-scep')
    try {
      const server = await openServer(platform, bench.scep, directory.path, (record) => transcript.add(record))
      write(`run ${run}: ${boards.map(({ name }) => name).join(', ')} with ${server.url}; captures in ${out}`)
      const results = await Promise.all(boards.map((board) => attempt(platform, bench, board, { run, out, server, cutPower: options.cutPower, tell: (line) => write(`  ${board.name}: ${line}`) })))
        .finally(() => server.close())
      return results.filter((good) => !good).length
    } finally {
      await directory.remove()
      await transcript.settled()
    }
  } finally {
    for (const lease of leases) await lease.release()
  }
}

/** All or none: two runs that wait for each other's boards would wait for ever. */
async function leaseAll(platform: RigPlatform, bench: Bench, boards: readonly BenchBoard[], run: string): Promise<readonly Lease[]> {
  const [leases, broken] = [new Leases(platform, bench.state), new BrokenBoards(platform, bench.state)]
  const taken: Lease[] = []
  try {
    for (const { name } of boards) {
      await broken.mustBeWhole(name)
      taken.push(await leases.take(name, { run, duration: leaseDuration }))
    }
    return taken
  } catch (error) {
    for (const lease of taken) await lease.release()
    throw error
  }
}

async function attempt(platform: RigPlatform, bench: Bench, board: BenchBoard, options: Parameters<typeof tryBoard>[2] & { readonly out: string }): Promise<boolean> {
  const capture = await openJsonLines(platform.files, `${options.out}/${board.name}.console.jsonl`, 'the capture')
  const onLines = { ...platform, lines: capturedLines(platform.lines, platform.clock, (piece) => capture.add(piece)) }
  try {
    await tryBoard(onLines, board, options)
    options.tell('✓ passed')
    return true
  } catch (error) {
    const failure = asPlatenError(error)
    options.tell(`✗ ${failure.message} [${failure.code}]${failure.fix === '' ? '' : ` ${failure.fix}`}`)
    if (!notTheBoard.has(failure.code)) {
      await new BrokenBoards(platform, bench.state).mark(board.name, options.run, failure)
      options.tell(`is marked broken until: npm run rig -- bench mend ${board.name}`)
    }
    return false
  } finally {
    await capture.settled()
  }
}
