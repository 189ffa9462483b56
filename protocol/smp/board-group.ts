/** Group 64, ours: sign-in, the one command set, and events. All payloads are sealed (`sealed.ts`). */
import * as z from 'zod'
import type { ErrorCode } from '../errors.js'

export const boardGroup = 64
export const boardCommand = { signIn: 0, command: 1, subscribe: 2, event: 3 } as const

/** Counts the requests of a client, so that the same request again is another one; the reply says which it answers. */
const number = z.int().min(0).max(0xffff_ffff)
/** What sign-in gave; it ends with the session, with the line, and with the board's run. */
const session = z.string().max(64)

export const signInRequest = z.strictObject({
  n: number,
  account: z.string().max(64),
  password: z.string().max(255),
  /** Sets the password of a new board; refused by one that has a password. */
  first: z.boolean().optional(),
})

export const commandRequest = z.strictObject({
  n: number,
  session,
  name: z.string().max(64),
  request: z.record(z.string(), z.unknown()),
  /** Whether what is being done is told by events. */
  progress: z.boolean().optional(),
})

export const eventLevels = ['debug', 'info', 'warn', 'error'] as const

export const subscribeRequest = z.strictObject({
  n: number,
  session,
  /** Lines of the log from this level on; `none` ends the subscription. */
  level: z.enum([...eventLevels, 'none']),
})

export const boardReply = z.discriminatedUnion('ok', [
  z.strictObject({ n: number, ok: z.literal(true), reply: z.record(z.string(), z.unknown()) }),
  z.strictObject({
    n: number,
    ok: z.literal(false),
    code: z.string(),
    message: z.string(),
    fix: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
])
export type BoardReply = z.infer<typeof boardReply>

/** The codes cross the wire as they are; a board may know one that this side does not. */
export function errorCodeOf(code: string): ErrorCode {
  return code as ErrorCode
}

export const boardEvent = z.strictObject({
  /** `progress` of a command, or a line of the log. */
  kind: z.enum(['progress', 'log']),
  /** Counts the events of a session from 0: a gap tells that some were lost. */
  sequence: number,
  boot: z.string(),
  /** The board's monotonic clock, whole milliseconds. */
  monotonic: z.int().min(0),
  level: z.enum(eventLevels),
  text: z.string(),
  /** The `n` of the command, for progress. */
  of: number.optional(),
})
export type BoardEvent = z.infer<typeof boardEvent>

/** `[monotonic ms, boot id, level] text` on one line. */
export function eventLine({ monotonic, boot, level, text }: BoardEvent): string {
  return `[${monotonic}, ${boot}, ${level}] ${text}`
}
