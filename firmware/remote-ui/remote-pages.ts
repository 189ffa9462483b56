import { createHash } from 'node:crypto'
import type { PageRequest, PageResponse } from '../platform/index.js'

/** What the pages show. Everybody on the network can read it: nothing in it may help an intruder. */
export interface BoardFacts {
  readonly product: string
  readonly version: string
  readonly model: string
  readonly bootId: string
  /** What the board serves this very page with. */
  readonly certificate: {
    readonly subject: string
    readonly issuer: string
    /** Milliseconds since 1970. */
    readonly notAfter: number
    /** SHA-256, lower-case hex. */
    readonly fingerprint: string
  }
  /** The newest entry of the Certificate Issuance Request Status: its status alone, details are for those signed in. */
  readonly latestStatus: string | undefined
}

const style = 'body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}dt{color:#555}dd{margin:0 0 .75rem;overflow-wrap:anywhere}'

/** No Strict-Transport-Security: it would lock people out of a board whose certificate was lost. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** The web pages of the board: the status at `/`, and `/healthz` for machines. They change nothing. */
export function remotePages(facts: () => BoardFacts): (request: PageRequest) => PageResponse {
  return ({ method, path }) => {
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'method not allowed\n', { allow: 'GET, HEAD' })
    if (path === '/') return page(200, 'text/html; charset=utf-8', statusPage(facts()))
    if (path === '/healthz') return page(200, 'application/json', `${JSON.stringify({ ok: true, bootId: facts().bootId })}\n`)
    return text(404, 'not found\n')
  }
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): PageResponse {
  return page(status, 'text/plain; charset=utf-8', body, headers)
}

function page(status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): PageResponse {
  return { status, headers: { ...securityHeaders, 'content-type': type, ...headers }, body }
}

function statusPage({ product, version, model, certificate, latestStatus }: BoardFacts): string {
  const rows = [
    ['Device', model],
    ['Firmware', `${product} ${version}`],
    ['Certificate', certificate.subject],
    ['Issued by', certificate.issuer],
    ['Valid until', new Date(certificate.notAfter).toISOString()],
    ['SHA-256 fingerprint', certificate.fingerprint],
    ['Certificate Issuance Request Status', latestStatus ?? 'no request yet'],
  ] as const
  const list = rows.map(([term, value]) => `<dt>${term}</dt><dd>${escaped(value)}</dd>`).join('\n')
  return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>${escaped(model)}</title>\n<style>${style}</style>\n<h1>${escaped(model)}</h1>\n<dl>\n${list}\n</dl>\n</html>\n`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A subject is text that a certificate authority chose. */
function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
