import { PlatenError } from '../../protocol/errors.js'
import { mosquittoAcl } from '../../protocol/mqtt/index.js'
import { certificatePem } from '../../protocol/pem.js'
import { seconds } from '../../protocol/time.js'
import type { Broker, BrokerOptions } from '../broker/index.js'
import type { RigPlatform } from '../platform/index.js'

/**
 * Mosquitto 2 (Debian package `mosquitto`) with a generated ACL file: TLS with client certificates, the Common Name
 * as user and as client ID, nobody else.
 * @param directory for its files; only this user may read it
 * @throws connect-failed when it is not installed or does not start
 */
export async function startMosquitto({ clock, files, lines, processes, network }: RigPlatform, { directory, port: asked, credentials, clientAnchors, identities }: BrokerOptions & { readonly directory: string }): Promise<Broker & { readonly pid: number }> {
  const port = asked === 0 ? await network.freeTcpPort() : asked
  const at = (name: string): string => `${directory}/${name}`
  await files.write(at('acl'), mosquittoAcl(identities))
  await files.write(at('server.pem'), credentials.chain.map(certificatePem).join(''))
  await files.write(at('server.key'), credentials.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  await files.write(at('clients.pem'), clientAnchors.map(certificatePem).join(''))
  await files.write(at('mosquitto.conf'), configuration(at, port))
  let said = ''
  let sawReady = (): void => undefined
  const ready = new Promise<void>((resolve) => (sawReady = resolve))
  const broker = await processes.start('mosquitto', ['-c', at('mosquitto.conf')], {
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

/** `use_username_as_clientid`: a client that took the ID of another would take its session, and what waits there. */
function configuration(at: (name: string) => string, port: number): string {
  return [
    'per_listener_settings false',
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    `cafile ${at('clients.pem')}`,
    `certfile ${at('server.pem')}`,
    `keyfile ${at('server.key')}`,
    'require_certificate true',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    `acl_file ${at('acl')}`,
    'persistence false',
    'max_queued_messages 20000',
    'log_dest stderr',
    '# As whoever started it: the files are that user\'s alone.',
    'user root',
    '',
  ].join('\n')
}
