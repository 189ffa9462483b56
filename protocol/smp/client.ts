import { PlatenError } from '../errors.js'
import { milliseconds, seconds, type Clock, type Duration, type Timer } from '../time.js'
import { answers, isRequest, readMessage, writeMessage, type Message, type MessageHeader } from './message.js'
import { readPayload, writePayload, type Fields, type Payload } from './payload.js'
import { readRefusal, type Refusal } from './refusal.js'

/** Waits before the same bytes are sent again; the last one repeats. */
const waits: readonly Duration[] = [
  milliseconds(500), // sum 0.5 s
  seconds(1), //        sum 1.5 s
  seconds(2), //        sum 3.5 s
  seconds(5), //        sum 8.5 s, and 5 s more with each
]

/** A file with a key is still on its way when a short request has its reply. 115,200 baud carry 8 bytes of a packet in a millisecond. */
function timeOnTheLine(length: number): number {
  return length < 2048 ? 0 : Math.ceil(length / 8)
}

export interface SmpClientOptions {
  /** Puts a packet on the line; it may be lost. */
  readonly send: (packet: Uint8Array<ArrayBuffer>) => void
  readonly clock: Clock
  /** 0–255, best drawn at random: a server that remembers another client's requests must not take these for them. */
  readonly firstSequence?: number
  /** Default 1, the second version of SMP. */
  readonly version?: 0 | 1
  /** Told what the server sends without being asked. */
  readonly onEvent?: (message: Message) => void
}

export interface SmpRequest<Result> {
  readonly operation: 'read' | 'write'
  readonly group: number
  readonly id: number
  readonly payload?: (header: MessageHeader) => Fields
  /** For the whole exchange, with all that is sent again. */
  readonly deadline: Duration
  /** Reads a reply that fits by its header; where it gives undefined, the reply is passed over. */
  readonly read: (payload: Payload, header: MessageHeader) => Result | undefined
}

interface Waiting {
  readonly request: Message
  readonly take: (reply: Message) => void
  readonly fail: (error: PlatenError) => void
  again: Timer | undefined
}

/**
 * Asks an SMP server. A request that is not answered is sent again as the very same bytes, so that a server can tell
 * it from a new one; a reply counts only for the request with its sequence number, group, command and operation.
 */
export class SmpClient {
  readonly #options: SmpClientOptions
  readonly #waiting = new Map<number, Waiting>()
  #sequence: number
  #closed: PlatenError | undefined

  constructor(options: SmpClientOptions) {
    this.#options = options
    this.#sequence = options.firstSequence ?? 0
  }

  /** Takes each packet that came. */
  take(packet: Uint8Array): void {
    const message = readMessage(packet)
    if (message === undefined || isRequest(message)) return
    const waiting = this.#waiting.get(message.sequence)
    if (waiting !== undefined && answers(message, waiting.request)) waiting.take(message)
    else this.#options.onEvent?.(message)
  }

  /** @throws timed-out, connect-failed when the client was closed; Refusal when SMP itself says no */
  async request<Result>(request: SmpRequest<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw this.#closed
    const { clock, version = 1 } = this.#options
    const sequence = this.#freeSequence()
    const header: MessageHeader = { operation: request.operation, version, flags: 0, group: request.group, sequence, id: request.id }
    const message: Message = { ...header, data: writePayload(request.payload?.(header) ?? {}) }
    let deadline: Timer | undefined
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#waiting.set(sequence, { request: message, take: (reply) => settle(reply, request, resolve, reject), fail: reject, again: undefined })
        deadline = clock.after('reply by frames', request.deadline, () => reject(timedOut(request)))
        this.#sendAgain(sequence, writeMessage(message), 0)
      })
    } finally {
      deadline?.cancel()
      this.#waiting.get(sequence)?.again?.cancel()
      this.#waiting.delete(sequence)
    }
  }

  /** Ends all that is waited for with this error. */
  close(reason = new PlatenError('connect-failed', 'The serial line was closed.')): void {
    this.#closed = reason
    for (const { fail } of this.#waiting.values()) fail(reason)
  }

  #sendAgain(sequence: number, packet: Uint8Array<ArrayBuffer>, step: number): void {
    this.#options.send(packet)
    const waiting = this.#waiting.get(sequence)
    const wait = milliseconds((waits[Math.min(step, waits.length - 1)] ?? seconds(5)) + timeOnTheLine(packet.length))
    if (waiting !== undefined) waiting.again = this.#options.clock.after('send frames again', wait, () => this.#sendAgain(sequence, packet, step + 1))
  }

  #freeSequence(): number {
    for (let tries = 0; tries < 256; tries += 1) {
      const sequence = this.#sequence
      this.#sequence = (this.#sequence + 1) % 256
      if (!this.#waiting.has(sequence)) return sequence
    }
    throw new PlatenError('busy', '256 requests wait for their replies.', { fix: 'Wait for one of them.' })
  }
}

function settle<Result>(reply: Message, { read }: SmpRequest<Result>, resolve: (result: Result) => void, reject: (refusal: Refusal) => void): void {
  const payload = readPayload(reply.data)
  if (payload === undefined) return
  const refusal = readRefusal(payload)
  const result = refusal === undefined ? read(payload, reply) : undefined
  if (refusal !== undefined) reject(refusal)
  else if (result !== undefined) resolve(result)
}

function timedOut({ deadline, group, id }: SmpRequest<unknown>): PlatenError {
  return new PlatenError('timed-out', `The board did not answer by frames within ${deadline / 1000} s.`, {
    facts: { group, id }, fix: 'Check that the line leads to a board and that no other program reads it.',
  })
}
