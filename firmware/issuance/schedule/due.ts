import { minutes, seconds } from '../../../protocol/time.js'
import { without } from './without.js'

/**
 * When a request is due, and what becomes of that when the wall time does not simply run: power off, steps, a clock
 * that was not set. All of it in wall ms, so daylight saving does not exist here, and a leap day is a day.
 */
export interface Due {
  /** Wall ms, without the jitter: the date that was promised. */
  readonly date: number
  /** 0 while Auto Adjust is off, else 1 to 600. Drawn once, with the due itself. */
  readonly jitterSeconds: number
  /** Wall ms at which it was found to have passed unseen; its jitter then counts from here. */
  readonly foundAt?: number
  /** The due is an interval (ms) rather than a date: after a step back it does not lie farther ahead than this. */
  readonly interval?: number
  /** Wall ms: a step back does not bring the due nearer than this. */
  readonly notBefore?: number
}

/** Late by no more than this is on time: timers run late, and a restart takes some seconds. */
export const onTime = minutes(1)

/** The moment to run, wall ms. */
export function momentOf(due: Due): number {
  return (due.foundAt ?? due.date) + seconds(due.jitterSeconds)
}

/**
 * The due as it stands at this wall time. Call it while the clock is set and no request is outstanding; the answer is
 * the same object when nothing changed.
 *
 * - Passed unseen (power off, clock unset, a step forward, another request outstanding) by more than `onTime`: its
 *   jitter counts from now, so that the many machines of one power cut do not come at once. Only once: a due that
 *   passes unseen again runs at once, so that no row of restarts can put it off for ever.
 * - A step back: a date is a date, and is waited for again; an interval is never waited for longer than itself.
 */
export function settle(due: Due, wall: number): Due {
  const settled = steppedBack(due, wall)
  return settled.foundAt === undefined && wall > momentOf(settled) + onTime ? { ...settled, foundAt: wall } : settled
}

function steppedBack(due: Due, wall: number): Due {
  if (due.foundAt !== undefined && due.foundAt > wall) {
    const asDrawn = without(due, 'foundAt')
    return steppedBack(momentOf(asDrawn) + onTime < wall ? { ...asDrawn, foundAt: wall } : asDrawn, wall)
  }
  if (due.interval === undefined) return due
  const farthest = Math.max(wall + due.interval, due.notBefore ?? 0)
  return due.date > farthest ? { ...due, date: farthest } : due
}
