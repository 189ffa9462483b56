import { z } from 'zod'
import { contentTypes } from '../../../protocol/scep/index.js'
import { withOptions, type ReplyPlan } from '../reply.js'
import { fault, type FaultKind, type FaultTools, type Scope } from './behaviour.js'

const messages: Scope = { operation: 'PKIOperation' }

/** A fault that changes the reply before it is signed. */
const altered = (alter: (plan: ReplyPlan, tools: FaultTools) => ReplyPlan): FaultKind => fault(messages, {}, (_options, tools) => (exchange, next) => {
  exchange.alterReply((plan) => alter(plan, tools))
  return next()
})
const otherOptions = (choose: (tools: FaultTools) => Partial<ReplyPlan['options']>): FaultKind => altered((plan, tools) => withOptions(plan, choose(tools)))

export const wrongNonce = altered((plan, { bytes }) => ({ ...plan, recipientNonce: bytes(16) }))

/** The first half of the right nonce. */
export const shortNonce = altered((plan) => ({ ...plan, recipientNonce: plan.recipientNonce?.slice(0, 8) }))

/** No recipientNonce at all. */
export const noNonce = altered((plan) => ({ ...plan, recipientNonce: undefined }))

export const otherTransaction = otherOptions(({ bytes }) => ({ transactionId: Buffer.from(bytes(16)).toString('hex') }))

/** Signed by a key under a name of its own. */
export const otherSigner = fault(messages, {}, (_options, { strangers }) => async (exchange, next) => {
  const { signer } = await strangers.stranger()
  exchange.alterReply((plan) => withOptions(plan, { signer }))
  return next()
})

/** Signed by another key under the name and serial number of the right one. */
export const lookAlikeSigner = fault(messages, {}, (_options, { strangers }) => async (exchange, next) => {
  const signer = await strangers.lookAlike()
  exchange.alterReply((plan) => withOptions(plan, { signer }))
  return next()
})

/** The signer's certificate is left out, as NDES does (C-10). */
export const noCerts = otherOptions(() => ({ includeSigner: false }))

/** FAILURE and PENDING carry one zero byte, as with NDES (C-12). */
export const oneByteContent = otherOptions(() => ({ emptyContent: 'zero-byte' }))

export const desReply = otherOptions(() => ({ cipher: 'des-cbc' }))
export const tripleDesReply = otherOptions(() => ({ cipher: 'des-ede3-cbc' }))
export const sha1Reply = otherOptions(() => ({ digest: 'sha1' }))
export const unsortedAttributes = otherOptions(() => ({ unsortedAttributes: true }))

/** Without a senderNonce, as some servers do (C-8). */
export const noSenderNonce = altered((plan) => {
  const options = { ...plan.options }
  Reflect.deleteProperty(options, 'senderNonce')
  return { ...plan, options }
})

/** A signingTime of long ago; nobody is judged by it (C-22). */
export const oldSigningTime = otherOptions(() => ({ signingTime: Date.UTC(1999, 0, 1) }))

/** Indefinite lengths, and strings in pieces, as senders write that stream (C-18). */
export const ber = otherOptions(() => ({ streamed: true }))

/** The signed content is said to be EnvelopedData and not data. */
export const wrongContentType = otherOptions(() => ({ contentType: contentTypes.envelopedData }))

/** `status`: pkiStatus as it is written; no standard has it. */
export const unknownStatus = fault(messages, { status: z.string().max(20).default('7') }, ({ status }) => (exchange, next) => {
  exchange.alterReply((plan) => withOptions(plan, { statusText: status }))
  return next()
})

export const oaepReply = fault(messages, { digest: z.enum(['sha1', 'sha256']).default('sha1') }, ({ digest }) => (exchange, next) => {
  exchange.alterReply((plan) => withOptions(plan, { keyTransport: digest === 'sha1' ? 'oaep' : 'oaep-sha256' }))
  return next()
})

/** The answer to an earlier message instead of this one's; the first has none earlier and passes. */
export const replay = fault(messages, {}, () => {
  let earlier: Uint8Array | undefined
  return async (_exchange, next) => {
    const answer = await next()
    if (answer.kind !== 'reply' || answer.status !== 200) return answer
    const body = earlier ?? answer.body
    earlier ??= answer.body
    return { ...answer, body }
  }
})
