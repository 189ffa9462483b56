/** What the commands act on, narrowed to the calls they use; `board.ts` gives the real ones. */
import type { RandomBytes } from '../../protocol/random.js'
import type { Clock } from '../../protocol/time.js'
import type { AutomaticIssuance, Issuance } from '../issuance/index.js'
import type { KeyStore, StoreLimits } from '../key-store/index.js'
import type { IpsecUses, KeyUses } from '../key-use/index.js'
import type { Log, LogLine } from '../platform/index.js'
import type { AutomaticSettingsFile, Ieee8021xSettingsFile, IpsecPolicies, Settings } from '../settings/index.js'
import type { Access } from './access.js'

/** What does not change while the board runs. */
export interface BoardFacts {
  readonly product: string
  readonly version: string
  readonly bootId: string
  /** Why the last run ended, as a sentence for people. */
  readonly restartReason: string
  /** Clock.monotonic() at boot. */
  readonly startedAt: number
  /** Of the board's own HTTPS listener; undefined while it does not listen. */
  readonly httpsPort: () => number | undefined
  /** What was found wrong at this start outside the stored content below, as sentences: a lost run record. */
  readonly problems: readonly string[]
}

export interface Services {
  readonly board: BoardFacts
  readonly clock: Clock
  readonly random: RandomBytes
  readonly access: Pick<Access, 'change' | 'problems'>
  readonly settings: Pick<Settings, 'get' | 'update' | 'problems' | 'nextCa'>
  readonly store: Pick<KeyStore, 'entries' | 'find' | 'keyFor' | 'assign' | 'delete' | 'import' | 'privateKey' | 'caCertificates' | 'addCaCertificate' | 'setCrl' | 'deleteCaCertificate' | 'problems'>
  readonly limits: StoreLimits
  readonly issuance: Pick<Issuance, 'request' | 'poll' | 'history' | 'giveUp' | 'fetchAuthority' | 'pin' | 'problems'>
  readonly automatic: Pick<AutomaticIssuance, 'settings' | 'update' | 'view' | 'keysChanged'>
  readonly automaticSettings: Pick<AutomaticSettingsFile, 'problems'>
  readonly ieee8021x: Pick<Ieee8021xSettingsFile, 'get' | 'update' | 'problems'>
  readonly useKey: Pick<KeyUses, 'put' | 'refresh' | 'switch' | 'probe' | 'undo' | 'list' | 'problems'>
  readonly ipsec: Pick<IpsecUses, 'status' | 'statusOf' | 'add' | 'edit' | 'remove' | 'order' | 'enable' | 'disable'>
  readonly ipsecPolicies: Pick<IpsecPolicies, 'list' | 'problems'>
  readonly log: Log & { recent(count: number): readonly LogLine[] }
  /** Writes the reason down, then stops the board in good order; returns when the reason is durable. @throws disk-failed */
  readonly restart: (reason: string) => Promise<void>
}
