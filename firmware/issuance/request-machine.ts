import { PlatenError, isTransient, type ErrorCode } from '../../protocol/errors.js'

/**
 * One request as a pure state machine: what has happened goes in, what to do next comes out. The runner does it
 * through the ports and reports back. Nothing here waits, writes or asks.
 *
 * new:       reserve → check server → make key → keep key → record intent → send ─┬→ store certificate ─┬→ switch use → end
 * poll:                                check server → ask again ──────────────────┘                     │
 * certified: the certificate was stored when the power went ────────────────────────────────────────────┘
 */

/** What is being done, for progress and for the row of a request that ended there. */
export type Phase =
  | 'reserving-slot'
  | 'checking-server'
  | 'making-key'
  | 'keeping-key'
  | 'recording-intent'
  | 'sending-request'
  | 'asking-again'
  | 'storing-certificate'
  | 'switching-use'

export type RequestState =
  | { readonly at: Phase; readonly plan: Plan }
  | { readonly at: 'ended'; readonly plan: Plan }

/** What does not change during a run. */
export interface Plan {
  readonly kind: 'new' | 'poll' | 'certified'
  /** Whether the key is to be put to a use once it is certified. */
  readonly hasUse: boolean
  /** A message that may have arrived keeps its transaction, so that the answer can be asked for (C-14). */
  readonly persistent?: boolean
}

export type RequestInput =
  | { readonly is: 'started' }
  | { readonly is: 'slot-reserved' }
  | { readonly is: 'server-checked' }
  | { readonly is: 'key-made' }
  | { readonly is: 'key-kept' }
  | { readonly is: 'intent-recorded' }
  | { readonly is: 'issued' }
  | { readonly is: 'pending'; readonly retryAfterSeconds?: number }
  | { readonly is: 'certificate-stored' }
  | { readonly is: 'use-switched' }
  | { readonly is: 'failed'; readonly error: PlatenError }

export type RequestEffect =
  | { readonly do: 'work'; readonly phase: Phase }
  /** Gives the slot, and a key that is in it, back. */
  | { readonly do: 'release' }
  | { readonly do: 'record-success' }
  | { readonly do: 'record-error'; readonly error: PlatenError; readonly phase: Phase; readonly transactionKept: boolean; readonly certificateKept: boolean }

export interface Step {
  readonly state: RequestState
  readonly effects: readonly RequestEffect[]
}

export function begin(plan: Plan): RequestState {
  return { at: starts[plan.kind], plan }
}

const starts: { readonly [Kind in Plan['kind']]: Phase } = { new: 'reserving-slot', poll: 'checking-server', certified: 'storing-certificate' }

/** Which input finishes the work of a phase, and the phase after it. */
const road: { readonly [At in Phase]: { readonly doneBy: RequestInput['is']; readonly next: (plan: Plan) => Phase | 'ended' } } = {
  'reserving-slot': { doneBy: 'slot-reserved', next: () => 'checking-server' },
  'checking-server': { doneBy: 'server-checked', next: ({ kind }) => (kind === 'new' ? 'making-key' : 'asking-again') },
  'making-key': { doneBy: 'key-made', next: () => 'keeping-key' },
  'keeping-key': { doneBy: 'key-kept', next: () => 'recording-intent' },
  'recording-intent': { doneBy: 'intent-recorded', next: () => 'sending-request' },
  'sending-request': { doneBy: 'issued', next: () => 'storing-certificate' },
  'asking-again': { doneBy: 'issued', next: () => 'storing-certificate' },
  'storing-certificate': { doneBy: 'certificate-stored', next: ({ hasUse }) => (hasUse ? 'switching-use' : 'ended') },
  'switching-use': { doneBy: 'use-switched', next: () => 'ended' },
}

/** @throws TypeError for an input that cannot come in this state */
export function step(state: RequestState, input: RequestInput): Step {
  if (state.at === 'ended') throw new TypeError(`${input.is} after the end of a request`)
  if (input.is === 'started') return { state, effects: [{ do: 'work', phase: state.at }] }
  if (input.is === 'failed') return failed(state.at, state.plan, input.error)
  if (input.is === 'pending') return pending(state.at, state.plan, input.retryAfterSeconds)
  const { doneBy, next } = road[state.at]
  if (input.is !== doneBy) throw new TypeError(`${input.is} while ${state.at}`)
  const at = next(state.plan)
  return { state: { at, plan: state.plan }, effects: [at === 'ended' ? { do: 'record-success' } : { do: 'work', phase: at }] }
}

/** A deferred request ends as an error, as administrators know it; its key waits in the store for `poll`. */
function pending(at: Phase, plan: Plan, retryAfterSeconds: number | undefined): Step {
  if (at !== 'sending-request' && at !== 'asking-again') throw new TypeError(`pending while ${at}`)
  const error = new PlatenError('deferred', 'the server has not decided yet', retryAfterSeconds === undefined ? {} : { facts: { retryAfterSeconds } })
  return { state: { at: 'ended', plan }, effects: [{ do: 'record-error', error, phase: at, transactionKept: true, certificateKept: false }] }
}

function failed(at: Phase, plan: Plan, error: PlatenError): Step {
  const ended = { at: 'ended', plan } as const
  // The certificate is in the store for good; only its use failed.
  if (at === 'switching-use') return { state: ended, effects: [{ do: 'record-error', error, phase: at, transactionKept: false, certificateKept: true }] }
  // A certificate that the disk would not take can be asked for again.
  const unwritten = at === 'storing-certificate' && error.code === 'disk-failed'
  const mayHaveArrived = plan.persistent === true && at === 'sending-request' && isTransient(error)
  const transactionKept = unwritten || mayHaveArrived || (plan.kind === 'poll' && !endsTransaction.has(error.code))
  const record = { do: 'record-error', error, phase: at, transactionKept, certificateKept: false } as const
  return { state: ended, effects: transactionKept ? [record] : [record, { do: 'release' }] }
}

/**
 * What ends a transaction that a poll asks about: words that the CA itself has signed, and a key that is gone.
 * Anything else may come from someone in between, or pass, and must not cost the key (C-14).
 */
const endsTransaction: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'scep-failure',
  'certificate-not-for-our-key',
  'chain-not-trusted',
  'certificate-not-valid-now',
  'key-not-found',
])
