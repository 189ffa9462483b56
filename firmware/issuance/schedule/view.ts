import type { ErrorCode } from '../../../protocol/errors.js'
import { seconds } from '../../../protocol/time.js'
import { nextDue } from './plan.js'
import type { Cause, ScheduleState } from './state.js'
import type { World } from './world.js'

/** What administrators see of the schedule (device.md section 5). */
export interface ScheduleView {
  /** Of the row that is open: the outstanding request, or the next one. Undefined: nothing is planned. */
  readonly status?: 'To Be Processed' | 'Processing...'
  readonly cause?: Cause
  /** Number of the outstanding request; undefined while the next one waits for its date. */
  readonly attempt?: number
  /** Next Request Date/Time, wall ms: of the request, or of the next poll. Undefined while a message is out. */
  readonly nextAt?: number
  /** Why it waits: `clock-not-set`, or what it polls on. */
  readonly reason?: ErrorCode
  readonly polls: number
}

/** The view of a state as `step` has returned it. */
export function viewOf(state: ScheduleState, { clock, settings }: Pick<World, 'clock' | 'settings'>): ScheduleView {
  const unset = clock === 'unset'
  const { attempt } = state
  if (attempt !== undefined) {
    const reason = unset ? 'clock-not-set' : attempt.reason
    return {
      status: unset ? 'To Be Processed' : 'Processing...',
      cause: attempt.cause,
      attempt: attempt.number,
      polls: attempt.polls,
      ...(attempt.again === undefined ? {} : { nextAt: attempt.again.wall }),
      ...(reason === undefined ? {} : { reason }),
    }
  }
  const next = settings.enabled ? nextDue(state) : undefined
  if (next === undefined) return { polls: 0 }
  return { status: 'To Be Processed', cause: next.cause, nextAt: next.moment, polls: 0, ...(unset ? { reason: 'clock-not-set' } : {}) }
}

/** The due of the row that is open: the date that was promised (wall ms), and the jitter that was drawn for it. */
export function dueOf({ attempt, ...state }: ScheduleState): { readonly date: number; readonly jitterSeconds: number } | undefined {
  if (attempt !== undefined) return { date: attempt.dueAt - seconds(attempt.jitterSeconds), jitterSeconds: attempt.jitterSeconds }
  const due = nextDue(state)?.due
  return due === undefined ? undefined : { date: due.foundAt ?? due.date, jitterSeconds: due.jitterSeconds }
}
