import { PlatenError } from '../../protocol/errors.js'
import { encodeOperation, limits, type Operation } from '../../protocol/scep/index.js'
import type { Duration } from '../../protocol/time.js'
import type { Http, HttpResponse } from '../platform/index.js'

/** Where a SCEP server is and how long it may take. */
export interface ScepServer {
  readonly url: URL
  /** Of each exchange, from its start to its last byte. */
  readonly timeout: Duration
  /** DER; what an https: server has to lead to. */
  readonly trustAnchors: readonly Uint8Array[]
  /** DER; see the Http port. */
  readonly crls?: readonly Uint8Array[]
}

/**
 * One operation at the server, within the limits of C-19.
 * @param options.post whether a message goes by POST (C-17)
 * @throws http-status (facts.status), redirect-refused, and what the Http port throws
 */
export async function askServer(http: Http, server: ScepServer, operation: Operation, message?: Uint8Array, options: { readonly post?: boolean } = {}): Promise<HttpResponse> {
  const response = await http.exchange({
    ...encodeOperation(server.url, operation, message, options),
    timeout: server.timeout,
    limit: limits.messageBytes,
    trustAnchors: server.trustAnchors,
    crls: server.crls ?? [],
  })
  if (response.status >= 300 && response.status < 400) {
    throw new PlatenError('redirect-refused', `the server answered ${operation} with a redirect (${response.status})`, {
      facts: { status: response.status, location: (response.headers['location'] ?? '').slice(0, 255) },
      fix: 'Set SCEP Server URL to the address that the server sends to.',
    })
  }
  if (response.status !== 200) {
    throw new PlatenError('http-status', `the server answered ${operation} with the HTTP status ${response.status}`, {
      facts: { status: response.status },
      fix: 'Check SCEP Server URL and ask the operator of the server.',
    })
  }
  return response
}

/** Longest wait that a server can ask for, seconds: 30 days. */
const longestWait = 30 * 24 * 60 * 60

/**
 * Retry-After in seconds (C-13; RFC 9110 section 10.2.3): a number, or a date against the server's own Date.
 * @returns undefined when it is absent or makes no sense
 */
export function retryAfterSeconds({ headers }: HttpResponse): number | undefined {
  const text = headers['retry-after']?.trim() ?? ''
  const wait = /^\d{1,9}$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.parse(headers['date'] ?? '')) / 1000)
  return Number.isFinite(wait) && wait >= 0 ? Math.min(wait, longestWait) : undefined
}
