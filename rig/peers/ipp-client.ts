/** Clients of an IPP printer: CUPS' own, and one of a few lines that verifies what CUPS' does not. */
import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'

/**
 * `ipptool` (Debian package `cups-ipp-utils`) asks for the attributes of a printer, and checks the answer by the test file of
 * CUPS. Over `ipps:` it takes any certificate (seen with CUPS 2.4, whatever client.conf says): who serves is for others to look at.
 * @returns whether every test passed, and what it said
 * @throws connect-failed when it is not installed; timed-out
 */
export async function ipptool({ processes }: Pick<RigPlatform, 'processes'>, uri: string): Promise<{ readonly passed: boolean; readonly lines: readonly string[] }> {
  const { code, lines } = await processes.run('ipptool', ['-tv', uri, 'get-printer-attributes.test'], seconds(30))
  return { passed: code === 0 && lines.some((line) => line.includes('[PASS]')), lines }
}

const operations = { getPrinterAttributes: 0x000b } as const
const tags = { operationAttributes: 0x01, end: 0x03, charset: 0x47, naturalLanguage: 0x48, uri: 0x45 } as const

/**
 * Asks a printer for its attributes over TLS, on a connection of its own; the certificate has to lead to the anchors, and
 * to be for the host of the URL.
 * @param url `https://host:port/ipp/print`
 * @throws connect-failed, timed-out, tls-untrusted; bad-response when the printer does not answer successful-ok
 */
export async function askPrinter({ http }: Pick<RigPlatform, 'http'>, url: URL, trustAnchors: readonly Uint8Array[]): Promise<void> {
  const { status, body } = await http.exchange({
    method: 'POST', url, headers: { 'content-type': 'application/ipp' }, body: attributesRequest(url), trustAnchors, timeout: seconds(10), limit: 64 * 1024,
  })
  // RFC 8010 section 3.1.1: version, status code, request ID.
  const statusCode = body.length < 8 ? undefined : Buffer.from(body).readUInt16BE(2)
  if (status !== 200 || statusCode !== 0) throw new PlatenError('bad-response', `the printer answered HTTP ${status}, IPP status ${statusCode ?? 'none'}`)
}

/** Get-Printer-Attributes, RFC 8011 section 4.2.5, in IPP 2.0. */
function attributesRequest(url: URL): Uint8Array {
  return Buffer.concat([
    Buffer.from([2, 0, 0, operations.getPrinterAttributes, 0, 0, 0, 1, tags.operationAttributes]),
    attribute(tags.charset, 'attributes-charset', 'utf-8'),
    attribute(tags.naturalLanguage, 'attributes-natural-language', 'en'),
    attribute(tags.uri, 'printer-uri', `ipps://${url.host}${url.pathname}`),
    Buffer.from([tags.end]),
  ])
}

/** RFC 8010 section 3.1.4. */
function attribute(tag: number, name: string, value: string): Uint8Array {
  return Buffer.concat([Buffer.from([tag]), counted(name), counted(value)])
}

function counted(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}
