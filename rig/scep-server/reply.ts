import { buildCertRep, type CertRepFields, type CertRepOptions } from '../../protocol/scep/index.js'

/** A CertRep as it is about to be signed; faults alter it. */
export interface ReplyPlan {
  readonly fields: CertRepFields
  readonly options: Omit<CertRepOptions, 'recipientNonce'>
  /** The request's senderNonce, if the request had one and the script leaves it in. */
  readonly recipientNonce: Uint8Array | undefined
}

export function withOptions(plan: ReplyPlan, options: Partial<ReplyPlan['options']>): ReplyPlan {
  return { ...plan, options: { ...plan.options, ...options } }
}

/** @returns DER */
export function writeReply({ fields, options, recipientNonce }: ReplyPlan): Uint8Array {
  return buildCertRep(fields, recipientNonce === undefined ? options : { ...options, recipientNonce })
}
