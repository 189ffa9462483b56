import type { FailInfo, NdesError, PkiMessage, ReceivedOperation } from '../../protocol/scep/index.js'
import type { Duration } from '../../protocol/time.js'
import type { HttpArrival } from '../platform/index.js'
import type { IssuingOrder } from './authority.js'
import type { ReplyPlan } from './reply.js'

/** An answer that needs no certificate. */
export type Verdict =
  | { readonly status: 'PENDING' }
  | { readonly status: 'FAILURE'; readonly failInfo: FailInfo; readonly failInfoText?: string; readonly ndes?: NdesError }

/** What the transcript says of an exchange beside its times. */
export interface ExchangeNotes {
  status?: 'SUCCESS' | 'FAILURE' | 'PENDING'
  failInfo?: FailInfo
  serial?: string
  reason?: string
}

/** One request on its way through the script's behaviours to the authority, and what they want done differently. */
export class Exchange {
  readonly arrival: HttpArrival
  readonly call: ReceivedOperation
  /** The message of a PKIOperation, read but not verified; undefined when it is none. */
  readonly request: PkiMessage | undefined
  /** Waits on the server's clock; ends early when the server is being closed. */
  readonly wait: (name: string, duration: Duration) => Promise<void>
  /** Names of the faults that took part. */
  readonly faults: string[] = []
  readonly notes: ExchangeNotes = {}
  #verdict: Verdict | undefined
  #nextCa: Uint8Array | undefined
  readonly #issuing: ((order: IssuingOrder) => IssuingOrder)[] = []
  readonly #reply: ((plan: ReplyPlan) => ReplyPlan)[] = []

  constructor(options: { readonly arrival: HttpArrival; readonly call: ReceivedOperation; readonly request: PkiMessage | undefined; readonly wait: Exchange['wait'] }) {
    this.arrival = options.arrival
    this.call = options.call
    this.request = options.request
    this.wait = options.wait
  }

  get operation(): string {
    return this.call.operation
  }

  get messageType(): string | undefined {
    return this.request?.messageType
  }

  get transactionId(): string | undefined {
    return this.request?.transactionId
  }

  /** PKCSReq, RenewalReq and CertPoll: the messages that may be put off. */
  get asksForCertificate(): boolean {
    return ['PKCSReq', 'RenewalReq', 'CertPoll'].includes(this.messageType ?? '')
  }

  /** Answers so instead of issuing; the request must still be in order, and the first verdict stands. */
  decide(verdict: Verdict): void {
    this.#verdict ??= verdict
  }

  get verdict(): Verdict | undefined {
    return this.#verdict
  }

  /** Lets the server tell of the CA that is to follow. @param certificate DER */
  announceNextCa(certificate: Uint8Array): void {
    this.#nextCa = certificate
  }

  get nextCa(): Uint8Array | undefined {
    return this.#nextCa
  }

  /** Changes what goes into the certificate, if one is issued. */
  alterIssuing(change: (order: IssuingOrder) => IssuingOrder): void {
    this.#issuing.push(change)
  }

  /** Changes the CertRep before it is signed, if there is one. */
  alterReply(change: (plan: ReplyPlan) => ReplyPlan): void {
    this.#reply.push(change)
  }

  alteredOrder(order: IssuingOrder): IssuingOrder {
    return this.#issuing.reduce((current, change) => change(current), order)
  }

  alteredReply(plan: ReplyPlan): ReplyPlan {
    return this.#reply.reduce((current, change) => change(current), plan)
  }
}
