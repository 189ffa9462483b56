/**
 * Every error that a person or a machine can meet, by a stable code.
 * Codes never change their meaning; texts may. A code that is not in this file does not exist.
 */

/** What the caller typed or sent is wrong; nothing was changed. */
type InputCode =
  | 'unknown-verb'
  | 'unknown-field'
  | 'missing-field'
  | 'invalid-value'
  | 'config-invalid'
  | 'cancelled'

/** Who is asking. */
type AccessCode = 'not-signed-in' | 'wrong-password' | 'locked-out' | 'permission-denied'

/** The state of the device forbids it now. */
type StateCode =
  | 'timer-enabled'
  | 'busy'
  | 'nothing-to-poll'
  | 'clock-not-set'
  | 'not-configured'
  | 'interrupted'

/** Key store (device.md section 6). */
type StoreCode =
  | 'store-full'
  | 'ca-store-full'
  | 'ca-in-use'
  | 'key-name-taken'
  | 'key-known'
  | 'key-not-found'
  | 'key-in-use'
  | 'key-pending'
  | 'default-key'
  | 'weak-key'
  | 'store-locked'
  | 'store-damaged'
  | 'disk-failed'

/** Reaching the server: the conditions that a scheduled request polls on (device.md section 4). */
type TransportCode = 'connect-failed' | 'timed-out' | 'http-status'

/** The server answered, but what came is not acceptable. */
type ExchangeCode =
  | 'response-too-large'
  | 'redirect-refused'
  | 'tls-untrusted'
  | 'bad-response'
  | 'ca-not-pinned'
  | 'ca-mismatch'
  | 'signature-invalid'
  | 'other-transaction'
  | 'nonce-mismatch'
  | 'undecryptable'
  | 'quirk-refused'
  | 'algorithm-refused'
  | 'scep-failure'
  | 'deferred'
  | 'renewal-not-offered'
  | 'certificate-not-for-our-key'
  | 'chain-not-trusted'
  | 'certificate-not-valid-now'

/** Putting a key to its use. */
type UseCode = 'use-cannot-serve' | 'probe-failed' | 'last-way-in' | 'listen-failed' | 'policy-not-found' | 'policy-name-taken' | 'policy-limit'

/** The rig's own: which board may be used, and whether it is as a run needs it. */
type BenchCode = 'board-taken' | 'board-broken' | 'board-not-ready'

export type ErrorCode =
  | InputCode
  | AccessCode
  | StateCode
  | StoreCode
  | TransportCode
  | ExchangeCode
  | UseCode
  | BenchCode
  | 'internal'

/** Facts about an error, safe to show and to log: never a challenge, a password or a private key. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean>>

/** An error that came from outside (input, network, disk, state). Our own misuse is a `TypeError`. */
export class PlatenError extends Error {
  override readonly name = 'PlatenError'
  readonly code: ErrorCode
  readonly facts: ErrorFacts
  /** What the reader can do about it, as one sentence; empty when there is nothing to say. */
  readonly fix: string

  constructor(code: ErrorCode, message: string, options: { facts?: ErrorFacts; fix?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.facts = options.facts ?? {}
    this.fix = options.fix ?? ''
  }
}

const transient: ReadonlySet<ErrorCode> = new Set<TransportCode>(['connect-failed', 'timed-out', 'http-status'])

/** Whether the same request may succeed later without anyone changing anything: the communication errors. */
export function isTransient(error: unknown): boolean {
  return error instanceof PlatenError && transient.has(error.code)
}

export function hasCode(error: unknown, code: ErrorCode): error is PlatenError {
  return error instanceof PlatenError && error.code === code
}

/** Turns whatever was thrown into a PlatenError; what we did not foresee becomes `internal` with its cause kept. */
export function asPlatenError(error: unknown): PlatenError {
  if (error instanceof PlatenError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new PlatenError('internal', message, { cause: error })
}
