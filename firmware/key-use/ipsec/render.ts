/** Connections as strongSwan's `swanctl.conf` writes them. Pure. */
import { certificateFile, tunnelName, type Connection } from './connection.js'

/** Lower is first; 0 would mean that the daemon chooses. */
const firstPriority = 1000
/** Seconds between two looks at a peer that says nothing. */
const peerCheck = 15
/** The IKE_SA lives this many times as long as the tunnel's keys. */
const ikeLifetimes = 4

/**
 * The whole of a `swanctl.conf`.
 * @param certificates absolute path of the folder of the certificate files
 */
export function renderConnections(connections: readonly Connection[], certificates: string): string {
  return section('connections', connections.flatMap((connection) => render(connection, certificates))).join('\n').concat('\n')
}

function render({ name, policy, identity, chain, authorities, place }: Connection, certificates: string): readonly string[] {
  const files = (ders: readonly Uint8Array[]): readonly string[] => ders.map((der) => `${certificates}/${certificateFile(der)}`)
  return section(name, [
    setting('version', ['2']),
    setting('remote_addrs', [policy.peer]),
    setting('proposals', orDefault(policy.ikeProposals)),
    setting('rekey_time', [`${policy.lifetimeMinutes * ikeLifetimes}m`]),
    setting('dpd_delay', [`${peerCheck}s`]),
    // One try each time it is started; the board itself tries again.
    setting('keyingtries', ['1']),
    // The certificate goes to the peer even when it does not ask for it.
    setting('send_cert', ['always']),
    ...section('local', [setting('auth', ['pubkey']), setting('certs', files(chain.slice(0, 1))), setting('id', [identity]),
      // Says nothing with `pubkey`, but where all else is equal the daemon would put two connections into one IKE_SA, under the name of the first.
      setting('eap_id', [name])]),
    ...section('remote', [setting('auth', ['pubkey']), setting('id', [policy.remoteIdentity ?? policy.peer]), setting('cacerts', files(authorities)), setting('revocation', [policy.revocation])]),
    ...section('children', section(tunnelName, [
      setting('mode', ['tunnel']),
      setting('local_ts', orDynamic(policy.localNetworks)),
      setting('remote_ts', orDynamic(policy.remoteNetworks)),
      setting('esp_proposals', orDefault(policy.espProposals)),
      setting('rekey_time', [`${policy.lifetimeMinutes}m`]),
      setting('priority', [String(firstPriority + place)]),
    ])),
  ])
}

/** The daemon's own list of algorithms. */
function orDefault(proposals: readonly string[]): readonly string[] {
  return proposals.length === 0 ? ['default'] : proposals
}

/** The address of the end itself. */
function orDynamic(networks: readonly string[]): readonly string[] {
  return networks.length === 0 ? ['dynamic'] : networks
}

function section(name: string, lines: readonly string[]): readonly string[] {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new TypeError('a section of swanctl.conf may not be called that')
  return [`${name} {`, ...lines.map((line) => `  ${line}`), '}']
}

/**
 * In double quotes, and only of characters that mean nothing in them: settings are checked before they are stored, so
 * anything else is a mistake of ours and goes no further.
 */
function setting(name: string, values: readonly string[]): string {
  if (values.some((value) => !/^[A-Za-z0-9._:/-]+$/.test(value))) throw new TypeError(`${name} of swanctl.conf has a value that must not stand there`)
  return `${name} = "${values.join(', ')}"`
}
