import { X509Certificate } from 'node:crypto'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createSocketServer, type AddressInfo, type Server as SocketServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { PlatenError } from '../../../protocol/errors.js'
import { issueCrl } from '../../../protocol/scep/index.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import { LinuxClock, LinuxHttp, type HttpRequest } from '../../../firmware/platform/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { issueBelow, makeRoot } from '../../support/scripted-scep.js'

const clock = new LinuxClock()
const http = new LinuxHttp(clock)

async function listen(t: ExecutionContext, server: Server | SocketServer): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/scep`)
}

const served = (t: ExecutionContext, answer: RequestListener): Promise<URL> => listen(t, createPlainServer(answer))
const get = (url: URL, changes: Partial<HttpRequest> = {}): HttpRequest => ({ method: 'GET', url, timeout: seconds(5), limit: 1000, ...changes })

test('C-17: a POST carries its Content-Length and is not chunked', async (t) => {
  const url = await served(t, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => response.end(JSON.stringify({ headers: request.headers, body: Buffer.concat(chunks).toString() })))
  })
  const answer = await http.exchange(get(url, { method: 'POST', body: Buffer.from('hello'), headers: { 'content-type': 'application/x-pki-message' } }))
  const seen = JSON.parse(Buffer.from(answer.body).toString()) as { headers: Record<string, string>; body: string }
  t.is(answer.status, 200)
  t.is(seen.body, 'hello')
  t.is(seen.headers['content-length'], '5')
  t.is(seen.headers['transfer-encoding'], undefined)
  t.is(seen.headers['connection'], 'close')
})

test('every exchange has a connection of its own and leaves none open', async (t) => {
  const open = new Set<Socket>()
  const server = createPlainServer((_request, response) => response.end('yes'))
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  let connections = 0
  server.on('connection', () => (connections += 1))
  const url = await listen(t, server)
  const own = new LinuxClock()
  await new LinuxHttp(own).exchange(get(url))
  await new LinuxHttp(own).exchange(get(url))
  t.is(connections, 2)
  await new Promise((resolve) => server.close(resolve))
  t.is(open.size, 0)
  t.deepEqual(own.timers(), [])
})

test('C-19: a redirect is not followed but given back as its status', async (t) => {
  let asked = 0
  const url = await served(t, (_request, response) => {
    asked += 1
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const answer = await http.exchange(get(url))
  t.deepEqual([answer.status, answer.headers['location'], asked], [302, '/elsewhere', 1])
})

test('device.md 2: a server that never answers is cancelled when the Communication Timeout is over', async (t) => {
  const url = await served(t, () => undefined)
  const start = clock.monotonic()
  await t.throwsAsync(http.exchange(get(url, { timeout: milliseconds(60) })), { code: 'timed-out' })
  t.true(clock.monotonic() - start >= 60)
})

test('device.md 2: the Communication Timeout runs to the last byte, so a slow body does not stretch it', async (t) => {
  const url = await served(t, (_request, response) => {
    const drip = setInterval(() => response.write('.'), 10)
    response.on('close', () => clearInterval(drip))
  })
  await t.throwsAsync(http.exchange(get(url, { timeout: milliseconds(80) })), { code: 'timed-out' })
})

test('C-19: an answer over the limit is cut off, with and without a Content-Length', async (t) => {
  const announced = await served(t, (_request, response) => response.writeHead(200, { 'content-length': '2000' }).end(Buffer.alloc(2000)))
  const chunked = await served(t, (_request, response) => {
    response.write(Buffer.alloc(600))
    response.write(Buffer.alloc(600))
  })
  await t.throwsAsync(http.exchange(get(announced)), { code: 'response-too-large' })
  await t.throwsAsync(http.exchange(get(chunked)), { code: 'response-too-large' })
})

test('a port where nobody listens, a reset and half a reply are failed connections', async (t) => {
  const gone = createPlainServer()
  const url = await listen(t, gone)
  await new Promise((resolve) => gone.close(resolve))
  await t.throwsAsync(http.exchange(get(url)), { code: 'connect-failed', message: /ECONNREFUSED/ })

  const reset = await listen(t, createSocketServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
  await t.throwsAsync(http.exchange(get(reset)), { code: 'connect-failed' })

  const half = await served(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setImmediate(() => response.socket?.destroy())
  })
  await t.throwsAsync(http.exchange(get(half)), { code: 'connect-failed' })
})

test('an answer that is not HTTP is a bad response', async (t) => {
  const url = await listen(t, createSocketServer((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9\r\n'))))
  await t.throwsAsync(http.exchange(get(url)), { code: 'bad-response' })
})

test('https without a trust anchor is refused before anything is sent', async (t) => {
  let connections = 0
  const url = await listen(t, createSocketServer(() => (connections += 1)))
  await t.throwsAsync(http.exchange(get(new URL(url.href.replace('http:', 'https:')))), { code: 'tls-untrusted' })
  t.is(connections, 0)
})

test('https: the server has to lead to the given anchors and to bear its name; the system\'s roots never count', async (t) => {
  const root = makeRoot()
  const named = issueBelow(root, '127.0.0.1', fixtureKeys.two, { ipAddresses: ['127.0.0.1'], extendedKeyUsage: ['serverAuth'] })
  const misnamed = issueBelow(root, 'other.example', fixtureKeys.two, { dnsNames: ['other.example'], extendedKeyUsage: ['serverAuth'] })
  const serve = async ({ certificate, privateKey }: typeof named): Promise<URL> => {
    const server = createSecureServer({ cert: new X509Certificate(certificate.der).toString(), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) }, (_request, response) => response.end('yes'))
    return new URL((await listen(t, server)).href.replace('http:', 'https:'))
  }
  const url = await serve(named)
  const trusted = { trustAnchors: [root.certificate.der] }
  t.is((await http.exchange(get(url, trusted))).status, 200)
  t.is((await http.exchange(get(url, { trustAnchors: [Buffer.from(new X509Certificate(root.certificate.der).toString())] }))).status, 200, 'PEM too')
  await t.throwsAsync(http.exchange(get(url, { trustAnchors: [makeRoot('Other', fixtureKeys.four).certificate.der] })), { code: 'tls-untrusted' })
  await t.throwsAsync(http.exchange(get(await serve(misnamed), trusted)), { code: 'tls-untrusted' })

  const now = Date.now()
  const crl = (nextUpdate: number, serials: readonly string[], issuer = root) => [Uint8Array.from(issueCrl({ issuer, thisUpdate: now - 7_200_000, nextUpdate, revoked: serials.map((serial) => ({ serial, at: now - 7_200_000 })), digest: 'sha256' }))]
  t.is((await http.exchange(get(url, { ...trusted, crls: crl(now + 3_600_000, ['03']) }))).status, 200, 'another one is revoked')
  const faults = [
    ['CERT_REVOKED', crl(now + 3_600_000, ['02']), /tell its operator/],
    ['CRL_HAS_EXPIRED', crl(now - 3_600_000, ['03']), /newest CRL/],
    ['UNABLE_TO_GET_CRL', crl(now + 3_600_000, [], makeRoot('Other', fixtureKeys.four)), /CRL of each CA/],
  ] as const
  for (const [reason, crls, fix] of faults) {
    const error = await t.throwsAsync<PlatenError>(http.exchange(get(url, { ...trusted, crls })), { code: 'tls-untrusted' })
    t.is(error.facts['reason'], reason)
    t.regex(error.fix, fix)
  }
})
