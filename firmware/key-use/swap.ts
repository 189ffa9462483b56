/**
 * The exchange of the key that serves a use, as a pure state machine: what came of the last step goes in, what to do
 * next comes out. Nothing here waits, writes or asks.
 *
 * ```
 * swap:  check → assign → apply → probe → commit → served
 *          │                └──┬────┘
 *          │                 undo → assign back → undone (or stranded, when undo failed too)
 *          └→ assign back, where an issuance has assigned already → refused
 * ```
 * A function that is off: assign → assigned. `align` (after a start, or a change of settings) has no assignment to make:
 * the store is the truth. With a key that served before it goes back to that one, else it ends as failing.
 *
 * The assignment is durable before the consumer has the key, because an issued certificate comes with its use in one
 * record; what is committed at the end is that the key was seen to serve. So after a power cut anywhere in between
 * the store names a key of which nobody knows that it serves, and the next start aligns with the key before at hand.
 */
import type { ErrorCode, ErrorFacts } from '../../protocol/errors.js'
import { milliseconds, seconds, type Duration } from '../../protocol/time.js'
import type { KeyId } from '../key-store/index.js'

/** Why a step failed. */
export interface SwapReason {
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
  readonly facts: ErrorFacts
}

export interface SwapPlan {
  readonly kind: 'swap' | 'align'
  readonly key: KeyId
  /** The key to go back to: what served when it began, or, after a start, what was last seen to serve. */
  readonly before?: KeyId
  /** The store names the key for this use already. */
  readonly assigned: boolean
  /** The consumer has the key, and is only to be probed again. */
  readonly inPlace?: boolean
  /** The function is in this firmware and switched on. */
  readonly on: boolean
  /** When the certificate arrived, monotonic ms; for measurements only. */
  readonly receivedAt?: number
}

export type SwapStep = 'check' | 'assign' | 'apply' | 'probe' | 'commit' | 'undo' | 'assign-back'

/**
 * - `served`: the key was seen to serve. `assigned`: the function is off. `refused`: nothing was changed in the consumer.
 * - `undone`: the key before serves again. `stranded`: it could not be seen to. `failing`: there was none to go back to.
 */
export type SwapOutcome = 'served' | 'assigned' | 'refused' | 'undone' | 'stranded' | 'failing'

/** Monotonic ms at which steps ended. */
export interface SwapTimes {
  readonly started: number
  readonly applied?: number
  readonly probed?: number
  readonly ended?: number
}

export type SwapState = {
  readonly plan: SwapPlan
  readonly times: SwapTimes
  /** Why it does not end well. */
  readonly reason?: SwapReason
} & (
  | { readonly at: 'check' | 'assign' | 'apply' | 'probe' | 'commit' }
  | { readonly at: 'undo'; readonly failed: 'apply' | 'probe' }
  | { readonly at: 'assign-back'; readonly then: SwapOutcome }
  | { readonly at: 'ended'; readonly outcome: SwapOutcome }
)

export type SwapEnd = Extract<SwapState, { at: 'ended' }>

/** What came of a step. @param at monotonic ms */
export type SwapInput =
  | { readonly is: 'done'; readonly at: number }
  | { readonly is: 'failed'; readonly at: number; readonly reason: SwapReason }

/** What to do next; `within` is how long it may take. */
export type SwapEffect =
  | { readonly do: 'check'; readonly key: KeyId }
  | { readonly do: 'assign'; readonly key: KeyId | undefined }
  | { readonly do: 'apply'; readonly key: KeyId; readonly within: Duration }
  | { readonly do: 'probe'; readonly within: Duration }
  /** Notes, durably, that the key was seen to serve. */
  | { readonly do: 'commit'; readonly key: KeyId }
  | { readonly do: 'undo'; readonly failed: 'apply' | 'probe'; readonly to: KeyId | undefined; readonly within: Duration }

/** A driver that hangs costs no more; the old key serves within 60 s of the beginning. Undo has what is left. */
export const swapLimits = { apply: seconds(10), probe: seconds(24), total: seconds(58) } as const

/** @param at monotonic ms */
export function beginSwap(plan: SwapPlan, at: number): SwapState {
  if (plan.inPlace === true) return { at: 'probe', plan, times: { started: at, applied: at } }
  return { at: plan.on ? 'check' : 'assign', plan, times: { started: at } }
}

/** What a state asks for; undefined when it has ended. */
export function effectOf(state: SwapState, now: number): SwapEffect | undefined {
  const { key, before } = state.plan
  switch (state.at) {
    case 'check': return { do: 'check', key }
    case 'assign': return { do: 'assign', key }
    case 'apply': return { do: 'apply', key, within: swapLimits.apply }
    case 'probe': return { do: 'probe', within: swapLimits.probe }
    case 'commit': return { do: 'commit', key }
    case 'undo': return { do: 'undo', failed: state.failed, to: before, within: milliseconds(Math.max(0, state.times.started + swapLimits.total - now)) }
    case 'assign-back': return { do: 'assign', key: before }
    case 'ended': return undefined
  }
}

/** @throws TypeError after the end */
export function nextSwap(state: SwapState, input: SwapInput): SwapState {
  return input.is === 'done' ? done(state, input.at) : failed(state, input.at, input.reason)
}

function done(state: SwapState, at: number): SwapState {
  const { plan, times } = state
  switch (state.at) {
    case 'check': return { at: plan.kind === 'align' ? 'apply' : 'assign', plan, times }
    case 'assign': return plan.on ? { at: 'apply', plan, times } : ended(state, at, 'assigned')
    case 'apply': return { at: 'probe', plan, times: { ...times, applied: at } }
    case 'probe': return { at: 'commit', plan, times: { ...times, probed: at } }
    case 'commit': return ended(state, at, 'served')
    case 'undo': return { ...kept(state), at: 'assign-back', then: 'undone' }
    case 'assign-back': return ended(state, at, state.then)
    case 'ended': throw new TypeError('a swap goes on after its end')
  }
}

function failed(state: SwapState, at: number, reason: SwapReason): SwapState {
  const { plan, times } = state
  switch (state.at) {
    case 'check':
      if (plan.kind === 'align') return canGoBack(plan) ? { at: 'undo', failed: 'apply', plan, times, reason } : ended({ plan, times, reason }, at, 'failing')
      return plan.assigned ? { at: 'assign-back', then: 'refused', plan, times, reason } : ended({ plan, times, reason }, at, 'refused')
    case 'assign': return ended({ plan, times, reason }, at, 'refused')
    case 'apply':
    case 'probe':
      if (plan.kind === 'align' && !canGoBack(plan)) return ended({ plan, times, reason }, at, 'failing')
      return { at: 'undo', failed: state.at, plan, times, reason }
    // It serves all the same; only the next start does not know.
    case 'commit': return ended({ plan, times, reason }, at, 'served')
    case 'undo': return { ...kept(state), at: 'assign-back', then: 'stranded' }
    // The store is put right by the next start.
    case 'assign-back': return ended(state, at, state.then)
    case 'ended': throw new TypeError('a swap goes on after its end')
  }
}

function canGoBack({ key, before }: SwapPlan): boolean {
  return before !== undefined && before !== key
}

function ended({ plan, times, reason }: Pick<SwapState, 'plan' | 'times' | 'reason'>, at: number, outcome: SwapOutcome): SwapEnd {
  return { at: 'ended', outcome, plan, times: { ...times, ended: at }, ...(reason === undefined ? {} : { reason }) }
}

/** The reason stays the first one: why the new key does not serve. */
function kept({ plan, times, reason }: SwapState): Pick<SwapState, 'plan' | 'times' | 'reason'> {
  return { plan, times, ...(reason === undefined ? {} : { reason }) }
}
