/** Schedulers that are wrong on purpose: the oracle of the simulation must find each of them. */
import { emptySchedule, step, type ScheduleState } from '../../firmware/issuance/schedule/index.js'
import type { Findings } from './schedule-oracle.js'
import type { Scheduler } from './schedule-simulation.js'

const minute = 60_000
const day = 24 * 60 * minute

type Slot = 'start' | 'periodic' | 'expiry'
const slots: readonly Slot[] = ['start', 'periodic', 'expiry']

function withoutSlots(state: ScheduleState, gone: (slot: Slot) => boolean): ScheduleState {
  const copy: { -readonly [Part in keyof ScheduleState]: ScheduleState[Part] } = { ...state }
  for (const slot of slots) if (state[slot] !== undefined && gone(slot)) Reflect.deleteProperty(copy, slot)
  return copy
}

const redrawAtBoot: Scheduler = (state, event, world) => {
  if (event.is !== 'boot') return step(state, event, world)
  let redrawn = state
  for (const slot of slots) {
    const due = redrawn[slot]
    if (due !== undefined && due.jitterSeconds > 0) redrawn = { ...redrawn, [slot]: { ...due, jitterSeconds: world.random.integer(1, 600) } }
  }
  return step(redrawn, event, world)
}

const forgetDueAtReboot: Scheduler = (state, event, world) => step(event.is === 'boot' ? withoutSlots(state, (slot) => slot !== 'expiry') : state, event, world)

const doubleAfterStepBack: Scheduler = (state, event, world) => {
  const repeat = event.is === 'clock-changed' && world.clock !== 'unset' && state.attempt === undefined && state.start === undefined
    && state.startFor !== undefined && state.startFor > world.wall - 30 * day
  return step(repeat ? { ...state, start: { date: state.startFor, jitterSeconds: 1 } } : state, event, world)
}

const skipWhenOffAtDue: Scheduler = (state, event, world) =>
  step(event.is === 'boot' && world.clock !== 'unset' ? withoutSlots(state, (slot) => (state[slot]?.date ?? Infinity) < world.wall - 11 * minute) : state, event, world)

const forgetOutstandingAtReboot: Scheduler = (state, event, world) => {
  if (event.is !== 'boot' || state.attempt === undefined) return step(state, event, world)
  const { attempt, ...rest } = state
  return step({ ...rest, nextAttempt: attempt.number + 1 }, event, world)
}

const forgetTransactionAtReboot: Scheduler = (state, event, world) => {
  if (event.is !== 'boot' || state.attempt?.transactionId === undefined) return step(state, event, world)
  const { transactionId, ...attempt } = state.attempt
  return step(transactionId === '' ? state : { ...state, attempt }, event, world)
}

const tenMinutesEarly: Scheduler = (state, event, world) => step(state, event, { ...world, wall: world.wall + 10 * minute })

const pollOnFailure: Scheduler = (state, event, world) => {
  if (event.is !== 'answered' || event.outcome.is !== 'failed' || event.outcome.code !== 'scep-failure') return step(state, event, world)
  return step(state, { ...event, outcome: { ...event.outcome, code: 'http-status' } }, world)
}

const neverPollOnHttpStatus: Scheduler = (state, event, world) => {
  if (event.is !== 'answered' || event.outcome.is !== 'failed' || event.outcome.code !== 'http-status') return step(state, event, world)
  return step(state, { ...event, outcome: { ...event.outcome, code: 'bad-response' } }, world)
}

const pollForever: Scheduler = (state, event, world) => step(state.attempt === undefined ? state : { ...state, attempt: { ...state.attempt, polls: 0 } }, event, world)

const pollAtHalfTheInterval: Scheduler = (state, event, world) => {
  const result = step(state, event, world)
  const { attempt } = result.state
  if (event.is !== 'answered' || attempt?.again?.monotonic === undefined || !attempt.again.counts) return result
  const again = { ...attempt.again, monotonic: attempt.again.monotonic - attempt.again.interval / 2 }
  return { ...result, state: { ...result.state, attempt: { ...attempt, again } }, wake: attempt.again.interval / 2 }
}

const comeAtOnceAfterPowerCut: Scheduler = (state, event, world) => {
  let hurried = state
  for (const slot of event.is === 'boot' && world.clock !== 'unset' ? slots : []) {
    const due = hurried[slot]
    if (due !== undefined && due.date + 660_000 < world.wall) hurried = { ...hurried, [slot]: { ...due, foundAt: due.date } }
  }
  return step(hurried, event, world)
}

const recordNothing: Scheduler = (state, event, world) => step(event.is === 'boot' ? { ...emptySchedule, nextAttempt: state.nextAttempt } : state, event, world)

/** Each by what it does wrong, with the finding that has to show it. */
export const scheduleMutants: Readonly<Record<string, { readonly scheduler: Scheduler; readonly finding: keyof Findings }>> = {
  'redraws its jitter at boot': { scheduler: redrawAtBoot, finding: 'redrawn' },
  'forgets a due at a reboot': { scheduler: forgetDueAtReboot, finding: 'skipped' },
  'runs a start twice after a step back': { scheduler: doubleAfterStepBack, finding: 'doubled' },
  'skips what came due while the power was off': { scheduler: skipWhenOffAtDue, finding: 'skipped' },
  'forgets the outstanding request at a reboot': { scheduler: forgetOutstandingAtReboot, finding: 'doubled' },
  'forgets the transaction at a reboot': { scheduler: forgetTransactionAtReboot, finding: 'doubled' },
  'fires ten minutes early': { scheduler: tenMinutesEarly, finding: 'doubled' },
  'polls on FAILURE': { scheduler: pollOnFailure, finding: 'polledWrongly' },
  'never polls on an HTTP error': { scheduler: neverPollOnHttpStatus, finding: 'gaveUp' },
  'polls forever': { scheduler: pollForever, finding: 'polledWrongly' },
  'polls at half the interval': { scheduler: pollAtHalfTheInterval, finding: 'polledEarly' },
  'comes at once after a power cut, as all others would': { scheduler: comeAtOnceAfterPowerCut, finding: 'burst' },
  'keeps nothing over a reboot': { scheduler: recordNothing, finding: 'doubled' },
}
