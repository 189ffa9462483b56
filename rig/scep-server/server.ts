import { PlatenError } from '../../protocol/errors.js'
import { decodeOperation, limits, readPkiMessage, type PkiMessage } from '../../protocol/scep/index.js'
import type { Duration } from '../../protocol/time.js'
import type { HttpAnswer, HttpArrival, RigPlatform } from '../platform/index.js'
import { answerExchange } from './answer.js'
import { Authority, type AuthorityOptions } from './authority.js'
import { openChallengeBook, type ChallengePolicy } from './challenge.js'
import { Exchange } from './exchange.js'
import { checkScript, startScript, type Behaviour, type PreparedScript } from './faults/index.js'
import type { Office } from './office.js'
import { makeStrangers } from './strangers.js'
import { textReply } from './text-reply.js'
import { Transactions } from './transactions.js'
import { Transcript, type ExchangeListener } from './transcript.js'

export interface ScepServerOptions {
  readonly platform: Pick<RigPlatform, 'clock' | 'random' | 'keys' | 'files' | 'listenHttp'>
  /** Default 127.0.0.1. */
  readonly address?: string
  /** Default 0: the system chooses. */
  readonly port?: number
  /** An authority that exists, or how to make one; default RSA-2048 without RA, in memory. */
  readonly authority?: Authority | AuthorityOptions
  /** Default: none is asked for. */
  readonly challenge?: ChallengePolicy
  /** From `checkScript` or `readScript`; default: no faults. */
  readonly script?: PreparedScript
  readonly onExchange?: ExchangeListener
}

export interface ScepServer {
  /** What a client is configured with. */
  readonly url: string
  readonly port: number
  /** SHA-256 of the CA certificate, 64 lower-case hex digits. */
  readonly fingerprint: string
  readonly authority: Authority
  readonly transcript: Transcript
  /** A new one-time challenge. @throws TypeError in another mode */
  issueChallenge(): string
  /** Replaces all faults, with fresh counters. */
  setScript(script: PreparedScript): void
  /** Ends every connection and timer; exchanges that wait are cut off. */
  close(): Promise<void>
}

/** Starts a SCEP server in this process. @throws listen-failed, store-damaged, disk-failed */
export async function startScepServer(options: ScepServerOptions): Promise<ScepServer> {
  const { platform, address = '127.0.0.1', port = 0 } = options
  const { clock, random } = platform
  const authority = options.authority instanceof Authority ? options.authority : await Authority.open(options.authority ?? {}, platform)
  const challenge = openChallengeBook(options.challenge ?? { mode: 'none' }, { clock, random })
  const strangers = makeStrangers(authority.signing.certificate, platform)
  const transcript = new Transcript()
  if (options.onExchange !== undefined) transcript.subscribe(options.onExchange)
  const front = new Front({ authority, challenge, transactions: new Transactions(), clock, random }, transcript)
  front.behaviours = startScript(options.script ?? checkScript({ faults: [] }), { strangers, relatives: authority.relatives, ca: authority.ca.der })
  const listening = await platform.listenHttp({ address, port, clock, limit: limits.messageBytes, handler: front })
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${listening.port}/scep`,
    port: listening.port,
    fingerprint: authority.fingerprint,
    authority,
    transcript,
    issueChallenge: () => challenge.issue(),
    setScript: (next) => (front.behaviours = startScript(next, { strangers, relatives: authority.relatives, ca: authority.ca.der })),
    close: async () => {
      front.end()
      await listening.close()
    },
  }
}

interface Handled {
  readonly operation: string
  readonly exchange: Exchange | undefined
  readonly answer: HttpAnswer
}

/** Between HTTP and the authority: decodes, runs the script's behaviours, and writes the transcript. */
class Front {
  readonly #office: Office
  readonly #transcript: Transcript
  readonly #handled = new Map<HttpArrival, Handled>()
  /** What waits now, and how to let it give up. */
  readonly #waiting = new Set<() => void>()
  #ended = false
  behaviours: readonly Behaviour[] = []

  constructor(office: Office, transcript: Transcript) {
    this.#office = office
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
      const timer = this.#office.clock.after(name, duration, finish)
      this.#waiting.add(finish)
    })
  }

  /** What nobody foresaw is our mistake: the client gets 500, the operator reads why. */
  async #run(exchange: Exchange): Promise<HttpAnswer> {
    const last = (): Promise<HttpAnswer> => answerExchange(exchange, this.#office)
    try {
      return await this.behaviours.reduceRight<() => Promise<HttpAnswer>>((next, behaviour) => () => behaviour(exchange, next), last)()
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
