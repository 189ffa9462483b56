/**
 * The scheduler of automatic requests (device.md section 4) as a pure state machine: an event and the world go in, the
 * next state and the effects come out. Nothing here waits, writes, asks or remembers.
 *
 * The runner's part, and what it buys:
 * 1. `boot` first of all, with the state as stored; then an event for each thing that happens, one after the other.
 * 2. A new state is durable before its effects are done, and in **one** record with the history row that they change
 *    (`finish`) and with the intent of a request (`intent`, before the first byte).
 * So a crash at any moment neither skips a request nor doubles one: `boot` tells again what was not done.
 *
 * The clock: *unset* holds everything (`To Be Processed`, reason `clock-not-set`); *held* and *synced* are the same
 * here. Dues are wall times, see `due.ts` for steps; the intervals of polls run on the monotonic clock, and are kept as
 * wall times for a restart.
 */
import { answered, begin, dutyEffects, end, moveOn, type Move } from './attempt.js'
import { nextDue, planForSettings, planFromFacts } from './plan.js'
import type { Attempt, ScheduleState } from './state.js'
import { without } from './without.js'
import type { Effect, ScheduleEvent, Step, World } from './world.js'

/**
 * One step. The state is the same object when nothing changed.
 * @throws TypeError for an answer to a message that is not out
 */
export function step(state: ScheduleState, event: ScheduleEvent, world: World): Step {
  const updated = upToDate(state, world)
  const happened = happen(updated.state, event, world)
  const gone = goOn(happened.state, world)
  return {
    state: gone.state,
    effects: updated.effects.length + happened.effects.length === 0 ? gone.effects : [...updated.effects, ...happened.effects, ...gone.effects],
    wake: nextWake(gone.state, world),
  }
}

const still: readonly Effect[] = []

/**
 * An Update was made since the plan was: the plan follows it. A request that waits for a poll ends as Error, with the
 * reason it was waiting for, when the timer or polling was switched off or its polls are used up by the new count; one
 * that is out goes on to its answer, so that no certificate is lost, and is not polled after that.
 */
function upToDate(state: ScheduleState, world: World): Move {
  const { settings } = world
  if (state.revision === settings.revision) return { state, effects: still }
  const planned = planForSettings(state, world)
  const { attempt } = planned
  if (attempt?.at !== 'waiting') return { state: planned, effects: still }
  const mayPoll = settings.enabled && (attempt.again?.counts !== true || (settings.polling !== undefined && attempt.polls < settings.polling.count))
  return mayPoll ? { state: planned, effects: still } : end(planned, attempt, attempt.reason ?? 'interrupted', world)
}

function happen(state: ScheduleState, event: ScheduleEvent, world: World): Move {
  switch (event.is) {
    case 'boot':
      return booted(state)
    case 'clock-changed':
      return { state: pollKeptInStep(state, world), effects: still }
    case 'wake':
    case 'changed':
      return { state, effects: still }
    case 'intent':
      return { state: { ...state, attempt: { ...outstanding(state, event.attempt), transactionId: event.transactionId } }, effects: still }
    case 'answered':
      return answered(state, outstanding(state, event.attempt), event.outcome, world)
    case 'old-deleted':
      return oldDeleted(state)
  }
}

/** The monotonic clock is another one, a message that was out is interrupted, and a restart that was asked for has happened. */
function booted(state: ScheduleState): Move {
  const { attempt, duties } = state
  const interrupted = attempt === undefined ? undefined : interruptedAt(attempt)
  const kept = duties.restart === undefined ? duties : without(duties, 'restart')
  const same = interrupted === attempt && kept === duties
  return {
    state: same ? state : { ...state, duties: kept, ...(interrupted && { attempt: interrupted }) },
    effects: dutyEffects(kept),
  }
}

function interruptedAt(attempt: Attempt): Attempt {
  if (attempt.at === 'interrupted') return attempt
  if (attempt.at !== 'waiting') return { ...attempt, at: 'interrupted' }
  if (attempt.again?.monotonic === undefined) return attempt
  return { ...attempt, again: without(attempt.again, 'monotonic') }
}

/** A step of the wall time does not move a poll; only the wall time that is kept for a restart follows. */
function pollKeptInStep(state: ScheduleState, { wall, monotonic, clock }: World): ScheduleState {
  const again = state.attempt?.again
  if (state.attempt === undefined || again?.monotonic === undefined || clock === 'unset') return state
  const moved = wall + again.monotonic - monotonic
  return moved === again.wall ? state : { ...state, attempt: { ...state.attempt, again: { ...again, wall: moved } } }
}

function oldDeleted(state: ScheduleState): Move {
  const { deleteOld, ...duties } = state.duties
  return deleteOld === undefined ? { state, effects: still } : { state: { ...state, duties }, effects: dutyEffects(duties) }
}

function outstanding({ attempt }: ScheduleState, number: number): Attempt {
  if (attempt?.number === number && (attempt.at === 'requesting' || attempt.at === 'polling')) return attempt
  throw new TypeError(`no message of attempt ${number} is out`)
}

/** Does what the time asks for: the outstanding request first, and a due only when there is none. */
function goOn(state: ScheduleState, world: World): Move {
  if (world.clock === 'unset') return { state, effects: still }
  if (state.attempt !== undefined) return moveOn(state, state.attempt, world)
  if (!world.settings.enabled) return { state, effects: still }
  const planned = planFromFacts(state, world)
  const next = nextDue(planned)
  // A restart that is asked for comes first; the boot after it finds the due.
  if (next === undefined || next.moment > world.wall || planned.duties.restart === true) return { state: planned, effects: still }
  return begin(planned, next.cause, next.due, world)
}

/** Milliseconds to the next `wake`. With the clock unset, setting it is the next thing that happens. */
function nextWake(state: ScheduleState, { wall, monotonic, clock, settings }: World): number | undefined {
  if (clock === 'unset') return undefined
  if (state.attempt !== undefined) {
    const poll = state.attempt.again?.monotonic
    return poll === undefined ? undefined : Math.max(0, poll - monotonic)
  }
  const next = settings.enabled && state.duties.restart === undefined ? nextDue(state) : undefined
  return next === undefined ? undefined : Math.max(0, next.moment - wall)
}
