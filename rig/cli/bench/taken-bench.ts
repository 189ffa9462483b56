import { isTransient, type ErrorCode, type PlatenError } from '../../../protocol/errors.js'
import { minutes } from '../../../protocol/time.js'
import { BrokenBoards, Leases, type Bench, type BenchBoard, type Lease } from '../../bench/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { openBroker, type BenchBrokerRunning } from './broker.js'
import { openServer, type BenchServer } from './server.js'

const leaseDuration = minutes(2)

/** Boards of a bench in the hands of one run, with what they need. */
export interface TakenBench {
  /** Of the run: who has the boards, and who broke them. */
  readonly run: string
  /** Where captures and transcripts go. */
  readonly out: string
  readonly server: BenchServer
  readonly broker: BenchBrokerRunning | undefined
  /** Marks a board that broke; one that is only not ready stays free. @returns whether it is broken */
  readonly broke: (board: string, failure: PlatenError) => Promise<boolean>
}

/**
 * Leases boards, starts the SCEP server and the broker that the bench names, and gives all back at the end.
 * @throws board-taken, board-broken before anything is touched
 */
export async function withBench<Result>(platform: RigPlatform, bench: Bench, boards: readonly BenchBoard[], out: string | undefined, work: (taken: TakenBench) => Promise<Result>): Promise<Result> {
  const run = Buffer.from(platform.random(4)).toString('hex')
  const leases = await leaseAll(platform, bench, boards, run)
  const closing: (() => Promise<void>)[] = [async () => {
    for (const lease of leases) await lease.release()
  }]
  try {
    const folder = out ?? `out/bench-${run}`
    await platform.files.makeDirectory(folder)
    const directory = await platform.files.temporaryDirectory('platen-bench')
    closing.unshift(() => directory.remove())
    const server = await openServer(platform, bench.scep, directory.path)
    closing.unshift(() => server.close())
    const broker = await openBroker(platform, bench, { boards, directory: directory.path, out: folder, clientAnchor: server.ca })
    if (broker !== undefined) closing.unshift(() => broker.close())
    return await work({ run, out: folder, server, broker, broke: (board, failure) => mark(platform, bench, { board, run }, failure) })
  } finally {
    for (const close of closing) await close()
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

/** Somebody has to correct the bench or wait; the board is none the worse for it. */
const notTheBoard: ReadonlySet<ErrorCode> = new Set(['missing-field', 'invalid-value', 'wrong-password', 'locked-out', 'board-taken', 'board-not-ready', 'not-configured', 'listen-failed', 'disk-failed', 'internal'])

async function mark(platform: RigPlatform, bench: Bench, { board, run }: { readonly board: string; readonly run: string }, failure: PlatenError): Promise<boolean> {
  // A board that answers, and tells of its network, is whole.
  if (notTheBoard.has(failure.code) || (isTransient(failure) && failure.facts['answered'] === true)) return false
  await new BrokenBoards(platform, bench.state).mark(board, run, failure)
  return true
}
