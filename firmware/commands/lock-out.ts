/** How long sign-in stays locked after wrong passwords (rig.md "Serial line"); pure. */
import { hours, milliseconds, seconds, type Duration } from '../../protocol/time.js'

/** Failures in a row that are only answered. The one after them locks. */
export const freeFailures = 4
const firstWait = seconds(60)
const longestWait = hours(1)

export interface LockState {
  readonly wait: Duration
  /** Monotonic ms; sign-in is open from this moment on. */
  readonly until: number
}

/**
 * The fifth failure locks for 60 s, each one after it for twice as long as the one before, one hour at most.
 * @param failures wrong passwords since the last right one
 * @param now monotonic ms at which the wait begins
 */
export function lockAfter(failures: number, now: number): LockState {
  const doublings = Math.min(failures - freeFailures - 1, 10)
  const wait = doublings < 0 ? milliseconds(0) : milliseconds(Math.min(longestWait, firstWait * 2 ** doublings))
  return { wait, until: now + wait }
}
