import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { PlatenError, asPlatenError } from '../../protocol/errors.js'
import { certificatePem, crlPem } from '../../protocol/pem.js'
import type { Clock } from '../../protocol/time.js'
import type { Http, HttpRequest, HttpResponse } from './ports.js'

/** OpenSSL's and Node's words for a server certificate that does not lead to the anchors or names another host. */
const untrusted = /^(?:UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|CRL_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/

/** HTTP(S) by Node, each exchange on a connection of its own that is closed when the exchange ends. */
export class LinuxHttp implements Http {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async exchange(request: HttpRequest): Promise<HttpResponse> {
    const outgoing = open(request)
    const late = new AbortController()
    const deadline = this.#clock.after('http exchange', request.timeout, () => {
      late.abort()
      outgoing.destroy(timedOut(request))
    })
    const closed = new Promise<void>((resolve) => outgoing.once('close', resolve))
    try {
      return await answer(outgoing, request)
    } catch (error) {
      throw late.signal.aborted ? timedOut(request) : explain(error, request)
    } finally {
      deadline.cancel()
      outgoing.destroy()
      await closed
    }
  }
}

function open(request: HttpRequest): ClientRequest {
  const headers = { ...request.headers, ...(request.body === undefined ? {} : { 'content-length': String(request.body.length) }) }
  const options: RequestOptions = { method: request.method, headers, agent: false }
  if (request.url.protocol === 'http:') return httpRequest(request.url, options)
  if (request.url.protocol !== 'https:') throw new TypeError(`no way to speak ${request.url.protocol}`)
  if (request.trustAnchors === undefined || request.trustAnchors.length === 0) {
    throw new PlatenError('tls-untrusted', `https to ${request.url.host}: there is no trust anchor to check the server by`, {
      fix: 'Register the CA certificate of the HTTPS server (ca import) and choose it (comm set https-trust), or use an http: URL.',
    })
  }
  const { crls = [] } = request
  return httpsRequest(request.url, { ...options, ca: request.trustAnchors.map(toPem), ...(crls.length === 0 ? {} : { crl: crls.map(crlPem) }), rejectUnauthorized: true })
}

function answer(outgoing: ClientRequest, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    outgoing.once('error', reject)
    outgoing.once('response', (incoming) => {
      collect(incoming, request).then(
        (body) => resolve({ status: incoming.statusCode ?? 0, headers: flatten(incoming), body }),
        reject)
    })
    outgoing.end(request.body)
  })
}

async function collect(incoming: IncomingMessage, { limit, url }: HttpRequest): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  const tooLarge = (): PlatenError => new PlatenError('response-too-large', `the answer of ${url.host} is larger than ${limit} bytes`, { facts: { limit } })
  if (Number(incoming.headers['content-length']) > limit) throw tooLarge()
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    chunks.push(chunk)
  }
  return Uint8Array.from(Buffer.concat(chunks, size))
}

function flatten(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value ?? '']))
}

/** Node takes anchors as PEM alone. */
function toPem(anchor: Uint8Array): string {
  return anchor[0] === 0x30 ? certificatePem(anchor) : Buffer.from(anchor).toString('latin1')
}

function timedOut(request: HttpRequest): PlatenError {
  const seconds = request.timeout / 1000
  return new PlatenError('timed-out', `no complete answer from ${request.url.host} within ${seconds} s`, {
    facts: { seconds },
    fix: 'Check that the server runs and answers, or set a longer Communication Timeout.',
  })
}

/** What to do about OpenSSL's word for it. */
function trustFix(reason: string): string {
  if (reason === 'CERT_REVOKED') return 'The CA has revoked the certificate of this server: tell its operator.'
  if (reason.startsWith('CRL_')) return 'Register the newest CRL of the CA (ca import).'
  if (reason === 'UNABLE_TO_GET_CRL') return 'Register the CRL of each CA in the chain of the server (ca import), or none.'
  return 'Register the CA certificate that the HTTPS server\'s certificate leads to (ca import), choose it (comm set https-trust), and use the name that stands in the certificate.'
}

function explain(error: unknown, { url }: HttpRequest): PlatenError {
  if (error instanceof PlatenError) return error
  const reason = error instanceof Error && 'code' in error ? String(error.code) : asPlatenError(error).message
  if (untrusted.test(reason)) {
    return new PlatenError('tls-untrusted', `https to ${url.host}: the server's certificate is not trusted (${reason})`, {
      facts: { reason }, cause: error,
      fix: trustFix(reason),
    })
  }
  if (reason.startsWith('HPE_')) return new PlatenError('bad-response', `the answer of ${url.host} is not HTTP (${reason})`, { facts: { reason }, cause: error })
  return new PlatenError('connect-failed', `no connection to ${url.host} (${reason})`, {
    facts: { reason }, cause: error,
    fix: 'Check SCEP Server URL, Port Number, DNS and the network.',
  })
}
