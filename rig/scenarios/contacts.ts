import type { ExchangeRecord } from '../scep-server/index.js'

/** One time that a board turned to the server: it asks for capabilities first, and all that follows belongs to it. Monotonic ms. */
export interface Contact {
  /** First byte of the first request: what the board did at its due time. */
  readonly at: number
  /** Last byte of the last answer. */
  readonly answered: number
  /** PKCSReq, RenewalReq or CertPoll; absent when it did not come to that. */
  readonly message?: string
  readonly transactionId?: string
  readonly status?: 'SUCCESS' | 'FAILURE' | 'PENDING'
  /** Of the last answer. */
  readonly httpStatus?: number
  /** Of the certificate that was issued, hex. */
  readonly serial?: string
}

/** @param exchanges of one board, in the order of the transcript */
export function contactsOf(exchanges: readonly ExchangeRecord[]): readonly Contact[] {
  const contacts: Contact[] = []
  for (const exchange of exchanges) {
    const { at, operation, messageType, transactionId, status, httpStatus, serial } = exchange
    const before = operation === 'GetCACaps' ? undefined : contacts.pop()
    contacts.push({
      ...before,
      at: before?.at ?? at.firstByte,
      answered: at.sent ?? at.body,
      ...(messageType === undefined ? {} : { message: messageType }),
      ...(transactionId === undefined ? {} : { transactionId }),
      ...(status === undefined ? {} : { status }),
      ...(httpStatus === undefined ? {} : { httpStatus }),
      ...(serial === undefined ? {} : { serial }),
    })
  }
  return contacts
}
