import { openEnvelope, decodeOperation, readCsr, readPkiMessage, type CipherName, type Csr, type Opened, type PkiMessage, type Signer } from '../../protocol/scep/index.js'
import type { HttpArrival, HttpHandler, ListenHttp } from '../platform/index.js'
import type { ExchangeRecord } from '../scep-server/index.js'

/** One exchange with all that came in; the server's own record of it follows when it has ended. */
export interface Observed {
  readonly arrival: HttpArrival
  /** `?` when it is none of SCEP. */
  readonly operation: string
  /** The message of a PKIOperation, unless it cannot be read. */
  readonly message: PkiMessage | undefined
  /** The envelope, opened with the authority's key. */
  readonly opened: Opened | undefined
  readonly csr: Csr | undefined
  record?: ExchangeRecord
}

const readable: ReadonlySet<CipherName> = new Set(['aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'des-ede3-cbc', 'des-cbc'])

/** Looks over a server's shoulder: every request as it came in, opened. */
export class Witness {
  readonly seen: Observed[] = []
  /** Opens the envelopes; set once the server has its keys. */
  holder: Signer | undefined

  /** Listens as the given one does, and sees all. */
  around(listen: ListenHttp): ListenHttp {
    return (options) => listen({ ...options, handler: this.#over(options.handler) })
  }

  readonly take = (record: ExchangeRecord): void => {
    // In virtual time several exchanges of one client share their instant; they end in the order in which they came.
    const own = this.seen.find((seen) => seen.record === undefined && seen.operation === record.operation
      && seen.arrival.peer === record.peer && seen.arrival.stamps.firstByte === record.at.firstByte)
    if (own !== undefined) own.record = record
  }

  #over(handler: HttpHandler): HttpHandler {
    return {
      answer: (arrival) => {
        this.seen.push(this.#observe(arrival))
        return handler.answer(arrival)
      },
      sent: (arrival, at) => handler.sent(arrival, at),
    }
  }

  #observe(arrival: HttpArrival): Observed {
    const call = attempt(() => decodeOperation(arrival.method, arrival.target, arrival.body))
    const message = call?.operation === 'PKIOperation' ? attempt(() => readPkiMessage(call.message)) : undefined
    const holder = this.holder
    const opened = message === undefined || holder === undefined ? undefined : attempt(() => openEnvelope(message, holder, { ciphers: readable, random: (count) => new Uint8Array(count) }))
    return { arrival, operation: call?.operation ?? '?', message, opened, csr: opened === undefined ? undefined : attempt(() => readCsr(opened.content)) }
  }
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** `POST PKIOperation PKCSReq, sha256, aes128-cbc, transaction 5f…, nonce 3a… → SUCCESS [fault pending]`: what proves a finding. */
export function displayObserved({ arrival, operation, message, opened, record }: Observed): string {
  const hex = (bytes: Uint8Array | undefined): string => (bytes === undefined ? 'none' : `${Buffer.from(bytes).toString('hex').slice(0, 8)}… (${bytes.length} bytes)`)
  const said = message === undefined ? [] : [
    message.messageType, message.digest, ...(opened === undefined ? ['envelope not readable'] : [opened.cipher, opened.keyTransport]),
    `transaction ${(message.transactionId ?? 'none').slice(0, 44)}`, `nonce ${hex(message.senderNonce)}`,
  ]
  const outcome = record === undefined ? 'unanswered' : [
    record.status ?? (record.httpStatus === undefined ? 'no answer' : `HTTP ${record.httpStatus}`), record.failInfo, record.reason === undefined ? undefined : `(${record.reason})`,
  ].filter((word) => word !== undefined).join(' ')
  const faults = record === undefined || record.faults.length === 0 ? '' : ` [fault ${record.faults.join(', ')}]`
  return `${arrival.method} ${operation}${said.length === 0 ? '' : ` ${said.join(', ')}`} → ${outcome}${faults}`
}
