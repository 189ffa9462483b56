import { z } from 'zod'
import { milliseconds, type Duration } from '../../../protocol/time.js'
import type { HttpReply } from '../../platform/index.js'
import { textReply } from '../text-reply.js'
import { fault, type FaultTools } from './behaviour.js'

/** Seconds: one number, or `[low, high]` drawn anew each time by the script's seed. */
const spanOfSeconds = z.union([z.number().min(0).max(3600), z.tuple([z.number().min(0).max(3600), z.number().min(0).max(3600)])])

function drawn(span: z.infer<typeof spanOfSeconds>, chance: () => number): Duration {
  const [low, high] = typeof span === 'number' ? [span, span] : span
  return milliseconds((low + (high - low) * chance()) * 1000)
}

/** The connection ends in order, without an answer. (A listener that is not there at all is the server closed.) */
export const refuse = fault({}, {}, () => () => Promise.resolve({ kind: 'close' }))

export const reset = fault({}, {}, () => () => Promise.resolve({ kind: 'reset' }))

/** `seconds`: the exchange is handled only then; what it does is done late as well, as on a busy server. */
export const delay = fault({}, { seconds: spanOfSeconds }, ({ seconds }, { chance }) => async (exchange, next) => {
  await exchange.wait('scep-server: delay by script', drawn(seconds, chance))
  return next()
})

/** `retryAfter`: seconds, sent as the header Retry-After. */
export const httpStatus = fault({}, { status: z.int().min(400).max(599), retryAfter: z.int().min(0).optional() }, ({ status, retryAfter }) => () =>
  Promise.resolve(textReply(status, `status ${status} by script\n`, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) })))

export const redirect = fault({}, { to: z.string().default('http://127.0.0.1:1/elsewhere'), status: z.int().min(301).max(308).default(302) }, ({ to, status }) => () =>
  Promise.resolve(textReply(status, '', { location: to })))

/** The answer comes in so many equal pieces, spread evenly over `seconds`. */
export const slowBody = fault({}, { seconds: spanOfSeconds, pieces: z.int().min(2).max(1000).default(10) }, ({ seconds, pieces }, { chance }: FaultTools) =>
  async (_exchange, next) => onReply(await next(), (reply) => ({
    ...reply,
    pace: { bytes: Math.max(1, Math.ceil(reply.body.length / pieces)), every: milliseconds(drawn(seconds, chance) / (pieces - 1)) },
  })))

/** Half of the promised bytes, then a reset. */
export const halfReply = fault({}, {}, () => async (_exchange, next) => onReply(await next(), (reply) => ({ ...reply, cutAfter: Math.floor(reply.body.length / 2) })))

export const wrongMime = fault({}, { type: z.string().default('text/plain; charset=utf-8') }, ({ type }) => async (_exchange, next) =>
  onReply(await next(), (reply) => ({ ...reply, headers: { ...reply.headers, 'content-type': type } })))

/** As many bytes as before, all random. */
export const garbageCms = fault({ operation: 'PKIOperation' }, {}, (_options, { bytes }) => async (_exchange, next) =>
  onReply(await next(), (reply) => ({ ...reply, body: bytes(reply.body.length) })))

/** `mebibytes` of zeros after the answer. */
export const huge = fault({}, { mebibytes: z.int().min(1).max(64).default(2) }, ({ mebibytes }) => async (_exchange, next) =>
  onReply(await next(), (reply) => ({ ...reply, body: Buffer.concat([reply.body, new Uint8Array(mebibytes * 2 ** 20)]) })))

/** The answer to GetCACaps that some servers give: a page for people. */
export const htmlCaps = fault({ operation: 'GetCACaps' }, {}, () => () =>
  Promise.resolve(textReply(200, '<!DOCTYPE html>\n<html><body><h1>AES is fine, SHA-256 too</h1></body></html>\n', { 'content-type': 'text/html' })))

export const emptyCaps = fault({ operation: 'GetCACaps' }, {}, () => () => Promise.resolve(textReply(200, '')))

/** Blank lines and CRLF between the words mean nothing. */
export const blankLineCaps = fault({ operation: 'GetCACaps' }, {}, () => async (_exchange, next) =>
  onReply(await next(), (reply) => ({ ...reply, body: Buffer.from(Buffer.from(reply.body).toString('latin1').replaceAll('\n', '\r\n\r\n')) })))

function onReply<Answer extends { readonly kind: string }>(answer: Answer | HttpReply, change: (reply: HttpReply) => HttpReply): Answer | HttpReply {
  return answer.kind === 'reply' ? change(answer as HttpReply) : answer
}
