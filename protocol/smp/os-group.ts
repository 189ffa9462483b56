/** Group 0 of SMP: what every device answers. */
import type { Payload, Writable } from './payload.js'
import { Refusal } from './refusal.js'
import type { MessageHeader } from './message.js'

export const osGroup = 0
export const osCommand = { echo: 0, reset: 5, parameters: 6 } as const

export interface OsGroupOptions {
  /** Longest request that is taken, bytes. */
  readonly bufferSize: number
  /** Requests that are worked on at the same time. */
  readonly bufferCount: number
  /** @throws Refusal */
  readonly reset: () => Promise<void>
}

/** @throws Refusal */
export async function answerOsGroup({ operation, id }: MessageHeader, payload: Payload, { bufferSize, bufferCount, reset }: OsGroupOptions): Promise<Readonly<Record<string, Writable>>> {
  if (id === osCommand.echo) {
    const text = payload['d']
    if (typeof text !== 'string') throw new Refusal('invalid-value')
    return { r: text }
  }
  if (id === osCommand.parameters && operation === 'read') return { buf_size: bufferSize, buf_count: bufferCount }
  if (id === osCommand.reset && operation === 'write') {
    await reset()
    return {}
  }
  throw new Refusal('not-supported')
}
