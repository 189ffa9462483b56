import { z } from 'zod'
import { degenerate, readCertificateSet } from '../../../protocol/scep/index.js'
import { withOptions } from '../reply.js'
import { fault, type FaultTools, type Scope } from './behaviour.js'

const messages: Scope = { operation: 'PKIOperation' }

/** An intermediate CA issues, and its certificate is sent nowhere. */
export const chainMissing = fault(messages, {}, (_options, { relatives }) => async (exchange, next) => {
  const issuer = await relatives.intermediate()
  exchange.alterIssuing((order) => ({ ...order, issuer }))
  return next()
})

/** An intermediate CA issues; the chain comes in an order that means nothing, the certificate last, and so does GetCACert's set. */
export const chainShuffled = fault({}, {}, (_options, tools) => async (exchange, next) => {
  if (exchange.operation === 'GetCACert') {
    const answer = await next()
    return answer.kind === 'reply' ? { ...answer, body: reversedSet(answer.body) } : answer
  }
  if (exchange.operation !== 'PKIOperation') return next()
  const issuer = await tools.relatives.intermediate()
  exchange.alterIssuing((order) => ({ ...order, issuer }))
  exchange.alterReply((plan) => (plan.fields.status !== 'SUCCESS' ? plan : withOptions({
    ...plan, fields: { ...plan.fields, certificates: [...shuffled([tools.ca, issuer.certificate], tools), ...plan.fields.certificates] },
  }, { unsortedCertificates: true })))
  return next()
})

/**
 * The CA is about to be followed by another (RFC 8894 section 4.7): GetCACaps says GetNextCACert, which is answered.
 * `issuer`: who issues already; default the current CA.
 */
export const caRollover = fault({}, { issuer: z.enum(['current', 'next']).default('current') }, ({ issuer }, { relatives }) => async (exchange, next) => {
  const follower = await relatives.next()
  exchange.announceNextCa(follower.certificate)
  if (issuer === 'next') exchange.alterIssuing((order) => ({ ...order, issuer: follower }))
  return next()
})

/** A single certificate is no set, and stays. */
function reversedSet(body: Uint8Array): Uint8Array {
  try {
    return degenerate([...readCertificateSet(body).certificates].reverse(), [], 'given')
  } catch {
    return body
  }
}

function shuffled<Item>(items: readonly Item[], { chance }: Pick<FaultTools, 'chance'>): readonly Item[] {
  return items.map((item) => ({ item, at: chance() })).sort((a, b) => a.at - b.at).map(({ item }) => item)
}
