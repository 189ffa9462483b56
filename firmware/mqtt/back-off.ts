import { milliseconds, minutes, seconds, type Duration } from '../../protocol/time.js'
import type { Random } from '../platform/index.js'

/** The first wait is half of this to this. */
const first = seconds(1)
const longest = minutes(5)

/** A connection that lasted this long was a good one: the next loss begins a new count. */
export const goodConnection = minutes(1)

/**
 * How long to wait before the next try: drawn from the upper half of a span that doubles, so that boards which lost
 * the same broker at the same instant do not come back at the same instant.
 * @param failures in a row, from 1
 */
export function reconnectDelay(failures: number, random: Pick<Random, 'integer'>): Duration {
  const span = Math.min(longest, first * 2 ** Math.min(failures - 1, 30))
  return milliseconds(random.integer(span / 2, span))
}
