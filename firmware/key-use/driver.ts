import type { KeyUse } from '../../protocol/key-use.js'
import type { KeyEntry, KeyId } from '../key-store/index.js'

/**
 * What every use of a key can be asked (device.md section 7). A driver knows its consumer and nothing about
 * assignments: the key store says which key a use has, `KeyUses` brings the two together.
 */
export interface KeyUseDriver {
  readonly use: KeyUse
  /**
   * Can this key serve you?
   * @returns a caveat in words when it can, but a strict peer may object
   * @throws use-cannot-serve with the reason
   */
  canServe(entry: KeyEntry): string | undefined
  /** Serves with this key from now on. @throws use-cannot-serve, listen-failed; then the key before still serves */
  apply(entry: KeyEntry): Promise<void>
  /** What serves now; undefined before the first apply. */
  current(): KeyId | undefined
  /** Looks at the consumer from outside, by a real handshake. @throws probe-failed when it does not show what was applied */
  probe(): Promise<void>
  /** Goes back to what served before the last apply. */
  undo(): Promise<void>
}
