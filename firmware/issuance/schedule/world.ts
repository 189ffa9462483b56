import type { ClockState } from '../../../protocol/time.js'
import type { ErrorCode } from '../../../protocol/errors.js'
import type { Random } from '../../platform/index.js'
import type { AutomaticSettings } from '../../settings/index.js'
import type { CurrentCertificate, RequestKind } from './renewal.js'
import type { Cause, ScheduleState } from './state.js'

/** What the scheduler is told of the world with each event: read at that moment, never kept. */
export interface World {
  /** Wall ms. Not looked at while `clock` is `unset`. */
  readonly wall: number
  /** Monotonic ms of this boot. */
  readonly monotonic: number
  readonly clock: ClockState
  /** In force. */
  readonly settings: AutomaticSettings
  /**
   * The certificate that serves the Key Use Location of the settings, if a CA has issued it for the names of the
   * settings. The self-signed default key and a certificate for other names are none: they renew nothing.
   */
  readonly certificate?: CurrentCertificate
  /** For jitter. */
  readonly random: Pick<Random, 'integer'>
}

export type ScheduleEvent =
  /** First of all after each start of the firmware, with the state as stored. */
  | { readonly is: 'boot' }
  /** `Step.wake` has passed. Coming too early or twice does no harm. */
  | { readonly is: 'wake' }
  /** `Clock.onStep`. */
  | { readonly is: 'clock-changed' }
  /** Settings or certificates have changed by another hand: an Update, a manual request, a deleted key. */
  | { readonly is: 'changed' }
  /** The transaction ID of the message about to be sent. Record the new state with the intent, **before** the first byte. */
  | { readonly is: 'intent'; readonly attempt: number; readonly transactionId: string }
  /** What became of a `send`. Record the new state with the row of the history. */
  | { readonly is: 'answered'; readonly attempt: number; readonly outcome: Outcome }
  /** A `delete-old` was done, or cannot be done. */
  | { readonly is: 'old-deleted' }

export type Outcome =
  /**
   * The certificate is stored, assigned and, where its function is on, serving (probed).
   * `replaced`: id of the key that served the use before and serves nothing now; never the default key.
   */
  | { readonly is: 'issued'; readonly replaced?: string }
  /** PENDING. The transaction stays open. */
  | { readonly is: 'pending'; readonly retryAfterSeconds?: number }
  /** The CA does not say Renewal, so no RenewalReq was sent. */
  | { readonly is: 'renewal-not-offered' }
  /**
   * Everything else. `transactionKept`: the key and the intent are kept, so that a poll can ask for the answer (C-14);
   * else the next asking is a new request with a new transaction.
   */
  | { readonly is: 'failed'; readonly code: ErrorCode; readonly failInfo?: number; readonly transactionKept: boolean }

export type Effect =
  /**
   * Ask the server, and report `answered`. With `transactionId`: CertPoll of that transaction; if its certificate is in
   * the store already (the power went before the record), report `issued` without asking. Without: a new request of
   * `kind`, with `intent` reported before the first byte. At most one is out at any time.
   */
  | { readonly do: 'send'; readonly attempt: number; readonly kind: RequestKind; readonly transactionId?: string }
  /** The row of this attempt ends. It belongs into the same record as the state. */
  | { readonly do: 'finish'; readonly attempt: number; readonly cause: Cause; readonly status: 'Successful' | 'Error'; readonly code?: ErrorCode; readonly polls: number; readonly transactionId?: string }
  /** Delete this key and report `old-deleted`; a key that is gone, in use or the default key is left alone. May come again after a restart. */
  | { readonly do: 'delete-old'; readonly key: string }
  /** Write the request for a restart down and restart; the `boot` that follows fulfils it. */
  | { readonly do: 'restart' }

export interface Step {
  /** The same object when nothing changed; else record it **before** doing the effects. */
  readonly state: ScheduleState
  /** To be done in this order. After a crash `boot` tells again what was not done. */
  readonly effects: readonly Effect[]
  /** Send `wake` when this many ms have passed on the monotonic clock; undefined: only another event brings more. */
  readonly wake: number | undefined
}
