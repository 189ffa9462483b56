import type { KeyUse, UseReason } from '../../protocol/key-use.js'
import type { KeyEntry, KeyId } from '../key-store/index.js'

/** How a use is doing now. `waiting`: it is about to serve, or its peer has not answered yet. */
export interface UseStatus {
  readonly state: 'off' | 'no-key' | 'serving' | 'waiting' | 'failed'
  /** In words, for people: who is served, or why not. */
  readonly detail: string
  /** Why it does not serve, where the driver can tell. */
  readonly reason?: UseReason
}

/**
 * What every use of a key can be asked (device.md section 7). A driver knows its consumer and nothing about
 * assignments: the key store says which key a use has, `KeyUses` brings the two together by the steps of `swap.ts`.
 * Each step has its limit there (`swapLimits`); a driver that knows its consumer better gives up earlier, with a reason.
 */
export interface KeyUseDriver {
  readonly use: KeyUse
  /** Can this key serve you? What a peer may only object to is a caveat, and not asked here. @throws use-cannot-serve with the reason */
  canServe(entry: KeyEntry): void
  /** Serves with this key from now on. @throws use-cannot-serve, listen-failed; then the key before still serves */
  apply(entry: KeyEntry): Promise<void>
  /** What serves now; undefined before the first apply. */
  current(): KeyId | undefined
  /**
   * Looks at the consumer from outside, by a real handshake.
   * @param wayBack whether the key before comes back when this fails; without one, a use with several consumers lets those
   * that are late come later, and says so in its status. Default true
   * @throws probe-failed when it does not show what was applied
   */
  probe(wayBack?: boolean): Promise<void>
  /** Goes back to what served before the last apply; that may have been nothing. */
  undo(): Promise<void>
  /**
   * Whether the function is switched on; without this method it always is. A key is assigned to a function that is
   * off, and nothing more (device.md section 3).
   */
  enabled?(): boolean
  /** Switches the function on or off in the settings, and nothing more; without this method it cannot be switched. @throws missing-field, disk-failed */
  setEnabled?(on: boolean): Promise<void>
  /** Stops serving, and takes away what the consumer was given. Fine when nothing serves. */
  switchOff?(): Promise<void>
  /** Looks, without changing anything. Without this method a key that was applied serves. */
  status?(): Promise<UseStatus>
  /** The driver brings its consumer up after a start by itself, and keeps trying: it is not probed then. */
  readonly supervised?: boolean
  /** Addresses of this board under which clients have reached the consumer since the start; they want them in the certificate. */
  addressesUsed?(): readonly string[]
}
