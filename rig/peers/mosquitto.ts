import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import { mosquittoFiles, type Broker, type BrokerOptions } from '../broker/index.js'
import type { RigPlatform } from '../platform/index.js'

/**
 * Mosquitto 2 (Debian package `mosquitto`) with a generated ACL file: TLS with client certificates, the Common Name
 * as user and as client ID, nobody else.
 * @param directory for its files; only this user may read it
 * @throws connect-failed when it is not installed or does not start
 */
export async function startMosquitto({ clock, files, lines, processes, network }: RigPlatform, { directory, port: asked, ...options }: BrokerOptions & { readonly directory: string }): Promise<Broker & { readonly pid: number }> {
  const port = asked === 0 ? await network.freeTcpPort() : asked
  const written = mosquittoFiles({ directory, port, address: '127.0.0.1', ...options })
  for (const [name, text] of Object.entries(written)) await files.write(`${directory}/${name}`, text)
  let said = ''
  let sawReady = (): void => undefined
  const ready = new Promise<void>((resolve) => (sawReady = resolve))
  const broker = await processes.start('mosquitto', ['-c', `${directory}/mosquitto.conf`], {
    onLine: (line) => {
      said = line
      if (line.includes('running')) sawReady()
    },
  })
  const timer = clock.after('mosquitto-start', seconds(10), () => broker.signal('SIGKILL'))
  const ended = await Promise.race([ready, broker.exited])
  timer.cancel()
  if (ended !== undefined) throw new PlatenError('connect-failed', `mosquitto did not start on port ${port}: ${said}`, { fix: 'See whether the port is free.' })
  const stream = await lines.open(`tcp://127.0.0.1:${port}`)
  stream.destroy()
  return {
    port,
    pid: broker.pid,
    close: async () => {
      broker.signal('SIGTERM')
      await broker.exited
    },
  }
}
