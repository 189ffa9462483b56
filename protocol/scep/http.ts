import { limits } from './limits.js'
import { malformed } from '../malformed.js'
import { mediaTypes } from './names.js'

/** Section 4.1. Servers ignore the path (S-1). */
export type Operation = 'GetCACaps' | 'GetCACert' | 'GetNextCACert' | 'PKIOperation'
const operations: readonly Operation[] = ['GetCACaps', 'GetCACert', 'GetNextCACert', 'PKIOperation']

export interface ScepHttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/**
 * A client's request (C-17): messages by POST with their length, everything else by GET.
 * @param server the configured URL; its path is kept and its query replaced
 * @param message of PKIOperation
 * @param options.post whether the CA takes messages by POST; else they go base64 in the query. Default true
 */
export function encodeOperation(server: URL, operation: Operation, message?: Uint8Array, options: { readonly post?: boolean } = {}): ScepHttpRequest {
  const url = new URL(server)
  url.hash = ''
  url.search = `?operation=${operation}`
  if (message === undefined) return { method: 'GET', url, headers: {} }
  if (options.post === false) {
    url.search += `&message=${encodeURIComponent(Buffer.from(message).toString('base64'))}`
    return { method: 'GET', url, headers: {} }
  }
  return { method: 'POST', url, headers: { 'content-type': mediaTypes.message, 'content-length': String(message.length) }, body: message }
}

export interface ReceivedOperation {
  readonly operation: Operation
  /** Of PKIOperation; empty for the others. */
  readonly message: Uint8Array
}

/**
 * A server's reading of a request (S-1): any path, operation in any case, POST without operation means PKIOperation;
 * a message in the query may have lost its escapes (`+` as space), have white space in it, or be base64url.
 * @param target the request line's target: path and query
 * @throws bad-response
 */
export function decodeOperation(method: string, target: string, body: Uint8Array = new Uint8Array()): ReceivedOperation {
  const query = rawQuery(target)
  const named = (query.get('operation') ?? (method === 'POST' ? 'PKIOperation' : '')).trim().toLowerCase()
  const operation = operations.find((known) => known.toLowerCase() === named)
  if (operation === undefined) throw malformed(`The operation ${JSON.stringify(named.slice(0, 30))} is not one of SCEP.`)
  if (operation !== 'PKIOperation') return { operation, message: new Uint8Array() }
  const message = method === 'POST' && body.length > 0 ? body : base64(query.get('message') ?? '')
  if (message.length === 0) throw malformed('The request has no message.')
  return { operation, message }
}

/** The first value of each name, percent-decoded, `+` left alone. */
function rawQuery(target: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const start = target.indexOf('?')
  for (const pair of start < 0 ? [] : target.slice(start + 1).split('&')) {
    const end = pair.indexOf('=')
    const name = unescaped(end < 0 ? pair : pair.slice(0, end)).toLowerCase()
    if (!found.has(name)) found.set(name, end < 0 ? '' : unescaped(pair.slice(end + 1)))
  }
  return found
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw malformed('The request has a broken percent escape.', { cause: error })
  }
}

function base64(text: string): Uint8Array {
  if (text.length > limits.messageBytes * 2) throw malformed('The message in the query is too long.')
  // Every message starts with "M", so white space before it is none of it. After that a space was a plus, unless it
  // stands behind the padding or the length shows that it is one too many.
  const joined = text.replace(/[\r\n\t]/g, '').trimStart()
  const clean = (joined.length % 4 === 1 ? joined.trimEnd() : joined).replace(/[ -]/g, '+').replace(/_/g, '/').replace(/=+\+*$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(clean) || clean.length % 4 === 1) throw malformed('The message in the query is not base64.')
  return Uint8Array.from(Buffer.from(clean, 'base64'))
}
