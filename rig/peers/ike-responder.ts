/**
 * strongSwan's daemon in a network namespace: as the daemon of a board, and as the gateway at the other end of its
 * tunnel. ESP runs in user space (kernel-libipsec), because kernels of containers and CI machines often have none.
 */
import { PlatenError } from '../../protocol/errors.js'
import { certificatePem } from '../../protocol/pem.js'
import { milliseconds, seconds } from '../../protocol/time.js'
import type { RigPlatform, RunningProcess } from '../platform/index.js'
import type { NetworkNamespace } from './network-namespace.js'

const daemon = '/usr/lib/ipsec/charon'
const deadline = seconds(10)

/** kernel-libipsec stands before kernel-netlink: the first that can do ESP does it. curl fetches CRLs and asks OCSP. */
const plugins = 'curl random nonce kdf hmac openssl pem pkcs1 pkcs8 x509 pubkey constraints revocation kernel-libipsec kernel-netlink socket-default vici updown'

const withoutX509 = plugins.replace(' openssl', ' aes sha1 sha2 gmp').replace(' x509', '')

/** A running daemon. */
export interface IkeDaemon {
  readonly pid: number
  /** URI of its VICI socket. */
  readonly socket: string
  /** Program and arguments that kill it, however it is, and start it again. */
  readonly restart: readonly [string, ...string[]]
  /** Runs `swanctl` on it. @throws connect-failed with what it said */
  swanctl(...args: readonly string[]): Promise<readonly string[]>
  close(): Promise<void>
}

export interface IkeDaemonOptions {
  readonly namespace: NetworkNamespace
  /** For its settings and its socket; it exists. */
  readonly directory: string
  /** It can read no certificate, and so refuses each connection that is loaded. */
  readonly illiterate?: boolean
}

/** @throws connect-failed when strongSwan is not installed or does not start */
export async function startIkeDaemon({ clock, files, processes }: RigPlatform, { namespace, directory, illiterate = false }: IkeDaemonOptions): Promise<IkeDaemon> {
  const socket = `unix://${directory}/charon.vici`
  await files.write(`${directory}/strongswan.conf`, `charon {\n  load_modular = no\n  load = ${illiterate ? withoutX509 : plugins}\n  plugins { vici { socket = ${socket} } }\n}\n`)
  // A /run of its own: two daemons share a pid file otherwise.
  const inside = `echo $$ >${directory}/pid && mount -t tmpfs none /run && exec ${daemon}`
  await files.write(`${directory}/restart.sh`, restartScript(directory, inside, socket))
  const running = await namespace.processes.start('unshare', ['-m', 'sh', '-c', inside], { environment: { STRONGSWAN_CONF: `${directory}/strongswan.conf` } })
  const ask = (...args: readonly string[]) => processes.run('env', [`SWANCTL_DIR=${directory}`, 'swanctl', ...args, '--uri', socket], deadline)
  await answers(clock, running, () => ask('--version', '--daemon'))
  return {
    pid: running.pid,
    socket,
    restart: ['sh', `${directory}/restart.sh`],
    swanctl: async (...args) => {
      const { code, lines } = await ask(...args)
      if (code !== 0) throw new PlatenError('connect-failed', `swanctl ${args.join(' ')}: ${lines.at(-1) ?? 'failed'}`)
      return lines
    },
    close: async () => {
      running.signal('SIGKILL')
      await running.exited
    },
  }
}

/** To be run inside the namespace, by whoever looks after the daemon. */
function restartScript(directory: string, inside: string, socket: string): string {
  return [
    `kill -KILL "$(cat ${directory}/pid)" 2>/dev/null`,
    `rm -f ${directory}/charon.vici`,
    `STRONGSWAN_CONF=${directory}/strongswan.conf setsid unshare -m sh -c '${inside}' >/dev/null 2>&1 &`,
    `for try in $(seq 100); do swanctl --version --daemon --uri ${socket} >/dev/null 2>&1 && exit 0; sleep 0.1; done`,
    'exit 1',
    '',
  ].join('\n')
}

/** The daemon holds back what it says when no terminal listens; whether it answers tells more. */
async function answers(clock: RigPlatform['clock'], running: RunningProcess, ask: () => Promise<{ readonly code: number | undefined }>): Promise<void> {
  for (let tries = 1; (await ask()).code !== 0; tries += 1) {
    const ended = await Promise.race([running.exited, new Promise<undefined>((resolve) => clock.after('ike-daemon-start', milliseconds(100), () => resolve(undefined)))])
    if (ended === undefined && tries < 100) continue
    running.signal('SIGKILL')
    throw new PlatenError('connect-failed', 'charon did not start', { fix: 'Install strongswan-charon and libcharon-extra-plugins, and run as root.' })
  }
}

export interface IkeResponderOptions extends IkeDaemonOptions {
  /** Who it is, by its certificate. */
  readonly identity: string
  readonly certificate: Uint8Array
  /** PKCS#8 PEM. */
  readonly privateKeyPem: string
  /** DER of the CA that the certificates of those who call must lead to. */
  readonly authority: Uint8Array
  /** Networks behind it, and behind those who call; several with commas between. */
  readonly network: string
  readonly theirs: string
}

export interface IkeResponder extends IkeDaemon {
  /** From now on this CA, DER, is the one that certificates must lead to. */
  trust(authority: Uint8Array): Promise<void>
  /**
   * From now on it shows this certificate, DER, and signs with this key. With the key before, a daemon that has met it
   * would remember the certificate before, and take that.
   */
  present(certificate: Uint8Array, privateKeyPem: string): Promise<void>
  /** Answers nobody who wants to begin, until `speak`; what is up goes on. */
  hush(): Promise<void>
  speak(): Promise<void>
}

/** What answers the first message of an IKE_SA comes from this port (RFC 7296 section 2); later ones and ESP go by 4500. */
const silence = ['ipproto', 'udp', 'sport', '500', 'blackhole'] as const

/** An IKE responder that takes whoever has a certificate of its authority. @throws connect-failed */
export async function startIkeResponder(platform: RigPlatform, options: IkeResponderOptions): Promise<IkeResponder> {
  const { directory, identity, certificate, privateKeyPem, authority, network, theirs, namespace } = options
  const { files } = platform
  for (const folder of ['private', 'x509']) await files.makeDirectory(`${directory}/${folder}`)
  await files.write(`${directory}/private/key.pem`, privateKeyPem)
  await files.write(`${directory}/own.pem`, certificatePem(certificate))
  await files.write(`${directory}/swanctl.conf`, `connections { board { version = 2
    local { auth = pubkey
      certs = ${directory}/own.pem
      id = ${identity} }
    remote { auth = pubkey
      cacerts = ${directory}/authority.pem }
    children { tunnel { mode = tunnel
      local_ts = ${network}
      remote_ts = ${theirs} } } } }\n`)
  const responder = await startIkeDaemon(platform, options)
  const load = async (file: string, der: Uint8Array): Promise<void> => {
    await files.write(`${directory}/${file}`, certificatePem(der))
    await responder.swanctl('--load-creds', '--clear', '--noprompt')
    await responder.swanctl('--load-conns')
  }
  await load('authority.pem', authority)
  return {
    ...responder,
    trust: (trusted) => load('authority.pem', trusted),
    present: async (shown, keyPem) => {
      await files.write(`${directory}/private/key.pem`, keyPem)
      await load('own.pem', shown)
    },
    hush: async () => {
      await namespace.ip('rule', 'add', ...silence)
    },
    speak: async () => {
      await namespace.ip('rule', 'delete', ...silence)
    },
  }
}
