import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import type { NetworkNamespace } from './network-namespace.js'

export interface AuthenticatorOptions {
  /** Where it lives; its interface must be there. */
  readonly namespace: NetworkNamespace
  readonly interface: string
  /** For its files and, at the end, its log: `hostapd.log`. */
  readonly directory: string
  /** PEM: its own certificate with intermediates, and the key. */
  readonly chain: string
  readonly privateKey: string
  /** PEM: what the certificates of stations must lead to. */
  readonly stationCa: string
  /** Path of an OCSP response (DER) that it staples to its certificate; read at each authentication, and it may be missing. */
  readonly stapled?: string
}

/** A station that was let in. */
export interface Admission {
  /** Of its certificate, upper-case hex without leading zeros. */
  readonly serial: string
  /** As OpenSSL writes it: `/CN=printer.example.com`. */
  readonly subject: string
  /** Clock.monotonic() when the port was opened. */
  readonly at: number
}

/** A running authenticator: a switch port with an authentication server of its own. */
export interface Authenticator {
  /** Who was let in, oldest first. */
  readonly admissions: readonly Admission[]
  /** How often a station was refused. */
  refusals(): number
  /** The next station that is let in. */
  nextAdmission(): Promise<Admission>
  /** Asks the station at this hardware address for its certificate anew. @throws connect-failed when it is not there */
  reauthenticate(station: string): Promise<void>
  /** Whether the port is open now. */
  open(): boolean
  /** When it listens again to a station that it has refused. */
  quiet(): Promise<void>
  /** What it said. */
  readonly lines: readonly string[]
  close(): Promise<void>
}

/**
 * hostapd (Debian package `hostapd`) as the authenticator of a wired port, with its built-in EAP server for EAP-TLS.
 * @throws connect-failed when it is not installed or does not start
 */
export async function startHostapd({ clock, files }: Pick<RigPlatform, 'clock' | 'files'>, options: AuthenticatorOptions): Promise<Authenticator> {
  const { namespace, directory } = options
  await files.makeDirectory(directory)
  await writeFiles(files, options)
  const lines: string[] = []
  const record = new Record(() => clock.monotonic())
  let sawEnabled = (): void => undefined
  const enabled = new Promise<void>((resolve) => (sawEnabled = resolve))
  // `-d`: only then does it tell the serial number of a station's certificate.
  const daemon = await namespace.processes.start('hostapd', ['-d', `${directory}/hostapd.conf`], {
    onLine: (line) => {
      lines.push(line)
      record.read(line)
      if (line.includes('AP-ENABLED')) sawEnabled()
    },
  })
  const timer = clock.after('hostapd-start', seconds(10), () => daemon.signal('SIGKILL'))
  const ended = await Promise.race([enabled, daemon.exited])
  timer.cancel()
  if (ended !== undefined) throw new PlatenError('connect-failed', `hostapd did not start: ${lines.at(-1) ?? 'it said nothing'}`)
  return {
    admissions: record.admissions,
    refusals: () => record.refusals,
    nextAdmission: () => record.next(),
    open: () => record.open,
    reauthenticate: async (station) => {
      const { lines: said } = await namespace.processes.run('hostapd_cli', ['-p', `${directory}/controls`, '-i', options.interface, 'raw', 'EAPOL_REAUTH', station], seconds(5))
      if (said.at(-1)?.trim() !== 'OK') throw new PlatenError('connect-failed', `the port does not know a station ${station}`)
    },
    quiet: () => record.listening(),
    lines,
    close: async () => {
      daemon.signal('SIGTERM')
      await daemon.exited
      await files.write(`${directory}/hostapd.log`, `${lines.join('\n')}\n`)
    },
  }
}

/** Reads the log as it comes. */
class Record {
  readonly admissions: Admission[] = []
  refusals = 0
  open = false
  readonly #now: () => number
  #shown = { serial: '', subject: '' }
  /** After a refusal hostapd does not listen to the station for 5 s. */
  #deaf = false
  readonly #waiting: (() => void)[] = []
  readonly #expecting: ((admission: Admission) => void)[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  read(line: string): void {
    const [, serial, subject] = /peer certificate: depth=0 serial_num=0*([0-9A-F]+) subject=(.*)/.exec(line) ?? []
    if (serial !== undefined && subject !== undefined) this.#shown = { serial, subject }
    if (line.includes('AUTH_PAE entering state AUTHENTICATED')) this.#admit()
    if (line.endsWith('IEEE 802.1X: authorizing port')) this.open = true
    if (line.endsWith('IEEE 802.1X: unauthorizing port')) this.open = false
    if (line.includes('AUTH_PAE entering state HELD')) {
      this.refusals += 1
      this.#deaf = true
    }
    if (line.includes('deauthenticated due to local deauth request')) {
      this.#deaf = false
      for (const told of this.#waiting.splice(0)) told()
    }
  }

  next(): Promise<Admission> {
    return new Promise((resolve) => this.#expecting.push(resolve))
  }

  listening(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#deaf) this.#waiting.push(resolve)
      else resolve()
    })
  }

  #admit(): void {
    const admission = { ...this.#shown, at: this.#now() }
    this.admissions.push(admission)
    for (const told of this.#expecting.splice(0)) told(admission)
  }
}

async function writeFiles(files: RigPlatform['files'], { directory, interface: name, chain, privateKey, stationCa, stapled }: AuthenticatorOptions): Promise<void> {
  const config = [
    `interface=${name}`,
    'driver=wired',
    'logger_stdout=-1',
    'logger_stdout_level=0',
    'ieee8021x=1',
    'eap_reauth_period=0',
    'use_pae_group_addr=1',
    `ctrl_interface=${directory}/controls`,
    'eap_server=1',
    `eap_user_file=${directory}/users`,
    `ca_cert=${directory}/station-ca.pem`,
    `server_cert=${directory}/chain.pem`,
    `private_key=${directory}/key.pem`,
    ...(stapled === undefined ? [] : [`ocsp_stapling_response=${stapled}`]),
    '',
  ]
  await files.write(`${directory}/chain.pem`, chain)
  await files.write(`${directory}/key.pem`, privateKey)
  await files.write(`${directory}/station-ca.pem`, stationCa)
  await files.write(`${directory}/users`, '* TLS\n')
  await files.write(`${directory}/hostapd.conf`, config.join('\n'))
}
