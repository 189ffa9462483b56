import { z } from 'zod'
import type { ErrorCode } from '../../../protocol/errors.js'
import type { Due } from './due.js'
import { longestJitter } from './jitter.js'
import { requestKinds, type RequestKind } from './renewal.js'

/** Why a request is made: Request Start Date/Time, the period after a success, or a third of the lifetime left. */
export type Cause = 'start' | 'periodic' | 'expiry'

/** All that the scheduler knows, as plain data; stored whole, in one record with the history. */
export interface ScheduleState {
  readonly version: 1
  /** Of the settings that the plan was made for. */
  readonly revision: number
  /** Number of the next attempt; never used twice. */
  readonly nextAttempt: number
  /** The Request Start Date/Time that a start was drawn for. It stays when that has run: no second run after a step back. */
  readonly startFor?: number
  readonly start?: Due
  readonly periodic?: Due
  readonly expiry?: ExpiryDue
  /** Wall ms from which periods count: the last success, else the date of the due that failed. */
  readonly grid?: number
  /** The one outstanding request. */
  readonly attempt?: Attempt
  /** What is left to do after a success, in this order. */
  readonly duties: Duties
}

export interface ExpiryDue extends Due {
  /** `CurrentCertificate.id` */
  readonly certificate: string
}

export interface Duties {
  /** The key that the new one has replaced. */
  readonly deleteOld?: string
  readonly restart?: true
}

/** One request, from its due to its end: one row of the history. */
export interface Attempt {
  readonly number: number
  readonly cause: Cause
  /** Wall ms, with the jitter. */
  readonly dueAt: number
  /** The jitter of its due, seconds. */
  readonly jitterSeconds: number
  /** Wall ms. */
  readonly begunAt: number
  /** The date that the next period counts from if this ends as an error; set when a start or a period was fulfilled. */
  readonly grid?: number
  readonly kind: RequestKind
  /** Polls sent so far. */
  readonly polls: number
  /**
   * `requesting`: a new request is out; `polling`: a CertPoll is; `waiting`: for the next asking; `interrupted`: the
   * power went while a message was out, which is taken up as soon as the clock is set.
   */
  readonly at: 'requesting' | 'polling' | 'waiting' | 'interrupted'
  /** Set once the intent is durable: the server may know of the request under this ID. */
  readonly transactionId?: string
  /** Why it is polling. */
  readonly reason?: ErrorCode
  /** The server has answered PENDING once: what it says later is a decision, and no other kind is tried. */
  readonly deferred?: true
  /** The server had forgotten the transaction once, and the request was sent anew. */
  readonly startedOver?: true
  /** While waiting. */
  readonly again?: Again
}

/** When to ask again. */
export interface Again {
  /** ms from one asking to the next. */
  readonly interval: number
  /** Wall ms, for the case of a restart. */
  readonly wall: number
  /** Monotonic ms of this boot; undefined from a boot until the clock is set. */
  readonly monotonic?: number
  /** It had passed while the power was off, and was put off by the jitter once. */
  readonly putOff?: true
  /** Counts as one of the polls. */
  readonly counts: boolean
}

/** Before the first Update. */
export const emptySchedule: ScheduleState = { version: 1, revision: 0, nextAttempt: 1, duties: {} }

const due = {
  date: z.number(),
  jitterSeconds: z.int().min(0).max(longestJitter),
  foundAt: z.number().optional(),
  interval: z.number().positive().optional(),
  notBefore: z.number().optional(),
}

const attempt = z.strictObject({
  number: z.int().min(1),
  cause: z.enum(['start', 'periodic', 'expiry']),
  dueAt: z.number(),
  jitterSeconds: due.jitterSeconds,
  begunAt: z.number(),
  grid: z.number().optional(),
  kind: z.enum(requestKinds),
  polls: z.int().min(0),
  at: z.enum(['requesting', 'polling', 'waiting', 'interrupted']),
  transactionId: z.string().optional(),
  reason: z.string().transform((code) => code as ErrorCode).optional(),
  deferred: z.literal(true).optional(),
  startedOver: z.literal(true).optional(),
  again: z.strictObject({
    interval: z.number().positive(),
    wall: z.number(),
    monotonic: z.number().optional(),
    putOff: z.literal(true).optional(),
    counts: z.boolean(),
  }).optional(),
}).refine(({ at, again }) => (at === 'waiting') === (again !== undefined), 'an attempt waits exactly when it knows until when')

const schedule = z.strictObject({
  version: z.literal(1),
  revision: z.int().min(0),
  nextAttempt: z.int().min(1),
  startFor: z.number().optional(),
  start: z.strictObject(due).optional(),
  periodic: z.strictObject(due).optional(),
  expiry: z.strictObject({ ...due, certificate: z.string() }).optional(),
  grid: z.number().optional(),
  attempt: attempt.optional(),
  duties: z.strictObject({ deleteOld: z.string().optional(), restart: z.literal(true).optional() }),
})

/**
 * Checks what was read from the disk. What is damaged is not believed: the caller goes on with `emptySchedule`, which
 * plans anew from the settings; a start that is past then runs once more.
 * @throws z.ZodError with the path of the first fault
 */
export function readSchedule(content: unknown): ScheduleState {
  return schedule.parse(content) as ScheduleState
}
