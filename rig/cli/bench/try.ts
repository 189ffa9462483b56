import { asPlatenError } from '../../../protocol/errors.js'
import { mustAllow, type Bench, type BenchBoard } from '../../bench/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { RigServer } from '../../scenarios/index.js'
import { openJsonLines } from '../json-lines-file.js'
import { openBoard } from './bench-board.js'
import { withBench, type TakenBench } from './taken-bench.js'
import { tryBoard } from './try-board.js'

interface TryOptions {
  readonly out?: string
  readonly cutPower: boolean
}

/**
 * The main job on several boards at once, each leased by this run and captured.
 * @returns how many boards failed
 * @throws board-taken, board-broken before anything is touched
 */
export async function tryBench(platform: RigPlatform, bench: Bench, boards: readonly BenchBoard[], options: TryOptions, write: (line: string) => void): Promise<number> {
  if (options.cutPower) mustAllow(bench, 'power-cut')
  return withBench(platform, bench, boards, options.out, async (taken) => {
    const transcript = await openJsonLines(platform.files, `${taken.out}/scep.jsonl`, 'the transcript')
    const server = await RigServer.start(taken.server.form)
    server.subscribe((record) => transcript.add(record))
    try {
      write(`run ${taken.run}: ${boards.map(({ name }) => name).join(', ')} with ${taken.server.about}; captures in ${taken.out}`)
      const results = await Promise.all(boards.map((board) => attempt(platform, board, taken, { server, cutPower: options.cutPower, tell: (line) => write(`  ${board.name}: ${line}`) })))
      return results.filter((good) => !good).length
    } finally {
      await server.goDown()
      await transcript.settled()
    }
  })
}

async function attempt(platform: RigPlatform, given: BenchBoard, { run, out, broke }: TakenBench, options: Omit<Parameters<typeof tryBoard>[2], 'run'>): Promise<boolean> {
  const capture = await openJsonLines(platform.files, `${out}/${given.name}.console.jsonl`, 'the capture')
  try {
    const open = await openBoard(platform, given, { onPiece: (piece) => capture.add(piece) })
    await tryBoard(open.board, open.password, { ...options, run }).finally(() => open.close())
    options.tell('✓ passed')
    return true
  } catch (error) {
    const failure = asPlatenError(error)
    options.tell(`✗ ${failure.message} [${failure.code}]${failure.fix === '' ? '' : ` ${failure.fix}`}`)
    if (await broke(given.name, failure)) options.tell(`is marked broken until: npm run rig -- bench mend ${given.name}`)
    return false
  } finally {
    await capture.settled()
  }
}
