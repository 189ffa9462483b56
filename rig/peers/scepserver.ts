import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'

/** A running third-party SCEP server with a CA of its own. */
export interface PeerScepServer {
  readonly url: string
  readonly pid: number
  /** PEM of its CA certificate. */
  readonly caPem: string
  /** When it has ended, by itself or not. */
  readonly exited: Promise<unknown>
  close(): Promise<void>
}

/**
 * micromdm's `scepserver` (Debian package `scep`), as it comes: it answers in DES-CBC and SHA-1, so a client needs
 * the quirk `des-reply`.
 * @throws connect-failed when it is not installed or does not start
 */
export async function startScepserver(
  { clock, files, lines, processes }: RigPlatform,
  options: { readonly directory: string; readonly port: number; readonly keyBits: 2048 | 4096; readonly challenge: string },
): Promise<PeerScepServer> {
  const depot = `${options.directory}/depot`
  const init = await processes.start('scepserver', ['ca', '-init', '-keySize', String(options.keyBits), '-depot', depot])
  if ((await init.exited).code !== 0) throw new PlatenError('connect-failed', 'scepserver could not make its CA')
  let sawListening = (): void => undefined
  const listening = new Promise<void>((resolve) => (sawListening = resolve))
  // `-allowrenew 0`: the same name may ask again at any time, as a board under test does.
  const server = await processes.start('scepserver', ['-depot', depot, '-port', String(options.port), '-challenge', options.challenge, '-allowrenew', '0'], {
    onLine: (line) => {
      if (line.includes('listen')) sawListening()
    },
  })
  const timer = clock.after('scepserver-start', seconds(10), () => server.signal('SIGKILL'))
  const ended = await Promise.race([listening, server.exited])
  timer.cancel()
  if (ended !== undefined) throw new PlatenError('connect-failed', `scepserver did not start on port ${options.port}`, { fix: 'See whether the port is free.' })
  await untilConnectable(lines, options.port)
  const ca = await files.read(`${depot}/ca.pem`)
  return {
    url: `http://127.0.0.1:${options.port}/scep`,
    pid: server.pid,
    exited: server.exited,
    caPem: Buffer.from(ca ?? []).toString(),
    close: async () => {
      server.signal('SIGTERM')
      await server.exited
    },
  }
}

/** The server says that it listens just before it does. */
async function untilConnectable(lines: RigPlatform['lines'], port: number): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const stream = await lines.open(`tcp://127.0.0.1:${port}`)
      stream.destroy()
      return
    } catch (error) {
      if (tries === 100) throw error
    }
  }
}
