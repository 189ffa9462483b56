import { mosquittoAcl } from '../../protocol/mqtt/index.js'
import { certificatePem } from '../../protocol/pem.js'
import type { BrokerOptions } from './embedded-broker.js'

export interface MosquittoOptions extends BrokerOptions {
  /** Where the files will lie when mosquitto reads them. */
  readonly directory: string
  /** Default: all. */
  readonly address?: string
}

/**
 * What mosquitto 2 needs, by name: TLS with client certificates, the Common Name as user and as client ID, and the
 * rights of its identity; nobody else. `server.key` is a secret.
 */
export function mosquittoFiles({ credentials, clientAnchors, identities, ...listener }: MosquittoOptions): Readonly<Record<string, string>> {
  return {
    'acl': mosquittoAcl(identities),
    'server.pem': credentials.chain.map(certificatePem).join(''),
    'server.key': credentials.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'clients.pem': clientAnchors.map(certificatePem).join(''),
    'mosquitto.conf': configuration(listener),
  }
}

/** `use_username_as_clientid`: a client that took the ID of another would take its session, and what waits there. */
function configuration({ directory, port, address }: Pick<MosquittoOptions, 'directory' | 'port' | 'address'>): string {
  return [
    'per_listener_settings false',
    `listener ${port}${address === undefined ? '' : ` ${address}`}`,
    'allow_anonymous false',
    `cafile ${directory}/clients.pem`,
    `certfile ${directory}/server.pem`,
    `keyfile ${directory}/server.key`,
    'require_certificate true',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    `acl_file ${directory}/acl`,
    'persistence false',
    'max_queued_messages 20000',
    'log_dest stderr',
    '# As whoever started it: the files are that user\'s alone.',
    'user root',
    '',
  ].join('\n')
}
