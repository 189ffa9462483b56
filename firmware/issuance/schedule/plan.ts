import { days, hours, minutes } from '../../../protocol/time.js'
import { momentOf, settle, type Due } from './due.js'
import { drawJitter } from './jitter.js'
import type { CurrentCertificate } from './renewal.js'
import type { Cause, ExpiryDue, ScheduleState } from './state.js'
import { without } from './without.js'
import type { World } from './world.js'

/** The dues of a state, each under its cause. At equal moments the first one names the request. */
export const causes: readonly Cause[] = ['start', 'periodic', 'expiry']

/** After an attempt for expiry has failed: a quarter of what is left, within these; when nothing is left, one hour. */
const shortestRetry = minutes(10)
const longestRetry = days(1)
const expiredRetry = hours(1)

/**
 * Brings the plan up to the settings after an Update (and after a crash between the two files).
 * - Timer off: nothing is planned, and the next Enable begins a new series.
 * - Another start: drawn anew, and the periods count from its success.
 * - Auto Adjust switched: jitter is drawn for, or taken from, each due that is still to come.
 * - Another interval, or expiry switched: those dues are planned anew; the others stay as drawn.
 */
export function planForSettings(state: ScheduleState, { settings, random }: World): ScheduleState {
  const { start, startFor, periodic, expiry, grid, ...rest } = { ...state, revision: settings.revision }
  if (!settings.enabled || settings.startAt === undefined) return rest
  const adjust = <Kind extends Due>(due: Kind): Kind =>
    settings.autoAdjust === due.jitterSeconds > 0 ? due : { ...due, jitterSeconds: settings.autoAdjust ? drawJitter(random) : 0 }
  const kept = expiry !== undefined && settings.renewByExpiry ? { expiry: adjust(expiry) } : {}
  if (startFor !== settings.startAt) {
    const drawn = { date: settings.startAt, jitterSeconds: settings.autoAdjust ? drawJitter(random) : 0 }
    return { ...rest, ...kept, startFor: settings.startAt, start: drawn }
  }
  const every = settings.periodic === undefined ? undefined : days(settings.periodic.everyDays)
  return {
    ...rest,
    ...kept,
    startFor,
    ...(start === undefined ? {} : { start: adjust(start) }),
    ...(periodic === undefined || periodic.interval !== every ? {} : { periodic: adjust(periodic) }),
    ...(grid === undefined ? {} : { grid }),
  }
}

/**
 * Plans what follows from the facts, and settles each due against the wall time. Only while the clock is set, the
 * timer is on and no request is outstanding. The same object when nothing changed.
 */
export function planFromFacts(state: ScheduleState, world: World): ScheduleState {
  const start = state.start === undefined ? undefined : settle(state.start, world.wall)
  const periodic = periodicDue(state, world)
  const expiry = expiryDue(state, world)
  if (start === state.start && periodic === state.periodic && expiry === state.expiry) return state
  return { ...without(state, 'start', 'periodic', 'expiry'), ...(start && { start }), ...(periodic && { periodic }), ...(expiry && { expiry }) }
}

/** The first date of the grid that is still to come. After a success the grid begins at the success. */
function periodicDue({ periodic, grid }: ScheduleState, { settings, wall, random }: World): Due | undefined {
  if (periodic !== undefined) return settle(periodic, wall)
  if (settings.periodic === undefined || grid === undefined) return undefined
  const interval = days(settings.periodic.everyDays)
  const periods = Math.max(1, Math.floor((wall - grid) / interval) + 1)
  return settle({ date: grid + periods * interval, jitterSeconds: settings.autoAdjust ? drawJitter(random) : 0, interval }, wall)
}

/** A third of the lifetime is left; an expired certificate was due long ago, so it re-enrols at once, after its jitter. */
function expiryDue({ expiry }: ScheduleState, { settings, wall, random, certificate }: World): ExpiryDue | undefined {
  if (!settings.renewByExpiry || certificate === undefined) return undefined
  if (expiry?.certificate === certificate.id) return settleExpiry(expiry, wall)
  const jitterSeconds = settings.autoAdjust ? drawJitter(random) : 0
  return settleExpiry({ certificate: certificate.id, date: renewalDate(certificate), jitterSeconds }, wall)
}

function settleExpiry(due: ExpiryDue, wall: number): ExpiryDue {
  const settled = settle(due, wall)
  return settled === due ? due : { ...settled, certificate: due.certificate }
}

/** Wall ms at which a third of the lifetime is left. */
export function renewalDate({ notBefore, notAfter }: CurrentCertificate): number {
  return notAfter - Math.floor((notAfter - notBefore) / 3)
}

/**
 * The expiry due after a request has ended. Whatever the server gave (nothing, or a certificate that is nearly used
 * up), the next one does not follow at once: no burst, however long the trouble lasts.
 */
export function expiryAfter(certificate: CurrentCertificate, wall: number, jitterSeconds: number): ExpiryDue {
  const left = certificate.notAfter - wall
  const interval = left > 0 ? Math.min(Math.max(Math.ceil(left / 4), shortestRetry), longestRetry) : expiredRetry
  const natural = renewalDate(certificate)
  return natural >= wall + interval
    ? { certificate: certificate.id, date: natural, jitterSeconds }
    : { certificate: certificate.id, date: wall + interval, jitterSeconds, interval, notBefore: natural }
}

/** The due to run first, and its moment (wall ms). */
export function nextDue(state: ScheduleState): { readonly cause: Cause; readonly due: Due; readonly moment: number } | undefined {
  let next: { readonly cause: Cause; readonly due: Due; readonly moment: number } | undefined
  for (const cause of causes) {
    const due = state[cause]
    if (due === undefined) continue
    const moment = momentOf(due)
    if (next === undefined || moment < next.moment) next = { cause, due, moment }
  }
  return next
}
