import { lookup as resolve } from 'node:dns/promises'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP, type AddressInfo, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect, createSecureContext, type DetailedPeerCertificate, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { PlatenError } from '../../protocol/errors.js'
import { certificatePem } from '../../protocol/pem.js'
import type { Clock, Duration } from '../../protocol/time.js'
import type { HttpsListener, Network, PageRequest, PageResponse, TlsCredentials } from './ports.js'

/** What one client may take of the listener. Times in milliseconds. */
const limits = {
  connections: 64,
  headerBytes: 8 * 1024,
  handshake: 10_000,
  headers: 10_000,
  request: 15_000,
  keepAlive: 5_000,
  idle: 30_000,
} as const

/** The network of the machine this process runs on. */
export function linuxNetwork(clock: Clock): Network {
  return {
    listenHttps: (options) => listenHttps(options),
    handshake: (options) => handshake(clock, options),
    addresses,
    lookup: (name, timeout) => lookup(clock, name, timeout),
  }
}

type ListenOptions = Parameters<Network['listenHttps']>[0]

async function listenHttps({ address, port, credentials, answer }: ListenOptions): Promise<HttpsListener> {
  const server = createServer({
    ...secureOptions(credentials),
    maxHeaderSize: limits.headerBytes,
    handshakeTimeout: limits.handshake,
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    keepAliveTimeout: limits.keepAlive,
  }, (request, response) => reply(request, response, answer))
  server.maxConnections = limits.connections
  server.timeout = limits.idle
  const open = openSockets(server)
  const used = addressesAskedFor(server)
  await listening(server, address, port)
  // A listener that fails later (no more file descriptors) closes nothing: single connections are lost, not the board.
  server.on('error', () => undefined)
  return {
    port: (server.address() as AddressInfo).port,
    setCredentials: (next) => server.setSecureContext(secureOptions(next)),
    addressesUsed: () => [...used],
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of open) socket.destroy()
    }),
  }
}

/** Every accepted socket, also those still in their handshake, which the server's own list does not have. */
function openSockets(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  return open
}

/** A client that was given an address sends no name: it may only send DNS names (RFC 6066 section 3). Our own probes are no clients. */
function addressesAskedFor(server: Server): ReadonlySet<string> {
  const used = new Set<string>()
  server.on('secureConnection', (socket: TLSSocket) => {
    const { localAddress, remoteAddress } = socket
    const named = typeof socket.servername === 'string'
    if (localAddress !== undefined && localAddress !== remoteAddress && !named) used.add(localAddress.replace(/^::ffff:(?=[\d.]+$)/, ''))
  })
  return used
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailed(error, address, port)))
    server.listen({ host: address, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function listenFailed(error: NodeJS.ErrnoException, address: string, port: number): PlatenError {
  const [reason, fix] = listenTrouble.get(error.code ?? '') ?? [error.message, 'Check https.address and https.port in the config.']
  return new PlatenError('listen-failed', `cannot serve HTTPS on ${address} port ${port}: ${reason}`, { facts: { address, port, errno: error.code ?? '' }, fix, cause: error })
}

const listenTrouble: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['EADDRINUSE', ['the port is in use by another program', 'Stop that program, or set another https.port in the config.']],
  ['EACCES', ['permission denied', 'Give the board the capability CAP_NET_BIND_SERVICE (the systemd unit does), or set an https.port of 1024 or higher.']],
  ['EADDRNOTAVAIL', ['this machine does not have that address', 'Set https.address to an address of this machine, "0.0.0.0" or "::".']],
  ['EAFNOSUPPORT', ['this machine has no IPv6', 'Set https.address to "0.0.0.0".']],
])

/** @throws use-cannot-serve when TLS itself refuses the key or the chain (mismatch, digest too weak) */
function secureOptions({ privateKey, chain }: TlsCredentials): SecureContextOptions {
  const options: SecureContextOptions = {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: chain.map(certificatePem).join(''),
    minVersion: 'TLSv1.2',
    // No trust store: this side verifies nobody, and loading the default one costs time and memory.
    ca: [],
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    throw new PlatenError('use-cannot-serve', `TLS refuses the key or its certificate: ${cause instanceof Error ? cause.message : String(cause)}`, { fix: 'Request a certificate for this use with SHA-256 and a key of at least 2048 bits.', cause })
  }
  return options
}

function reply(request: IncomingMessage, response: ServerResponse, answer: (request: PageRequest) => PageResponse): void {
  const page = hasBody(request) ? bodyRefused : answered(request, answer)
  const body = Buffer.from(page.body, 'utf8')
  response.writeHead(page.status, { ...page.headers, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
  if (page === bodyRefused) response.once('finish', () => request.socket.destroySoon())
}

const bodyRefused: PageResponse = { status: 413, headers: { connection: 'close' }, body: '' }

/** No page here takes a body; what is not read cannot fill the memory. */
function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

function answered(request: IncomingMessage, answer: (request: PageRequest) => PageResponse): PageResponse {
  const [path = '/'] = (request.url ?? '/').split('?')
  try {
    return answer({ method: request.method ?? '', path })
  } catch {
    return { status: 500, body: '' }
  }
}

/** The chain is asked without any trust store: OpenSSL would complete it from there, and we want what was sent. */
function handshake(clock: Clock, { host, port, timeout, serverName = isIP(host) === 0 ? host : undefined }: Parameters<Network['handshake']>[0]): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ca: [], ...(serverName === undefined ? {} : { servername: serverName }) })
    const facts = { host, port }
    const finish = (end: () => void): void => {
      timer.cancel()
      socket.destroy()
      end()
    }
    const timer = clock.after(`handshake with ${host} port ${port}`, timeout, () => finish(() => reject(
      new PlatenError('timed-out', `no TLS handshake with ${host} port ${port} within ${timeout / 1000} s`, { facts }))))
    socket.once('secureConnect', () => {
      const shown = chainOf(socket.getPeerCertificate(true))
      finish(() => resolve(shown))
    })
    socket.on('error', (cause: Error) => finish(() => reject(
      new PlatenError('connect-failed', `no TLS handshake with ${host} port ${port}: ${cause.message}`, { facts, cause }))))
    socket.once('close', () => finish(() => reject(
      new PlatenError('connect-failed', `${host} port ${port} closed the connection during the TLS handshake`, { facts }))))
  })
}

/** Node links each certificate to its issuer; a self-signed one to itself. */
function chainOf(leaf: DetailedPeerCertificate): readonly Uint8Array[] {
  const seen = new Set<DetailedPeerCertificate>()
  for (let at: DetailedPeerCertificate | undefined = leaf; at !== undefined && !seen.has(at); at = at.issuerCertificate as typeof at | undefined) seen.add(at)
  return [...seen].map(({ raw }) => new Uint8Array(raw))
}

function addresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((known) => known ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
}

async function lookup(clock: Clock, name: string, timeout: Duration): Promise<readonly string[]> {
  let late: (found: readonly string[]) => void = () => undefined
  const tooLate = new Promise<readonly string[]>((settle) => (late = settle))
  const timer = clock.after(`look up ${name}`, timeout, () => late([]))
  try {
    return await Promise.race([tooLate, resolve(name, { all: true }).then((found) => found.map(({ address }) => address), () => [])])
  } finally {
    timer.cancel()
  }
}
