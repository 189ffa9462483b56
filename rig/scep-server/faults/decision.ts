import { z } from 'zod'
import { days, minutes } from '../../../protocol/time.js'
import { fault, type Scope } from './behaviour.js'

const enrolment: Scope = { operation: 'PKIOperation' }
const failInfo = z.enum(['badAlg', 'badMessageCheck', 'badRequest', 'badTime', 'badCertId'])

/** `times`: so many answers PENDING for each transaction, then what the server would have answered. */
export const pending = fault(enrolment, { times: z.int().min(1).default(1) }, ({ times }) => {
  const given = new Map<string, number>()
  return (exchange, next) => {
    const transaction = exchange.transactionId ?? ''
    const before = given.get(transaction) ?? 0
    if (before >= times || !exchange.asksForCertificate) return 'pass'
    given.set(transaction, before + 1)
    exchange.decide({ status: 'PENDING' })
    return next()
  }
})

export const pendingForever = fault(enrolment, {}, () => (exchange, next) => {
  if (!exchange.asksForCertificate) return 'pass'
  exchange.decide({ status: 'PENDING' })
  return next()
})

/** `text`: failInfoText. */
export const fail = fault(enrolment, { info: failInfo.default('badRequest'), text: z.string().max(255).optional() }, ({ info, text }) => (exchange, next) => {
  exchange.decide({ status: 'FAILURE', failInfo: info, ...text === undefined ? {} : { failInfoText: text } })
  return next()
})

/** `code`: HRESULT, such as 0x80094800; `text`: as Windows words it. */
export const ndesError = fault(enrolment, { code: z.int().min(0).max(0xffffffff).default(0x8009_4800), text: z.string().max(255).optional() }, ({ code, text }) => (exchange, next) => {
  exchange.decide({ status: 'FAILURE', failInfo: 'badRequest', ndes: { code: String(code), ...text === undefined ? {} : { text } } })
  return next()
})

/** The certificate is for another key than the one in the request. */
export const wrongKeyCert = fault(enrolment, {}, (_options, { strangers }) => async (exchange, next) => {
  const { publicKey } = await strangers.stranger()
  exchange.alterIssuing((order) => ({ ...order, publicKey }))
  return next()
})

/** `days`: so long until it becomes valid. */
export const notYetValid = fault(enrolment, { days: z.number().min(0.01).max(3650).default(30) }, ({ days: wait }) => (exchange, next) => {
  exchange.alterIssuing((order) => ({ ...order, notBefore: order.notBefore + days(wait), notAfter: order.notAfter + days(wait) }))
  return next()
})

/** It ended a minute before it was issued. */
export const expired = fault(enrolment, {}, () => (exchange, next) => {
  exchange.alterIssuing((order) => ({ ...order, notBefore: order.notBefore - days(30), notAfter: order.notBefore - minutes(1) }))
  return next()
})
