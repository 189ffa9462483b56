import { seconds, type Duration } from '../../../protocol/time.js'

/** A board that ran this long had a good start; what ends it then begins a new count. */
export const minimumRun = seconds(60)

/** Waits before a start, by how many short runs there were in a row; the last one repeats. */
const waits: readonly Duration[] = [
  seconds(0), //   sum   0 s: a single crash costs no time
  seconds(1), //   sum   1 s
  seconds(2), //   sum   3 s
  seconds(5), //   sum   8 s
  seconds(10), //  sum  18 s
  seconds(20), //  sum  38 s
  seconds(40), //  sum  78 s
  seconds(60), //  sum 138 s
  seconds(120), // sum 258 s
  seconds(300), // sum 558 s, and 300 s more with each
]

/** Restarts that were asked for come at once, unless there are more of them in a row than a person would ask for. */
const freeRestarts = 5

/**
 * How long to wait before the board is started again.
 * @param shortRuns runs under the minimum in a row before this one
 * @param run how the last run went: how long, and whether the board itself asked for the restart
 * @returns the wait, and the count to pass next time
 */
export function nextStart(shortRuns: number, run: { readonly ranFor: Duration; readonly requested: boolean }): { readonly wait: Duration; readonly shortRuns: number } {
  const inARow = run.ranFor < minimumRun ? shortRuns + 1 : 0
  const step = Math.max(0, inARow - (run.requested ? freeRestarts : 1))
  return { wait: waits[Math.min(step, waits.length - 1)] ?? seconds(0), shortRuns: inARow }
}
