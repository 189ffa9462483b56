import { Agent, request } from 'node:https'
import { TLSSocket } from 'node:tls'
import { PlatenError } from '../../protocol/errors.js'
import type { HttpsClient, HttpsTarget } from './ports.js'

export function httpsClient(target: HttpsTarget, connection: 'fresh' | 'kept'): HttpsClient {
  // A resumed session shows no certificate.
  const newAgent = (): Agent => new Agent({ keepAlive: connection === 'kept', maxSockets: 1, maxCachedSessions: 0, rejectUnauthorized: false })
  const kept = newAgent()
  return {
    get: async (path) => {
      const agent = connection === 'kept' ? kept : newAgent()
      try {
        return await get(target, agent, path)
      } finally {
        if (agent !== kept) agent.destroy()
      }
    },
    close: () => kept.destroy(),
  }
}

function get({ host, port, timeout }: HttpsTarget, agent: Agent, path: string): ReturnType<HttpsClient['get']> {
  const failed = (reason: string, cause?: unknown): PlatenError => new PlatenError('connect-failed', `no answer from https://${host}:${port}${path}: ${reason}`, { facts: { host, port }, cause })
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, agent, timeout, rejectUnauthorized: false }, (response) => {
      const { socket } = response
      const certificate = socket instanceof TLSSocket ? Uint8Array.from(socket.getPeerCertificate().raw) : new Uint8Array()
      response.on('end', () => resolve({ status: response.statusCode ?? 0, certificate }))
      response.on('error', (cause) => reject(failed(cause.message, cause)))
      response.resume()
    })
    asked.on('timeout', () => asked.destroy(new Error(`nothing for ${timeout} ms`)))
    asked.on('error', (cause) => reject(failed(cause.message, cause)))
    asked.end()
  })
}
