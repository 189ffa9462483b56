/** A swap as others are told of it: in the log, in the status, and as an error; pure. */
import { PlatenError, type ErrorCode, type ErrorFacts } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import type { SwapEnd, SwapOutcome } from './swap.js'

/** All times are monotonic ms of this run. Swap time: from `receivedAt` (else `startedAt`) to `probedAt`. */
export interface SwapReport {
  readonly use: KeyUse
  /** Name of the key. */
  readonly key: string
  readonly outcome: SwapOutcome
  /** Why it did not end well. */
  readonly reason?: { readonly code: ErrorCode; readonly message: string }
  /** The certificate arrived from the server; absent where none was issued for this swap. */
  readonly receivedAt?: number
  readonly startedAt: number
  /** The consumer has the key. */
  readonly appliedAt?: number
  /** A handshake has shown it. */
  readonly probedAt?: number
  readonly endedAt: number
  /** It began by itself, after a start or on a retry: nobody waited for its outcome. */
  readonly afterStart: boolean
}

export interface SwapStory {
  readonly text: string
  readonly level: 'info' | 'error'
  readonly facts: ErrorFacts
  readonly report: SwapReport
}

export function storyOf(end: SwapEnd, use: KeyUse, key: string): SwapStory {
  const { outcome, reason, plan, times } = end
  const stamps = {
    ...(plan.receivedAt === undefined ? {} : { receivedAt: plan.receivedAt }),
    startedAt: times.started,
    ...(times.applied === undefined ? {} : { appliedAt: times.applied }),
    ...(times.probed === undefined ? {} : { probedAt: times.probed }),
    endedAt: times.ended ?? times.started,
  }
  const report = { use, key, outcome, ...(reason === undefined ? {} : { reason: { code: reason.code, message: reason.message } }), ...stamps, afterStart: plan.kind === 'align' }
  const well = outcome === 'served' || outcome === 'assigned'
  const swapMs = times.probed === undefined ? {} : { swapMs: Math.round(times.probed - (plan.receivedAt ?? times.started)) }
  const facts = { use, key, outcome, ...rounded(stamps), ...swapMs, ...(reason === undefined ? {} : { code: reason.code, reason: reason.message }) }
  return { text: sentences[outcome](displayKeyUse(use), key), level: well ? 'info' : 'error', facts, report }
}

const sentences: { readonly [Outcome in SwapOutcome]: (use: string, key: string) => string } = {
  served: (use, key) => `${use} serves the key "${key}"`,
  assigned: (use, key) => `the key "${key}" is assigned to ${use}, which is off`,
  refused: (use, key) => `${use} keeps its key; the key "${key}" cannot serve`,
  undone: (use, key) => `${use} does not serve the key "${key}"; the key before serves again`,
  stranded: (use, key) => `${use} does not serve the key "${key}", and the key before is not back; it is tried again`,
  failing: (use, key) => `${use} does not serve the key "${key}"`,
}

/** Why a swap did not end well. */
export function errorOf({ outcome, reason, times, plan }: SwapEnd, use: KeyUse, key: string): PlatenError {
  if (reason === undefined) return new PlatenError('internal', 'a swap ended badly for no reason')
  const { code, message, fix, facts } = reason
  const stranded = outcome === 'stranded'
  if (plan.kind === 'align' || (times.applied === undefined && !stranded)) return new PlatenError(code, message, { facts, fix })
  return new PlatenError(times.applied === undefined ? code : 'probe-failed', `the key "${key}" was taken back from ${displayKeyUse(use)}: ${message}`, {
    facts: { ...facts, key, use },
    fix: stranded ? 'The previous key is not seen to serve yet; it is tried again. See uses.' : 'The previous key serves again. Look at the log for the cause, then assign the key again.',
  })
}

function rounded(stamps: Readonly<Record<string, number>>): ErrorFacts {
  return Object.fromEntries(Object.entries(stamps).map(([name, value]) => [name, Math.round(value * 10) / 10]))
}
