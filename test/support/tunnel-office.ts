import { createPublicKey, type KeyObject } from 'node:crypto'
import type { ExecutionContext, Implementation } from 'ava'
import ava from 'ava'
import { issueCertificate, type Signer } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import type { ProcessBoard } from '../../rig/boards/index.js'
import { canMakeNamespaces, layCable, NetworkNamespace, startIkeDaemon, startIkeResponder, type IkeDaemon, type IkeResponder } from '../../rig/peers/index.js'
import { checkScript, startScepServer, type ScepServer } from '../../rig/scep-server/index.js'
import { boardUnderTest, connectBoard, does, folder, platform, says } from './board-under-test.js'
import { fixtureKeys } from './fixture-keys.js'

const charon = '/usr/lib/ipsec/charon'
const possible = await canMakeNamespaces(platform.processes) && await platform.processes.has('swanctl') && await platform.files.exists(charon)

/** A test with strongSwan at both ends: skipped by name where there is no root or no strongSwan; with CI=true that is a failure. */
export function tunnels(title: string, run: Implementation<[]>): void {
  if (possible) ava(title, run)
  else if (process.env['CI'] === 'true') ava(title, (t) => t.fail('root, iproute2, strongswan-swanctl and strongswan-charon are needed'))
  else ava.skip(`${title} (needs root, iproute2, strongswan-swanctl, strongswan-charon)`, run)
}

const hour = 3_600_000

/** What a certificate of the gateway says beside its name and its key. */
export function gatewayCertificate(issuer: Signer, { serial = '02', name = 'gateway.example.com', key = fixtureKeys.three, from = Date.now() - hour, to = Date.now() + 365 * 24 * hour } = {}): Uint8Array {
  return issueCertificate({
    notBefore: from, notAfter: to, digest: 'sha256', subject: { commonName: name }, serial, dnsNames: [name], keyUsage: ['digitalSignature'],
    publicKey: createPublicKey(key), issuer,
  })
}

/** A CA that nobody here trusts, DER. */
export const stranger = issueCertificate({ notBefore: Date.now() - hour, notAfter: Date.now() + 24 * hour, digest: 'sha256', subject: { commonName: 'Another CA' }, serial: '09', isCa: true, keyUsage: ['keyCertSign'], privateKey: fixtureKeys.two })

export const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
export const gatewayKeyPem = pemOf(fixtureKeys.three)

export interface TunnelOfficeOptions {
  /** Of the rig's SCEP server. */
  readonly script?: unknown
  /** Addresses of the cable: the board's daemon and the gateway. */
  readonly outer?: readonly [string, string]
  /** An address behind each, and the networks. */
  readonly inner?: readonly [string, string]
  /** What the gateway shows; default: a certificate of the SCEP server's CA. */
  readonly certificate?: (server: ScepServer) => Promise<Uint8Array> | Uint8Array
  /** An address in a further network behind the gateway. */
  readonly further?: string
  /** More of the policy, in the words of `ipsec add`. */
  readonly policy?: string
  /** For the board's configuration, with the directory of its daemon. */
  readonly ipsec?: (directory: string) => Promise<Readonly<Record<string, unknown>>>
  /** The board's daemon is asked through `heldSwanctl`. */
  readonly held?: boolean
}

export interface TunnelOffice {
  readonly board: ProcessBoard
  readonly server: ScepServer
  /** Where the board's daemon lives, and the gateway. */
  readonly here: NetworkNamespace
  readonly there: NetworkNamespace
  readonly gateway: IkeResponder
  /** The board's own daemon, which may have been started anew. */
  readonly daemon: () => IkeDaemon
  readonly restartDaemon: () => Promise<void>
  /** Answers to so many pings through the tunnel. */
  readonly pings: (count?: number) => Promise<Pings>
}

export interface Pings {
  readonly sent: number
  readonly received: number
  /** The longest time without an answer, milliseconds. */
  readonly widest: number
}

let runs = 0

/** A board with a daemon in one namespace, a gateway in another, and the rig's SCEP server whose CA both trust. The policy `office` is on. */
export async function tunnelOffice(t: ExecutionContext, { script, outer = ['192.0.2.1', '192.0.2.2'], inner = ['10.77.1.1', '10.77.2.1'], certificate, further, policy = '', ipsec }: TunnelOfficeOptions = {}): Promise<TunnelOffice> {
  const run = (runs += 1)
  const [here, there] = [await NetworkNamespace.make(platform.processes, `board${run}`), await NetworkNamespace.make(platform.processes, `gateway${run}`)]
  t.teardown(async () => {
    await here.remove()
    await there.remove()
  })
  await layCable({ namespace: here, interface: 'eth0' }, { namespace: there, interface: 'eth0' })
  for (const [index, end] of [here, there].entries()) {
    await address(end, outer[index]!, 'eth0', 24)
    await address(end, inner[index]!, 'lo')
  }
  if (further !== undefined) await address(there, further, 'lo')
  const server = await startScepServer({ platform })
  t.teardown(() => server.close())
  if (script !== undefined) server.setScript(checkScript(script))
  const [network, theirs] = [networkOf(inner[1]), networkOf(inner[0])]
  const gateway = await startIkeResponder(platform, {
    namespace: there, directory: await folder(t), identity: 'gateway.example.com', certificate: await certificate?.(server) ?? gatewayCertificate(server.authority.signing),
    privateKeyPem: gatewayKeyPem, authority: server.authority.ca.der, network: further === undefined ? network : `${network}, ${networkOf(further)}`, theirs,
  })
  t.teardown(() => gateway.close())
  const own = await folder(t)
  let daemon = await startIkeDaemon(platform, { namespace: here, directory: own })
  t.teardown(() => daemon.close())
  const board = await boardUnderTest(t, { configuration: { runtime: `${own}/run`, ipsec: { vici: daemon.socket, ...await ipsec?.(own) } } })
  await connectBoard(t, board, server)
  await does(t, board, `ipsec add office ${outer[1]} remote-id=gateway.example.com local=${theirs} remote=${network} ca="CA ${server.fingerprint.slice(0, 16)}" enabled=yes ${policy}`)
  return {
    board, server, here, there, gateway,
    daemon: () => daemon,
    restartDaemon: async () => {
      daemon = await startIkeDaemon(platform, { namespace: here, directory: own })
    },
    pings: (count = 3) => ping(here, inner, count),
  }
}

/** Types a request for a certificate to the policy `office`. */
export const request = (board: ProcessBoard, key: string, use = 'ipsec:office', cn = 'printer.example.com') => says(board, `request key-name=${key} cn=${cn} use=${use}`, '')

/** Pings until one is answered. @returns milliseconds, at most a little above `limit` */
export async function untilAnswered({ pings }: Pick<TunnelOffice, 'pings'>, limit: number): Promise<number> {
  const from = platform.clock.monotonic()
  while ((await pings(1)).received === 0 && platform.clock.monotonic() - from < limit);
  return platform.clock.monotonic() - from
}

/** No wait for duplicate address detection: nobody else is on the cable. */
async function address(end: NetworkNamespace, ip: string, device: string, prefix?: number): Promise<void> {
  const six = ip.includes(':')
  await end.ip('address', 'add', `${ip}/${prefix === undefined ? six ? 128 : 32 : six ? 64 : prefix}`, 'dev', device, ...six ? ['nodad'] : [])
}

function networkOf(ip: string): string {
  return ip.includes(':') ? `${ip.replace(/::.*$/u, '')}::/64` : `${ip.replace(/\d+$/u, '0')}/24`
}

async function ping(from: NetworkNamespace, [source, target]: readonly [string, string], count: number): Promise<Pings> {
  const { lines } = await from.processes.run('ping', ['-D', '-n', '-i', '0.01', '-c', String(count), '-W', '1', '-I', source, target], seconds(90))
  const stamps = lines.flatMap((line) => /^\[(\d+\.\d+)\].*icmp_seq/.exec(line)?.[1] ?? []).map(Number)
  const widest = Math.max(0, ...stamps.slice(1).map((stamp, index) => (stamp - stamps[index]!) * 1000))
  return { sent: count, received: Number(/(\d+) received/.exec(lines.join('\n'))?.[1] ?? 0), widest }
}
