import { createServer } from 'node:tls'
import type { AddressInfo, Socket } from 'node:net'
import { PlatenError } from '../../protocol/errors.js'
import { certificatePem } from '../../protocol/pem.js'
import type { ListenTls } from './ports.js'

export const listenTls: ListenTls = async ({ port, credentials, clientAnchors, onConnection }) => {
  const open = new Set<Socket>()
  const server = createServer({
    key: credentials.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: credentials.chain.map(certificatePem).join(''),
    ca: clientAnchors.map(certificatePem),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  }, (socket) => onConnection(socket, Uint8Array.from(socket.getPeerCertificate().raw)))
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
  })
  // A client without a certificate is not worth a word; it is told by its own end.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error) => reject(new PlatenError('listen-failed', `cannot listen on port ${port}: ${cause.message}`, { facts: { port }, fix: 'Choose another port (0 lets the system choose one).', cause })))
    server.listen({ host: '127.0.0.1', port }, () => resolve())
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of open) socket.destroy()
    }),
  }
}
