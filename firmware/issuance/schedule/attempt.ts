import type { ErrorCode } from '../../../protocol/errors.js'
import { days, minutes, seconds, type Duration } from '../../../protocol/time.js'
import { momentOf, onTime, type Due } from './due.js'
import { drawJitter } from './jitter.js'
import { expiryAfter } from './plan.js'
import { fallbackKind, firstKind } from './renewal.js'
import type { Attempt, Cause, ScheduleState } from './state.js'
import { without } from './without.js'
import type { Effect, Outcome, World } from './world.js'

/** The communication errors of device.md section 4: with PENDING, the only conditions that are polled on. */
const polledOn: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['connect-failed', 'timed-out', 'http-status'])

/** Not the server's doing, and gone by itself: asked again after `holdFor`, and not counted as a poll. */
const held: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['clock-not-set', 'busy'])
const holdFor = minutes(1)

/** A server cannot put a board off for longer by Retry-After. */
const longestRetryAfter = days(1)

/** RFC 8894 section 3.2.1.4: the answer to a CertPoll for a transaction that the server does not know. */
const badCertId = 4

/** A state and the effects that brought it about. */
export interface Move {
  readonly state: ScheduleState
  readonly effects: readonly Effect[]
}

/** Begins the one request for a due. Every due whose date has come is fulfilled by it: two are never sent for one moment. */
export function begin(state: ScheduleState, cause: Cause, due: Due, world: World): Move {
  const { start, periodic, expiry, ...rest } = state
  const came = (other: Due | undefined): other is Due => other !== undefined && other.date <= world.wall
  const gridDates = [start, periodic].filter(came).map(({ date }) => date)
  const attempt: Attempt = {
    number: state.nextAttempt,
    cause,
    dueAt: momentOf(due),
    jitterSeconds: due.jitterSeconds,
    begunAt: world.wall,
    ...(gridDates.length === 0 ? {} : { grid: Math.max(...gridDates) }),
    kind: firstKind(world.certificate, world.wall),
    polls: 0,
    at: 'requesting',
  }
  const next: ScheduleState = {
    ...rest,
    nextAttempt: state.nextAttempt + 1,
    attempt,
    ...(start === undefined || came(start) ? {} : { start }),
    ...(periodic === undefined || came(periodic) ? {} : { periodic }),
    ...(expiry === undefined || came(expiry) ? {} : { expiry }),
  }
  return { state: next, effects: [sendEffect(attempt)] }
}

/** What follows from an answer: the end, another asking at once, or a poll at the interval. */
export function answered(state: ScheduleState, attempt: Attempt, outcome: Outcome, world: World): Move {
  switch (outcome.is) {
    case 'issued':
      return succeeded(state, attempt, outcome.replaced, world)
    case 'pending':
      return pollOrEnd(state, { ...attempt, deferred: true }, 'deferred', seconds(outcome.retryAfterSeconds ?? 0), world)
    case 'renewal-not-offered':
      return fallBack(state, attempt, { code: outcome.is }, world) ?? end(state, attempt, 'bad-response', world)
    case 'failed':
      return failed(state, outcome.transactionKept ? attempt : withoutTransaction(attempt), outcome, world)
  }
}

function failed(state: ScheduleState, attempt: Attempt, outcome: Outcome & { readonly is: 'failed' }, world: World): Move {
  const { code, failInfo } = outcome
  if (held.has(code) && world.settings.enabled) return wait(state, attempt, { reason: code, interval: holdFor, counts: false }, world)
  if (polledOn.has(code)) return pollOrEnd(state, attempt, code, seconds(0), world)
  const forgotten = attempt.at === 'polling' && code === 'scep-failure' && failInfo === badCertId
  if (forgotten && attempt.startedOver === undefined) return ask(state, { ...withoutTransaction(attempt), startedOver: true }, world)
  return fallBack(state, attempt, outcome, world) ?? end(state, attempt, code, world)
}

/** After PENDING, a refusal is a person's decision: no other kind is tried. */
function fallBack(state: ScheduleState, attempt: Attempt, refusal: Parameters<typeof fallbackKind>[1], world: World): Move | undefined {
  const kind = attempt.deferred === undefined ? fallbackKind(attempt.kind, refusal) : undefined
  return kind === undefined ? undefined : ask(state, { ...withoutTransaction(attempt), kind }, world)
}

/** PENDING and communication errors: a poll at the interval while there are polls left, else the end. */
function pollOrEnd(state: ScheduleState, attempt: Attempt, reason: ErrorCode, retryAfter: Duration, world: World): Move {
  const { polling, enabled } = world.settings
  if (!enabled || polling === undefined || attempt.polls >= polling.count) return end(state, attempt, reason, world)
  const interval = Math.max(minutes(polling.intervalMinutes), Math.min(retryAfter, longestRetryAfter))
  return wait(state, attempt, { reason, interval, counts: true }, world)
}

/** The interval counts from the answer, or from the moment at which communication was given up: a poll is never early. */
function wait(state: ScheduleState, attempt: Attempt, { reason, interval, counts }: { readonly reason: ErrorCode; readonly interval: number; readonly counts: boolean }, { wall, monotonic }: World): Move {
  const again = { interval, wall: wall + interval, monotonic: monotonic + interval, counts }
  return { state: { ...state, attempt: { ...attempt, at: 'waiting', reason, again } }, effects: [] }
}

/** Asks the server now: for the open transaction where there is one, else by a new request. */
function ask(state: ScheduleState, attempt: Attempt, world: World): Move {
  const { again, ...rest } = attempt
  const polls = attempt.polls + (again?.counts === true ? 1 : 0)
  // A certificate that has expired in the meantime signs no new request.
  const kind = firstKind(world.certificate, world.wall) === 'challenge' && attempt.transactionId === undefined ? 'challenge' : attempt.kind
  const asking: Attempt = { ...rest, kind, polls, at: attempt.transactionId === undefined ? 'requesting' : 'polling' }
  return { state: { ...state, attempt: asking }, effects: [sendEffect(asking)] }
}

function sendEffect({ number, kind, transactionId }: Attempt): Effect {
  return { do: 'send', attempt: number, kind, ...(transactionId === undefined ? {} : { transactionId }) }
}

/**
 * Moves the outstanding request on as far as the time allows. Only while the clock is set.
 * - A message that was out when the power went is asked for at once: by CertPoll when its intent was recorded, else
 *   the first byte was never sent and the request goes out now.
 * - A poll that passed while the power was off comes after the jitter of its request (at most its interval), once put
 *   off: the machines of one power cut do not come at once.
 */
export function moveOn(state: ScheduleState, attempt: Attempt, world: World): Move {
  if (attempt.at === 'interrupted') return ask(state, attempt, world)
  if (attempt.at !== 'waiting') return { state, effects: [] }
  const waiting = arrived(attempt, world)
  if ((waiting.again?.monotonic ?? 0) <= world.monotonic) return ask(state, waiting, world)
  return { state: waiting === attempt ? state : { ...state, attempt: waiting }, effects: [] }
}

/** Turns the wall moment of a poll into one of this boot's monotonic clock. It is never farther away than its interval. */
function arrived(attempt: Attempt, { wall, monotonic }: World): Attempt {
  const { again } = attempt
  if (again === undefined || again.monotonic !== undefined) return attempt
  const missed = wall > again.wall + onTime && again.putOff === undefined
  const left = missed
    ? Math.min(seconds(attempt.jitterSeconds), again.interval)
    : Math.min(Math.max(again.wall - wall, 0), again.interval)
  return { ...attempt, again: { ...again, ...(missed ? { putOff: true } : {}), wall: wall + left, monotonic: monotonic + left } }
}

function succeeded(state: ScheduleState, attempt: Attempt, replaced: string | undefined, world: World): Move {
  const { settings, wall } = world
  const { start, ...rest } = without(state, 'periodic', 'expiry', 'grid', 'attempt')
  const duties = {
    ...(settings.deleteOld && replaced !== undefined ? { deleteOld: replaced } : {}),
    ...(settings.restartAfterAcquiring ? { restart: true as const } : {}),
  }
  const next: ScheduleState = {
    ...rest,
    // A start that has come while this request was outstanding has its certificate.
    ...(start === undefined || start.date <= wall ? {} : { start }),
    ...(settings.enabled ? { grid: wall } : {}),
    ...nextExpiry(undefined, world),
    duties,
  }
  return { state: next, effects: [finishEffect(attempt, 'Successful'), ...dutyEffects(duties)] }
}

/** Ends as Error. With periods on, the next one still comes: it counts from the date of the due that has failed. */
export function end(state: ScheduleState, attempt: Attempt, code: ErrorCode, world: World): Move {
  const { expiry, ...rest } = without(state, 'attempt')
  const next: ScheduleState = {
    ...rest,
    ...(attempt.grid === undefined || !world.settings.enabled ? {} : { grid: attempt.grid }),
    ...nextExpiry(expiry, world),
  }
  return { state: next, effects: [finishEffect(attempt, 'Error', code)] }
}

function nextExpiry(expiry: ScheduleState['expiry'], { settings, certificate, wall, random }: World): Pick<ScheduleState, 'expiry'> {
  if (!settings.enabled || !settings.renewByExpiry) return {}
  if (expiry !== undefined) return { expiry }
  return certificate === undefined ? {} : { expiry: expiryAfter(certificate, wall, settings.autoAdjust ? drawJitter(random) : 0) }
}

function finishEffect({ number, cause, polls, transactionId }: Attempt, status: 'Successful' | 'Error', code?: ErrorCode): Effect {
  return {
    do: 'finish', attempt: number, cause, status, polls,
    ...(code === undefined ? {} : { code }),
    ...(transactionId === undefined ? {} : { transactionId }),
  }
}

/** The old key first: the restart comes when it is gone. */
export function dutyEffects({ deleteOld, restart }: ScheduleState['duties']): readonly Effect[] {
  if (deleteOld !== undefined) return [{ do: 'delete-old', key: deleteOld }]
  return restart === undefined ? [] : [{ do: 'restart' }]
}

function withoutTransaction(attempt: Attempt): Attempt {
  return attempt.transactionId === undefined ? attempt : without(attempt, 'transactionId')
}
