/** What devices publish, as JSON. Never a key, a challenge or a password. Times: `monotonic` is milliseconds since boot id's origin. */
import * as z from 'zod'
import { PlatenError, type ErrorCode } from '../errors.js'

/** From which boot a message is, and when. */
const stamp = {
  bootId: z.string(),
  /** Clock.monotonic() when it happened, whole milliseconds. */
  monotonic: z.number(),
}

/** `state`. The will says `lost`; a device that ends in good order says `off` with its reason. */
export const statePayload = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('online'), ...stamp }),
  z.strictObject({ state: z.literal('off'), reason: z.enum(['stopped', 'restart', 'identity taken away']), ...stamp }),
  z.strictObject({ state: z.literal('lost'), bootId: z.string() }),
])
export type StatePayload = z.output<typeof statePayload>

/** `info`: what does not change while the device runs. */
export const infoPayload = z.strictObject({ product: z.string(), version: z.string(), model: z.string(), bootId: z.string(), restartReason: z.string() })
export type InfoPayload = z.output<typeof infoPayload>

const isoDate = z.string()

/** `cert`: the newest request, and the certificate of each use. Dates are ISO 8601 in UTC. */
export const certPayload = z.strictObject({
  /** Of the newest request: a text of Certificate Issuance Request Status; `none` before the first one. */
  status: z.string(),
  details: z.string(),
  /** Of the certificate that serves TLS, lower-case hex. */
  serial: z.string().optional(),
  notAfter: isoDate.optional(),
  nextPollAt: isoDate.optional(),
  uses: z.array(z.strictObject({ use: z.string(), serial: z.string(), notAfter: isoDate })),
})
export type CertPayload = z.output<typeof certPayload>

/**
 * `evt/{kind}`; `evt/progress` has the Correlation Data of its command, whose verb and controller are among the facts.
 * Numbers grow by one with each event of a boot, over all kinds: a gap is an event that was lost.
 */
export const eventPayload = z.strictObject({ ...stamp, sequence: z.number(), facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) })
export type EventPayload = z.output<typeof eventPayload>

/** The answer to a command; the same for each replay. */
export const replyPayload = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), verb: z.string(), reply: z.record(z.string(), z.unknown()), ...stamp }),
  z.strictObject({
    ok: z.literal(false), verb: z.string(), code: z.string().transform((code) => code as ErrorCode), message: z.string(), fix: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), ...stamp,
  }),
])
export type ReplyPayload = z.output<typeof replyPayload>

/** Largest payload that is read, bytes. */
export const payloadLimit = 256 * 1024

/**
 * Reads what a device published.
 * @throws bad-response when it is not what the schema says
 */
export function readPayload<Schema extends z.ZodType>(schema: Schema, payload: Uint8Array): z.output<Schema> {
  const value = payload.length > payloadLimit ? undefined : jsonOf(payload)
  const result = schema.safeParse(value, { error: () => 'refused' })
  if (result.success) return result.data
  throw new PlatenError('bad-response', 'a message over MQTT is not what this version writes', { facts: { bytes: payload.length }, fix: 'Compare the versions of device and controller.' })
}

export function writePayload(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** The value of UTF-8 JSON; undefined when it is none. */
export function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as unknown
  } catch {
    return undefined
  }
}
