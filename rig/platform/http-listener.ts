import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { PlatenError } from '../../protocol/errors.js'
import { milliseconds, type Clock } from '../../protocol/time.js'
import type { HttpAnswer, HttpArrival, HttpHandler, HttpReply, ListenHttp } from './http-ports.js'

export const listenHttp: ListenHttp = async ({ address, port, clock, limit, handler }) => {
  const firstBytes = new WeakMap<Socket, number>()
  const answering = new Set<Promise<void>>()
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 60_000, keepAliveTimeout: 5_000 }, (request, response) => {
    const firstByte = firstBytes.get(request.socket) ?? clock.monotonic()
    response.once('close', () => firstBytes.delete(request.socket))
    const work = serve(request, response, { clock, limit, handler, firstByte })
    answering.add(work)
    void work.finally(() => answering.delete(work))
  })
  server.on('connection', (socket) => {
    // Ahead of the HTTP parser's own listener, or the request would be handled before its first byte is stamped.
    socket.prependListener('data', () => {
      if (!firstBytes.has(socket)) firstBytes.set(socket, clock.monotonic())
    })
    // A plain `on` makes node:http give up reading the socket natively, so that the listener above is called at all.
    socket.on('data', () => undefined)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailed(address, port, error)))
    server.listen({ host: address, port }, () => resolve())
  })
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
    await Promise.all(answering)
  }
  return { port: (server.address() as AddressInfo).port, close }
}

function errno(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function listenFailed(address: string, port: number, cause: unknown): PlatenError {
  const reason = { EADDRINUSE: 'the port is in use', EACCES: 'the port needs privileges', EADDRNOTAVAIL: 'this machine has no such address' }[errno(cause)]
  return new PlatenError('listen-failed', `cannot listen on ${address}:${port}: ${reason ?? (cause instanceof Error ? cause.message : String(cause))}`, {
    facts: { address, port, errno: errno(cause) }, fix: 'Choose another port (0 lets the system choose one).', cause,
  })
}

interface Serving {
  readonly clock: Clock
  readonly limit: number
  readonly handler: HttpHandler
  readonly firstByte: number
}

async function serve(request: IncomingMessage, response: ServerResponse, { clock, limit, handler, firstByte }: Serving): Promise<void> {
  const headers = clock.monotonic()
  const body = await readBody(request, limit)
  if (body === undefined) return
  const arrival: HttpArrival = {
    peer: `${request.socket.remoteAddress ?? '?'}:${request.socket.remotePort ?? 0}`,
    method: request.method ?? '',
    target: request.url ?? '',
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: body === 'too-large' ? new Uint8Array() : body,
    tooLarge: body === 'too-large',
    stamps: { firstByte, headers, body: clock.monotonic() },
  }
  const answer = await handler.answer(arrival).catch((): HttpAnswer =>
    ({ kind: 'reply', status: 500, headers: { 'content-type': 'text/plain' }, body: new TextEncoder().encode('internal error\n') }))
  const whole = await send(request.socket, response, answer, clock)
  handler.sent(arrival, whole ? clock.monotonic() : undefined)
}

/** Undefined when the client left before the end, or sent so much that it is cut off. */
async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array<ArrayBuffer> | 'too-large' | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of request as AsyncIterable<Uint8Array>) {
      size += piece.length
      // A little too much is read to its end, so that the client gets to see the answer.
      if (size > limit * 4) return undefined
      if (size <= limit) pieces.push(piece)
    }
  } catch {
    return undefined
  }
  return size > limit ? 'too-large' : new Uint8Array(Buffer.concat(pieces))
}

/** @returns whether all that was meant to be sent was sent */
async function send(socket: Socket, response: ServerResponse, answer: HttpAnswer, clock: Clock): Promise<boolean> {
  const left = new Promise<boolean>((resolve) => response.once('close', () => resolve(response.writableFinished)))
  if (socket.destroyed) return false
  if (answer.kind !== 'reply') {
    if (answer.kind === 'reset') socket.resetAndDestroy()
    else socket.destroySoon()
    return true
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length })
  if (answer.cutAfter === undefined && answer.pace === undefined) response.end(answer.body)
  else if (!await sendPart(socket, response, answer, clock)) return true
  return left
}

/** @returns whether the answer was ended in order (otherwise the connection was cut on purpose) */
async function sendPart(socket: Socket, response: ServerResponse, answer: HttpReply, clock: Clock): Promise<boolean> {
  const end = Math.min(answer.cutAfter ?? answer.body.length, answer.body.length)
  const step = answer.pace?.bytes ?? end
  response.flushHeaders()
  for (let start = 0; start < end && !socket.destroyed; start += step) {
    if (start > 0) await pause(clock, response, answer.pace?.every ?? 0)
    await new Promise((resolve) => {
      response.once('close', resolve)
      response.write(answer.body.subarray(start, Math.min(start + step, end)), () => {
        response.removeListener('close', resolve)
        resolve(undefined)
      })
    })
  }
  if (answer.cutAfter === undefined) {
    response.end()
    return true
  }
  socket.resetAndDestroy()
  return false
}

/** Ends early when the client leaves. */
function pause(clock: Clock, response: ServerResponse, duration: number): Promise<void> {
  return new Promise((resolve) => {
    const ended = (): void => {
      timer.cancel()
      resolve()
    }
    const timer = clock.after('scep-server: slow body', milliseconds(duration), () => {
      response.removeListener('close', ended)
      resolve()
    })
    response.once('close', ended)
  })
}
