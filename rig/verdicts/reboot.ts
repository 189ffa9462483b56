import { jitterRange, halfWidth } from './jitter-sample.js'
import { spell, type Interval } from './interval.js'
import type { Verdict } from './verdict.js'

/** The same scheduled start, seen before and after a reboot; milliseconds from that start. */
export interface RebootSample {
  readonly board: string
  readonly start: string | number
  readonly before: Interval
  readonly after: Interval
}

/** A redraw must not stay hidden by landing on the old value with more than this chance. */
const hidden = 1e-6

/**
 * rig.md, "Verdict on jitter", 4: a reboot does not redraw. One pair that cannot be the same draw fails. When all can
 * be, a board that redraws would have to hit the old value every time; with too few reboots that is not unlikely
 * enough, and the verdict is inconclusive.
 */
export function jitterKept(samples: readonly RebootSample[]): Verdict {
  const redrawn = samples.find(({ before, after }) => before.high < after.low || after.high < before.low)
  const chance = samples.reduce((product, { before, after }) => product * chanceHit(before, after), 1)
  const head = {
    name: 'jitter kept across a reboot',
    promise: 'the jitter is drawn once for a scheduled start and stored with it',
    evidence: { reboots: samples.length, 'chance that redraws stay hidden': chance },
    power: [{ alternative: 'a redraw at every boot', chance: 1 - chance }],
  }
  if (redrawn !== undefined) {
    const { board, start, before, after } = redrawn
    return { ...head, outcome: 'fail', reason: `${board} had ${spell((before.low + before.high) / 2)} before the reboot and ${spell((after.low + after.high) / 2)} after it, for the same start ${start}` }
  }
  if (chance > hidden) return { ...head, outcome: 'inconclusive', reason: `${samples.length} reboots are too few: redraws would stay hidden with a chance of ${chance.toExponential(1)}` }
  return { ...head, outcome: 'pass', reason: `the jitter was the same after each of ${samples.length} reboots` }
}

/** The chance that a fresh draw could be taken for the old one. */
function chanceHit(before: Interval, after: Interval): number {
  const reach = halfWidth(before) + halfWidth(after)
  return Math.min(1, (2 * Math.floor(reach / 1000) + 1) / jitterRange.high)
}
