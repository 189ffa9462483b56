import type { PlatenError } from '../../protocol/errors.js'
import type { Clock, Duration } from '../../protocol/time.js'

/**
 * Waits for work, but no longer than `limit`. The work itself goes on.
 * @param name of the timer
 * @throws what the work throws, or `late()`
 */
export async function within<Result>(clock: Clock, name: string, limit: Duration, work: Promise<Result>, late: () => PlatenError): Promise<Result> {
  let tooLate: (error: PlatenError) => void = () => undefined
  const deadline = new Promise<never>((_, reject) => (tooLate = reject))
  const timer = clock.after(name, limit, () => tooLate(late()))
  try {
    return await Promise.race([work, deadline])
  } finally {
    timer.cancel()
  }
}
