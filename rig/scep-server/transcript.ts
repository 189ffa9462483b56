import type { ArrivalStamps } from '../platform/index.js'

/**
 * One exchange as the server saw it (scep.md S-6). Times are milliseconds of the server's one monotonic clock.
 * There is no field for a challenge, a key or a message body, so none can get in.
 */
export interface ExchangeRecord {
  /** Counts from 1; the order in which exchanges ended. */
  readonly sequence: number
  /** `sent`: the last byte of the answer went out; absent when the client left before. */
  readonly at: ArrivalStamps & { readonly sent?: number }
  readonly peer: string
  readonly method: string
  /** `?` when the request named none. */
  readonly operation: string
  readonly messageType?: string
  readonly transactionId?: string
  readonly httpStatus?: number
  readonly status?: 'SUCCESS' | 'FAILURE' | 'PENDING'
  readonly failInfo?: string
  /** Serial number of the certificate that was sent, hex. */
  readonly serial?: string
  /** Why a request was refused, for the operator; the client is told failInfo only. */
  readonly reason?: string
  /** Faults that had a hand in it, in the order of the script. */
  readonly faults: readonly string[]
  readonly requestBytes: number
  readonly answerBytes: number
}

export type ExchangeListener = (record: ExchangeRecord) => void

/** Bounded, so that a server under load for days does not grow. */
const kept = 10_000

/** The witness of a run: every exchange, in the order in which they ended. */
export class Transcript {
  readonly #listeners = new Set<ExchangeListener>()
  readonly #records: ExchangeRecord[] = []
  #sequence = 0

  /** The newest 10,000 at most, oldest first. */
  get records(): readonly ExchangeRecord[] {
    return this.#records
  }

  add(record: Omit<ExchangeRecord, 'sequence'>): void {
    this.#sequence += 1
    const numbered = { sequence: this.#sequence, ...record }
    this.#records.push(numbered)
    if (this.#records.length > kept) this.#records.shift()
    for (const listener of this.#listeners) listener(numbered)
  }

  /** @returns ends the subscription */
  subscribe(listener: ExchangeListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** One line for a person: `#3 PKIOperation PKCSReq → SUCCESS serial 5f… (12 ms)`. */
export function displayExchange(record: ExchangeRecord): string {
  const { at, operation, messageType, status, failInfo, serial, reason, httpStatus, faults } = record
  const outcome = [
    status ?? (httpStatus === undefined ? 'no answer' : `HTTP ${httpStatus}`),
    failInfo,
    serial === undefined ? undefined : `serial ${serial}`,
    reason === undefined ? undefined : `(${reason})`,
  ]
  const took = at.sent === undefined ? 'client left' : `${(at.sent - at.firstByte).toFixed(1)} ms`
  const fault = faults.length === 0 ? undefined : `fault ${faults.join(', ')}`
  return [`#${record.sequence}`, record.peer, operation, messageType, '→', ...outcome, `[${[took, fault].filter(Boolean).join('; ')}]`]
    .filter((word) => word !== undefined).join(' ')
}
