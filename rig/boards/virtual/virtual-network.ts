import type { Http, HttpRequest, HttpResponse, HttpsListener, Network, TlsCredentials } from '../../../firmware/platform/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { milliseconds, type Clock } from '../../../protocol/time.js'
import type { HttpAnswer, HttpArrival, HttpHandler, HttpReply, ListenHttp } from '../../platform/index.js'

interface Listening {
  readonly handler: HttpHandler
  readonly clock: Clock
  readonly limit: number
}

/** Hosts in this process that reach each other without sockets: bytes take no time, and TLS shows its certificates unasked. */
export class VirtualNetwork {
  readonly #http = new Map<number, Listening>()
  readonly #https = new Map<number, TlsCredentials>()
  #nextPort = 40_000

  /** For a server. Addresses are not told apart. */
  readonly listenHttp: ListenHttp = ({ port: asked, clock, limit, handler }) => {
    const port = asked === 0 ? this.#freePort() : asked
    if (this.#http.has(port)) return Promise.reject(new PlatenError('listen-failed', `port ${port} is in use`, { facts: { port } }))
    this.#http.set(port, { handler, clock, limit })
    return Promise.resolve({ port, close: () => Promise.resolve(void this.#http.delete(port)) })
  }

  /** @param peer how the server's transcript names the client @param clock runs the client's timeout */
  http(peer: string, clock: Clock): Http {
    return { exchange: (request) => this.#exchange(peer, clock, request) }
  }

  network(): Network {
    return {
      listenHttps: ({ port: asked, credentials }) => {
        const port = asked === 0 ? this.#freePort() : asked
        if (this.#https.has(port)) return Promise.reject(new PlatenError('listen-failed', `port ${port} is in use`, { facts: { port } }))
        this.#https.set(port, credentials)
        const listener: HttpsListener = {
          port,
          setCredentials: (next) => void this.#https.set(port, next),
          addressesUsed: () => [],
          close: () => Promise.resolve(void this.#https.delete(port)),
        }
        return Promise.resolve(listener)
      },
      handshake: ({ host, port }) => Promise.resolve().then(() => {
        const shown = this.#https.get(port)
        if (shown === undefined) throw new PlatenError('connect-failed', `no connection to ${host}:${port} (ECONNREFUSED)`)
        return shown.chain
      }),
      addresses: () => [],
      lookup: () => Promise.resolve([]),
    }
  }

  /** The host behind this port is gone: nobody closes what it had open. */
  unplug(port: number): void {
    this.#https.delete(port)
  }

  #freePort(): number {
    this.#nextPort += 1
    return this.#nextPort
  }

  async #exchange(peer: string, clock: Clock, request: HttpRequest): Promise<HttpResponse> {
    const { url } = request
    if (url.protocol !== 'http:') throw new TypeError(`the virtual network does not speak ${url.protocol}`)
    const listening = this.#http.get(Number(url.port === '' ? 80 : url.port))
    if (listening === undefined) throw noConnection(url, 'ECONNREFUSED')
    const arrival = arrive(peer, request, listening)
    const outcome: { left: boolean } = { left: false }
    const answered = this.#answered(listening, arrival, request, outcome)
    let late: (error: Error) => void = () => undefined
    const timeout = new Promise<never>((_resolve, reject) => (late = reject))
    const deadline = clock.after('http exchange', request.timeout, () => {
      outcome.left = true
      late(new PlatenError('timed-out', `no complete answer from ${url.host} within ${request.timeout / 1000} s`, { facts: { seconds: request.timeout / 1000 } }))
    })
    try {
      return await Promise.race([answered, timeout])
    } finally {
      deadline.cancel()
    }
  }

  async #answered({ handler, clock }: Listening, arrival: HttpArrival, request: HttpRequest, client: { readonly left: boolean }): Promise<HttpResponse> {
    const answer = await handler.answer(arrival).catch((): HttpAnswer => ({ kind: 'reply', status: 500, headers: {}, body: new Uint8Array() }))
    if (answer.kind === 'reply' && answer.pace !== undefined) await paced(clock, answer)
    handler.sent(arrival, client.left ? undefined : clock.monotonic())
    if (answer.kind !== 'reply' || answer.cutAfter !== undefined) throw noConnection(request.url, 'ECONNRESET')
    if (answer.body.length > request.limit) {
      throw new PlatenError('response-too-large', `the answer of ${request.url.host} is larger than ${request.limit} bytes`, { facts: { limit: request.limit } })
    }
    return { status: answer.status, headers: answer.headers, body: Uint8Array.from(answer.body) }
  }
}

function arrive(peer: string, { method, url, headers = {}, body = new Uint8Array() }: HttpRequest, { clock, limit }: Listening): HttpArrival {
  const at = clock.monotonic()
  const tooLarge = body.length > limit
  return {
    peer, method, target: `${url.pathname}${url.search}`, headers,
    body: tooLarge ? new Uint8Array() : Uint8Array.from(body), tooLarge,
    stamps: { firstByte: at, headers: at, body: at },
  }
}

function paced(clock: Clock, { body, pace }: HttpReply): Promise<void> {
  const { bytes, every } = pace ?? { bytes: 1, every: milliseconds(0) }
  const pauses = Math.max(0, Math.ceil(body.length / bytes) - 1)
  return new Promise((resolve) => void clock.after('slow body', milliseconds(pauses * every), resolve))
}

function noConnection(url: URL, reason: string): PlatenError {
  return new PlatenError('connect-failed', `no connection to ${url.host} (${reason})`, { facts: { reason }, fix: 'Check SCEP Server URL, Port Number, DNS and the network.' })
}
