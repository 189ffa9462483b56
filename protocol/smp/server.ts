import { createHash } from 'node:crypto'
import { isRequest, readMessage, replyHeader, writeMessage, type Message, type MessageHeader } from './message.js'
import { readPayload, writePayload, type Fields, type Payload } from './payload.js'
import { Refusal, refusalPayload } from './refusal.js'

export interface SmpServerOptions {
  /** Puts a packet on the line. */
  readonly send: (packet: Uint8Array<ArrayBuffer>) => void
  /**
   * Does what a request asks.
   * @returns the payload of the reply
   * @throws Refusal; anything else is answered as `unknown`
   */
  readonly handle: (header: MessageHeader, payload: Payload) => Promise<Fields> | Fields
  /** Told what `handle` threw that is no Refusal. */
  readonly onMistake?: (error: unknown) => void
}

/** Requests at work at the same time. */
export const parallelLimit = 4

/** Replies kept for requests that are sent again. */
const keptReplies = 16
const keptBytes = 256 * 1024

/**
 * Answers SMP requests. The same bytes again, among the last 16 requests, are a request sent again: they get the same
 * reply and do nothing twice; while the first is at work they get none, for its own reply is to come.
 */
export class SmpServer {
  readonly #options: SmpServerOptions
  /** By a digest, for a request may hold a secret; undefined while at work. */
  readonly #replies = new Map<string, Uint8Array<ArrayBuffer> | undefined>()
  #working = 0

  constructor(options: SmpServerOptions) {
    this.#options = options
  }

  /** Takes each packet that came; settles when it is answered. */
  async take(packet: Uint8Array): Promise<void> {
    const request = readMessage(packet)
    if (request === undefined || !isRequest(request)) return
    const key = createHash('sha256').update(packet).digest('base64')
    if (this.#replies.has(key)) {
      const reply = this.#replies.get(key)
      if (reply !== undefined) this.#options.send(reply)
      return
    }
    if (this.#working >= parallelLimit) {
      this.#options.send(writeReply(request, refusalPayload(new Refusal('busy'), request.version)))
      return
    }
    this.#replies.set(key, undefined)
    this.#working += 1
    const reply = writeReply(request, await this.#answer(request))
    this.#working -= 1
    this.#keep(key, reply)
    this.#options.send(reply)
  }

  /** Forgets the replies: what comes now is no repetition. */
  forget(): void {
    for (const [key, reply] of this.#replies) if (reply !== undefined) this.#replies.delete(key)
  }

  async #answer(request: Message): Promise<Fields> {
    try {
      const payload = readPayload(request.data)
      if (payload === undefined) throw new Refusal('invalid-value')
      return await this.#options.handle(request, payload)
    } catch (error) {
      if (!(error instanceof Refusal)) this.#options.onMistake?.(error)
      return refusalPayload(error instanceof Refusal ? error : new Refusal('unknown'), request.version)
    }
  }

  #keep(key: string, reply: Uint8Array<ArrayBuffer>): void {
    this.#replies.delete(key)
    this.#replies.set(key, reply)
    const done = [...this.#replies].filter(([, kept]) => kept !== undefined)
    let bytes = done.reduce((sum, [, kept]) => sum + (kept?.length ?? 0), 0)
    for (const [index, [oldest, kept]] of done.entries()) {
      if (done.length - index <= keptReplies && bytes <= keptBytes) break
      this.#replies.delete(oldest)
      bytes -= kept?.length ?? 0
    }
  }
}

function writeReply(request: Message, payload: Fields): Uint8Array<ArrayBuffer> {
  return writeMessage({ ...replyHeader(request), data: writePayload(payload) })
}
