import type { PlatenError } from '../../protocol/errors.js'
import type { KeyUse } from '../../protocol/key-use.js'
import type { KeyId, KeyStore } from '../key-store/index.js'
import type { Log, Platform } from '../platform/index.js'
import type { Settings } from '../settings/index.js'
import type { HistoryEntry } from './history.js'
import type { ReportProgress } from './progress.js'
import type { RequestSpecification } from './specification.js'

/** Puts a key to its use: finds the driver, applies, probes, and undoes what failed. */
export interface KeyUseSwitch {
  /**
   * @returns enabled: false when the function is off or not in this firmware; the key is assigned all the same
   * @throws use-cannot-serve, probe-failed, listen-failed
   */
  put(use: KeyUse, id: KeyId): Promise<{ readonly enabled: boolean }>
}

export interface IssuanceOptions {
  readonly platform: Pick<Platform, 'clock' | 'random' | 'keys' | 'disk' | 'http'>
  readonly store: KeyStore
  readonly settings: Settings
  readonly useKey: KeyUseSwitch
  readonly log: Log
  /** Made when missing; its parent must exist. */
  readonly directory: string
}

/** What the server shows as its CA; nothing of it is trusted until its fingerprint is pinned. */
export interface AuthoritySummary {
  /** SHA-256 of the top CA certificate, 64 lower-case hex digits: what a person compares. */
  readonly fingerprint: string
  readonly subject: string
  /** Wall ms. */
  readonly notBefore: number
  readonly notAfter: number
  /** `pinned`: this is the CA we trust; `mismatch`: another one is pinned; `not-pinned`: none is. */
  readonly pin: 'pinned' | 'mismatch' | 'not-pinned'
  /** The words of GetCACaps that we know. */
  readonly capabilities: readonly string[]
  /** All of the answer, the top CA first. */
  readonly certificates: readonly { readonly role: string; readonly subject: string; readonly notAfter: number; readonly fingerprint: string }[]
}

/** Being written: the calls and their types stand. */
export abstract class Issuance {
  /** @throws disk-failed */
  static open(options: IssuanceOptions): Promise<Issuance> {
    return Promise.reject(new TypeError(`${options.directory}: issuance is not written yet`))
  }

  /**
   * Sends one request and waits for its end. What goes wrong after the checks is told by the entry, not thrown.
   * @throws invalid-value, key-name-taken, algorithm-refused, not-configured, ca-not-pinned, clock-not-set, busy, disk-failed:
   * nothing was changed then, and the history has no entry
   */
  abstract request(specification: RequestSpecification, options?: { readonly challenge?: string; readonly progress?: ReportProgress }): Promise<HistoryEntry>
  /**
   * Asks again for a deferred request; without a transaction ID for the newest one.
   * @throws nothing-to-poll, not-configured, ca-not-pinned, clock-not-set, busy, disk-failed
   */
  abstract poll(transactionId?: string, options?: { readonly progress?: ReportProgress }): Promise<HistoryEntry>
  /** Newest first, at most 20 (and those whose transaction is still open). */
  abstract history(): readonly HistoryEntry[]
  /** Asks the server for its CA. @throws not-configured and what an exchange can throw */
  abstract fetchAuthority(): Promise<AuthoritySummary>
  /**
   * Trusts the CA with this fingerprint from now on, after asking the server that its top CA has it, and registers it.
   * @throws invalid-value, ca-mismatch, ca-store-full, not-configured, disk-failed and what an exchange can throw
   */
  abstract pin(fingerprint: string): Promise<{ readonly fingerprint: string; readonly subject: string; readonly changed: boolean }>
  /** What was found damaged at start. */
  abstract problems(): readonly PlatenError[]
  /** Takes no more requests; one under way is resolved at the next start. */
  abstract close(): Promise<void>
}
