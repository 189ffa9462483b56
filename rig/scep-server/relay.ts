import { PlatenError } from '../../protocol/errors.js'
import { limits, readPkiMessage } from '../../protocol/scep/index.js'
import { minutes } from '../../protocol/time.js'
import type { HttpAnswer, RigPlatform } from '../platform/index.js'
import type { Exchange } from './exchange.js'
import { Front } from './front.js'
import { textReply } from './text-reply.js'
import { Transcript, type ExchangeListener } from './transcript.js'

export interface ScepRelayOptions {
  readonly platform: Pick<RigPlatform, 'clock' | 'http' | 'listenHttp'>
  /** The server behind it. */
  readonly upstream: string
  /** Default 127.0.0.1. */
  readonly address?: string
  /** Default 0: the system chooses. */
  readonly port?: number
  readonly onExchange?: ExchangeListener
}

/** A relay in front of a SCEP server that somebody else wrote. */
export interface ScepRelay {
  /** What a client is configured with. */
  readonly url: string
  readonly port: number
  readonly transcript: Transcript
  close(): Promise<void>
}

/** Longer than a board waits at most: the board's own timeout is the one that counts. */
const patience = minutes(11)

/**
 * Passes requests on to a server unchanged and stamps them, so that a server which keeps no transcript has one too, by
 * the same clock. What the server did not answer, the board does not get: the connection is closed.
 * @throws listen-failed
 */
export async function startScepRelay({ platform, upstream, address = '127.0.0.1', port = 0, onExchange }: ScepRelayOptions): Promise<ScepRelay> {
  const { clock, http } = platform
  const transcript = new Transcript()
  if (onExchange !== undefined) transcript.subscribe(onExchange)
  const front = new Front({ clock, last: (exchange) => pass(http, upstream, exchange) }, transcript)
  const listening = await platform.listenHttp({ address, port, clock, limit: limits.messageBytes, handler: front })
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${listening.port}/scep`,
    port: listening.port,
    transcript,
    close: async () => {
      front.end()
      await listening.close()
    },
  }
}

async function pass(http: RigPlatform['http'], upstream: string, exchange: Exchange): Promise<HttpAnswer> {
  const { method, target, headers, body } = exchange.arrival
  const url = new URL(upstream)
  url.search = target.includes('?') ? target.slice(target.indexOf('?')) : ''
  const type = headers['content-type']
  try {
    const answer = await http.exchange({
      method: method === 'POST' ? 'POST' : 'GET', url, timeout: patience, limit: 2 * limits.messageBytes,
      ...type === undefined ? {} : { headers: { 'content-type': type } },
      ...method === 'POST' ? { body } : {},
    })
    readStatus(exchange, answer.body)
    return { kind: 'reply', status: answer.status, headers: contentHeaders(answer.headers), body: answer.body }
  } catch (error) {
    if (!(error instanceof PlatenError)) throw error
    exchange.notes.reason = `the server behind the relay: ${error.message}`
    return error.code === 'response-too-large' ? textReply(502, 'the answer is too large to be passed on\n') : { kind: 'close' }
  }
}

/** What a CertRep says on its outside; what it holds is for the board alone. */
function readStatus(exchange: Exchange, body: Uint8Array): void {
  if (exchange.operation !== 'PKIOperation') return
  try {
    const { status, failInfo } = readPkiMessage(body)
    if (status !== undefined) exchange.notes.status = status
    if (failInfo !== undefined) exchange.notes.failInfo = failInfo
  } catch (error) {
    if (!(error instanceof PlatenError)) throw error
  }
}

function contentHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept = ['content-type', 'retry-after', 'location']
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.includes(name.toLowerCase())))
}
