import { PlatenError } from '../../protocol/errors.js'
import { decodeOperation, limits, readPkiMessage, type PkiMessage } from '../../protocol/scep/index.js'
import type { Clock, Duration } from '../../protocol/time.js'
import type { HttpAnswer, HttpArrival, HttpHandler } from '../platform/index.js'
import { Exchange } from './exchange.js'
import type { Behaviour } from './faults/index.js'
import { textReply } from './text-reply.js'
import type { Transcript } from './transcript.js'

interface Handled {
  readonly operation: string
  readonly exchange: Exchange | undefined
  readonly answer: HttpAnswer
}

/** Who answers an exchange when no behaviour has. */
type Last = (exchange: Exchange) => Promise<HttpAnswer>

/** Between HTTP and whoever answers: decodes, runs the script's behaviours, and writes the transcript. */
export class Front implements HttpHandler {
  readonly #clock: Clock
  readonly #last: Last
  readonly #transcript: Transcript
  readonly #handled = new Map<HttpArrival, Handled>()
  /** What waits now, and how to let it give up. */
  readonly #waiting = new Set<() => void>()
  #ended = false
  behaviours: readonly Behaviour[] = []

  constructor({ clock, last }: { readonly clock: Clock; readonly last: Last }, transcript: Transcript) {
    this.#clock = clock
    this.#last = last
    this.#transcript = transcript
  }

  async answer(arrival: HttpArrival): Promise<HttpAnswer> {
    const refused = this.#refusal(arrival)
    const exchange = refused === undefined ? this.#decode(arrival) : undefined
    const answer = refused ?? (exchange === undefined ? textReply(400, 'not a SCEP operation\n') : await this.#run(exchange))
    this.#handled.set(arrival, { operation: exchange?.operation ?? '?', exchange, answer })
    return answer
  }

  sent(arrival: HttpArrival, at: number | undefined): void {
    const handled = this.#handled.get(arrival)
    this.#handled.delete(arrival)
    const { exchange, answer } = handled ?? {}
    this.#transcript.add({
      at: { ...arrival.stamps, ...at === undefined ? {} : { sent: at } },
      peer: arrival.peer,
      method: arrival.method,
      operation: handled?.operation ?? '?',
      ...exchange?.messageType === undefined ? {} : { messageType: exchange.messageType },
      ...exchange?.transactionId === undefined ? {} : { transactionId: exchange.transactionId },
      ...answer?.kind === 'reply' ? { httpStatus: answer.status } : {},
      ...exchange?.notes,
      faults: exchange?.faults ?? [],
      requestBytes: arrival.body.length,
      answerBytes: answer?.kind === 'reply' ? Math.min(answer.cutAfter ?? answer.body.length, answer.body.length) : 0,
    })
  }

  #refusal({ method, tooLarge }: HttpArrival): HttpAnswer | undefined {
    if (tooLarge) return textReply(413, `a request is at most ${limits.messageBytes} bytes\n`)
    return method === 'GET' || method === 'POST' ? undefined : textReply(405, 'GET and POST only\n', { allow: 'GET, POST' })
  }

  #decode(arrival: HttpArrival): Exchange | undefined {
    const call = ours(() => decodeOperation(arrival.method, arrival.target, arrival.body))
    if (call === undefined) return undefined
    const request = call.operation === 'PKIOperation' ? ours((): PkiMessage => readPkiMessage(call.message)) : undefined
    return new Exchange({ arrival, call, request, wait: (name, duration) => this.#wait(name, duration) })
  }

  /** Lets whatever waits give up. */
  end(): void {
    this.#ended = true
    this.#waiting.forEach((giveUp) => giveUp())
  }

  #wait(name: string, duration: Duration): Promise<void> {
    if (this.#ended) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel()
        this.#waiting.delete(finish)
        resolve()
      }
      const timer = this.#clock.after(name, duration, finish)
      this.#waiting.add(finish)
    })
  }

  /** What nobody foresaw is our mistake: the client gets 500, the operator reads why. */
  async #run(exchange: Exchange): Promise<HttpAnswer> {
    try {
      return await this.behaviours.reduceRight<() => Promise<HttpAnswer>>((next, behaviour) => () => behaviour(exchange, next), () => this.#last(exchange))()
    } catch (error) {
      exchange.notes.reason = `internal error: ${error instanceof Error ? error.message : String(error)}`
      return textReply(500, 'internal error\n')
    }
  }
}

/** Undefined for what protocol/scep will not read. */
function ours<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof PlatenError) return undefined
    throw error
  }
}
