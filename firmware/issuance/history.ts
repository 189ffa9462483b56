import { posix } from 'node:path'
import { z } from 'zod'
import type { ErrorCode, PlatenError } from '../../protocol/errors.js'
import { parseKeyUse, type Caveat, type CaveatCode, type KeyUse } from '../../protocol/key-use.js'
import { RecordFile, type Disk } from '../platform/index.js'
import { emptySchedule, readSchedule, type ScheduleState } from './schedule/index.js'

export type RequestStatus = 'To Be Processed' | 'Processing...' | 'Error' | 'Successful'

/** One row of Certificate Issuance Request Status (device.md section 5), with what stands beside it. */
export interface HistoryEntry {
  /** Grows by one with each request. */
  readonly id: number
  /** Wall ms; undefined while the clock was not set. */
  readonly requestedAt?: number
  readonly status: RequestStatus
  /** Verbatim text for administrators; empty while nothing is to be said. */
  readonly details: string
  readonly code?: ErrorCode
  readonly extra: {
    readonly transactionId?: string
    /** What was being done when it ended. */
    readonly phase?: string
    readonly failInfoText?: string
    /** The error of an NDES server, in words. */
    readonly ndes?: string
    readonly next?: string
    readonly advice?: string
    readonly use?: KeyUse
    /** What is to be known of the key at its use. */
    readonly caveats?: readonly Caveat[]
    /** Whether the function of the use is on with the new key. */
    readonly enabled?: boolean
  }
  readonly keyName: string
  /** Wall ms at which the certificate was issued. */
  readonly issuedAt?: number
}

/** What has to survive a crash so that a request is neither lost nor sent twice (architecture.md, intent). */
export type Transaction = z.infer<typeof transaction>

/** A row as stored: open rows carry their transaction, so that result and intent are one record. */
export type Row = HistoryEntry & {
  readonly transaction?: Transaction
  /** The attempt of the scheduler that this row tells of; absent for a request by hand. */
  readonly attempt?: number
}

const use = z.string().transform(parseKeyUse)

const transaction = z.strictObject({
  /** C-7. */
  transactionId: z.string(),
  use: use.optional(),
  /** Durable before the first byte of the request itself: from here on the server may know of it. */
  intent: z.strictObject({
    keyId: z.string(),
    /** SHA-256, hex. The CSR itself holds the challenge and is not stored. */
    csr: z.string(),
    /** The certificate that signs the messages of this transaction, base64 of DER. */
    signer: z.string(),
    /** The key of that certificate, when it is not the new one: a renewal, whose answer is encrypted to it (C-6). */
    signerKeyId: z.string().optional(),
    /** The CSR's subject, base64 of DER, when the signer has another. */
    subject: z.string().optional(),
  }).optional(),
})

const row = z.strictObject({
  id: z.number().int(),
  requestedAt: z.number().optional(),
  status: z.enum(['To Be Processed', 'Processing...', 'Error', 'Successful']),
  details: z.string(),
  code: z.string().transform((code) => code as ErrorCode).optional(),
  extra: z.strictObject({
    transactionId: z.string().optional(),
    phase: z.string().optional(),
    failInfoText: z.string().optional(),
    ndes: z.string().optional(),
    next: z.string().optional(),
    advice: z.string().optional(),
    use: use.optional(),
    caveats: z.array(z.strictObject({ code: z.string().transform((code) => code as CaveatCode), message: z.string(), fix: z.string() })).optional(),
    enabled: z.boolean().optional(),
  }),
  keyName: z.string(),
  issuedAt: z.number().optional(),
  transaction: transaction.optional(),
  attempt: z.number().int().optional(),
})

const stored = z.strictObject({ version: z.literal(1), nextId: z.number().int(), rows: z.array(row), schedule: z.record(z.string(), z.unknown()).transform(readSchedule).optional() })
interface Stored {
  readonly version: 1
  readonly nextId: number
  readonly rows: readonly Row[]
  /** Of the automatic requests: in one record with the rows that it moves. */
  readonly schedule?: ScheduleState
}

/** What changes together. */
export interface Move {
  readonly schedule: ScheduleState
  /** Rows that take the place of those with their ids. */
  readonly replaced: readonly Row[]
  /** A row that goes on top. */
  readonly added?: Omit<Row, 'id'>
}

/** device.md section 5. */
export const historyLength = 20

/** The last 20 requests, newest first, kept over restarts. */
export class History {
  readonly #file: RecordFile<Stored>
  readonly #listeners = new Set<() => void>()

  private constructor(file: RecordFile<Stored>) {
    this.#file = file
  }

  /** A damaged file gives an empty history and a problem. @throws disk-failed */
  static async open(disk: Disk, directory: string): Promise<History> {
    return new History(await RecordFile.open<Stored>({
      disk,
      path: posix.join(directory, 'issuance.json'),
      check: (content) => stored.parse(content) as Stored,
      empty: { version: 1, nextId: 1, rows: [] },
    }))
  }

  get problem(): PlatenError | undefined {
    return this.#file.problem
  }

  /** Calls `listener` after each change, when it is durable. @returns stops listening */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #update(change: (value: Stored) => Stored): Promise<void> {
    await this.#file.update(change)
    for (const listener of [...this.#listeners]) listener()
  }

  /** Newest first. */
  rows(): readonly Row[] {
    return this.#file.value.rows
  }

  /** The state of the scheduler as last recorded. */
  schedule(): ScheduleState {
    return this.#file.value.schedule ?? emptySchedule
  }

  /** A step of the scheduler with the rows that it moves, durably and all at once. @throws disk-failed */
  async record({ schedule, replaced, added }: Move): Promise<void> {
    await this.#update(({ version, nextId, rows }) => {
      const moved = rows.map((old) => replaced.find(({ id }) => id === old.id) ?? old)
      return added === undefined ? { version, nextId, rows: moved, schedule } : { version, nextId: nextId + 1, rows: lastOf([{ ...added, id: nextId }, ...moved]), schedule }
    })
  }

  /** The number of the next row. */
  nextId(): number {
    return this.#file.value.nextId
  }

  /** Adds a row on top, durably. @throws disk-failed */
  async add(content: Omit<Row, 'id'>): Promise<Row> {
    const id = this.#file.value.nextId
    const added: Row = { ...content, id }
    await this.#update((value) => ({ ...value, nextId: id + 1, rows: lastOf([added, ...value.rows]) }))
    return added
  }

  /** Puts a row in the place of the one with its id, durably. @throws disk-failed */
  async replace(next: Row): Promise<void> {
    await this.#update((value) => ({ ...value, rows: value.rows.map((old) => (old.id === next.id ? next : old)) }))
  }
}

/** Drops the oldest row that has ended: an open transaction holds a key, and forgetting it would lose that key. */
function lastOf(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= historyLength) return rows
  const oldestEnded = rows.findLastIndex((old) => old.transaction === undefined && old.status !== 'Processing...')
  return oldestEnded <= 0 ? rows : rows.toSpliced(oldestEnded, 1)
}

/** The row as others see it. */
export function entryOf(row: Row): HistoryEntry {
  const { transaction, attempt, ...entry } = row
  return transaction === undefined && attempt === undefined ? row : entry
}
