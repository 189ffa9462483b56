import type { KeyUse } from '../../protocol/key-use.js'
import type { Certificate } from '../../protocol/scep/index.js'
import type { KeyId, KeyStore } from '../key-store/index.js'
import type { PutToUse } from '../key-use/index.js'
import type { Log, Platform } from '../platform/index.js'
import type { ScepClient, Suite } from '../scep/index.js'
import type { CommunicationSettings } from '../settings/index.js'
import type { Row } from './history.js'
import type { Failure, Success } from './outcome.js'
import type { ReportProgress } from './progress.js'
import type { RequestSpecification } from './specification.js'

/** Puts a key to its use: finds the driver, applies, probes, and undoes what failed. */
export interface KeyUseSwitch {
  /**
   * @param given.receivedAt when the certificate arrived, monotonic ms
   * @returns enabled: false when the function is off or not in this firmware; the key is assigned all the same
   * @throws use-cannot-serve, probe-failed, listen-failed
   */
  put(use: KeyUse, id: KeyId, given?: { readonly receivedAt?: number }): Promise<PutToUse>
}

/** Writes down how a run moves its row; each call is durable when it resolves. @throws disk-failed */
export interface RunRecorder {
  /** Before the first byte of the request. @param row with its transaction and intent */
  intent(row: Row): Promise<Row>
  succeeded(row: Row, success: Success): Promise<Row>
  failed(row: Row, failure: Failure): Promise<Row>
}

/** What a run works with. */
export interface RunTools {
  readonly platform: Pick<Platform, 'clock' | 'random' | 'keys'>
  readonly store: KeyStore
  readonly recorder: RunRecorder
  readonly useKey: KeyUseSwitch
  readonly client: ScepClient
  readonly pin: NonNullable<CommunicationSettings['caFingerprint']>
  /** C-20: the CA that the pinned one named before, and where to keep the name. */
  readonly nextCa: { readonly known: Certificate | undefined; readonly remember: (next: Certificate) => Promise<void> }
  readonly rememberWorked: (suite: Suite) => Promise<void>
  readonly log: Log
  readonly progress: ReportProgress
  /** True once the board is stopping: the run then ends where it is, for the next start to resolve. */
  readonly isClosing: () => boolean
}

/** What a new request is made of; the challenge lives here and in the CSR, and nowhere else. */
export interface NewRequest {
  readonly specification: RequestSpecification
  readonly challenge?: string
  /** The key in whose place the new one comes. */
  readonly exchangeFor?: KeyId
  /** The key whose certificate signs the request in place of a self-signed one, and by which message. */
  readonly signedBy?: { readonly key: KeyId; readonly messageType: 'RenewalReq' | 'PKCSReq' }
  /** See `Plan.persistent`. */
  readonly persistent?: boolean
}
