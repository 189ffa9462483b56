import { asPlatenError } from '../../protocol/errors.js'
import { hours, type Clock, type Timer } from '../../protocol/time.js'
import type { Log } from '../platform/index.js'
import type { RunRecord } from './run-record.js'

/** A clock that comes up earlier than the time saved last is `unset`: after a power cut it is off by no more than this. */
export const saveTimeEvery = hours(1)

/** Saves the wall time at each hour of the run. @returns ends it */
export function keepTimeSaved(run: Pick<RunRecord, 'saveTime'>, clock: Clock, log: Log): () => Promise<void> {
  let timer: Timer | undefined
  const arm = (): void => {
    timer = clock.after('save the time', saveTimeEvery, () => {
      arm()
      run.saveTime().catch((error: unknown) => log.warn(`the time is not saved: ${asPlatenError(error).message}`))
    })
  }
  arm()
  return () => Promise.resolve(timer?.cancel())
}
