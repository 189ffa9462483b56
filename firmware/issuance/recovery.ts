import { PlatenError } from '../../protocol/errors.js'
import { readCertificate } from '../../protocol/scep/index.js'
import type { KeyEntry, KeyId } from '../key-store/index.js'
import type { Row } from './history.js'
import { failed, succeeded } from './outcome.js'

/** What a start has to put right. */
export interface Recovery {
  readonly rows: readonly Row[]
  /** Pending keys that no open request waits for. */
  readonly abandon: readonly KeyId[]
}

/**
 * Decides what becomes of the requests that a crash or a restart cut off (C-14). Nothing that the server may know of
 * is given up:
 * - the store holds the certified key: the request succeeded, only its row was not written;
 * - the intent is on disk, so the request may have been sent: Error, and poll asks for the answer;
 * - no intent: nothing was sent. Error, and the key goes.
 * A key that waits with nobody waiting for it goes too. The rows of automatic requests are the scheduler's to resolve.
 */
export function recover(rows: readonly Row[], keys: readonly KeyEntry[]): Recovery {
  const resolved = rows.flatMap((row) => {
    const next = resolve(row, keys)
    return next === undefined ? [] : [next]
  })
  const after = rows.map((row) => resolved.find(({ id }) => id === row.id) ?? row)
  return { rows: resolved, abandon: unawaited(after, keys) }
}

/** The pending keys that no open request waits for. */
export function unawaited(rows: readonly Row[], keys: readonly KeyEntry[]): readonly KeyId[] {
  const awaited = new Set(rows.flatMap(({ transaction }) => (transaction === undefined ? [] : [transaction.transactionId])))
  return keys.filter(({ state, transactionId }) => state === 'pending' && (transactionId === undefined || !awaited.has(transactionId))).map(({ id }) => id)
}

function resolve(row: Row, keys: readonly KeyEntry[]): Row | undefined {
  const { transaction, status, attempt } = row
  if (transaction === undefined || attempt !== undefined) return undefined
  const key = keys.find(({ transactionId }) => transactionId === transaction.transactionId)
  const [leaf] = key?.state === 'ready' ? key.chain : []
  if (leaf !== undefined) return succeeded(row, { at: readCertificate(leaf).notBefore })
  if (status === 'Error') return undefined
  const sent = transaction.intent !== undefined
  return failed(row, {
    error: new PlatenError('interrupted', 'the machine stopped while the request was under way'),
    phase: sent ? 'sending-request' : 'checking-server',
    transactionKept: sent && key !== undefined,
    polled: false,
  })
}
