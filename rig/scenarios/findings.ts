import { milliseconds, seconds, type Duration } from '../../protocol/time.js'
import type { RequestTimeline } from '../reports/index.js'
import { judgeIntervals, measure, type Interval, type MeasuredInterval, type Verdict } from '../verdicts/index.js'
import type { Bench } from './bench.js'
import type { Contact } from './contacts.js'

/** A promise that needs no measuring: it is so, or it is not. */
export function fact(name: string, promise: string, so: boolean, reason: string, evidence: Readonly<Record<string, number>> = {}): Verdict {
  return { name, promise, outcome: so ? 'pass' : 'fail', reason, evidence }
}

/** A timer may fire late, and a message takes some time to make. */
const late = seconds(5)

/** What a busy host adds to that, in real time: a clock that runs faster makes as much more of it. */
const hostNoise = milliseconds(250)

/** Virtual time has no error, so there early is early; what is measured is never provably on the edge. */
const early = seconds(1)

/**
 * What "after so long" promises: never early, and not more than 5 s late. Where time is measured a second early is let
 * go, and on a scaled clock what the host's noise makes of itself.
 */
export function after(bench: Bench, wait: number): Interval {
  const { kind, scale } = bench.clock
  return { low: wait - (kind === 'virtual' ? 0 : early), high: wait + Math.max(late, kind === 'scaled' ? hostNoise * scale : 0) }
}

/** A request for the report's timeline. @param due monotonic ms @param contacts the first one and its polls */
export function requestTimeline(board: string, label: string, due: number, [first, ...more]: readonly Contact[], { result, jitter }: { readonly result: string; readonly jitter?: Interval }): RequestTimeline {
  return {
    board, label, due, result,
    ...(jitter === undefined ? {} : { jitter }),
    ...(first === undefined ? {} : { sent: first.at, answered: first.answered }),
    polls: more.map(({ at, answered }) => ({ sent: at, answered })),
  }
}

export interface Waits {
  readonly name: string
  readonly promise: string
  /** What one event is called: "poll". */
  readonly event: string
  readonly board: string
  readonly wait: Duration
  /** How many contacts follow the first. */
  readonly count: number
}

/** Whether each contact follows the answer to the one before it as promised, and as often. One too many fails whenever it came. */
export function waitsBetween(bench: Bench, contacts: readonly Contact[], { name, promise, event, board, wait, count }: Waits): { readonly verdict: Verdict; readonly intervals: readonly MeasuredInterval[] } {
  const intervals = contacts.slice(1).map((contact, at) =>
    measure(`${event} ${at + 1}`, contacts[at]?.answered ?? 0, contact.at, after(bench, wait), bench.witness, board))
  return { intervals, verdict: judgeIntervals({ name, promise, event, count }, intervals) }
}
