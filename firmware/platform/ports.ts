/**
 * The ports: all that the firmware asks of the world outside it. Linux has one form of each; a test or the rig
 * gives another. Every promise that a port returns stands for work in flight, which a virtual clock counts.
 */
import type { KeyObject } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { MqttMessage } from '../../protocol/mqtt/index.js'
import type { Clock, Duration } from '../../protocol/time.js'
import type { RandomBytes } from '../../protocol/random.js'

export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly keys: KeyMaker
  readonly disk: Disk
  readonly http: Http
  readonly network: Network
  readonly serial: SerialPorts
  /** Absent where no programs run, as on a board in virtual time; then a use that needs one is off. */
  readonly processes?: Processes
  /** Absent where `processes` is. */
  readonly runtimeFiles?: RuntimeFiles
  readonly mqtt: MqttPort
}

export interface Random {
  readonly bytes: RandomBytes
  /** Uniform over the whole numbers from `low` to `high`, both included. */
  integer(low: number, high: number): number
}

/** Asymmetric key generation: slow, on a thread of its own. */
export interface KeyMaker {
  rsa(bits: 2048 | 3072 | 4096): Promise<KeyObject>
}

export interface FileFacts {
  readonly kind: 'file' | 'directory'
  /** Bytes. */
  readonly size: number
}

/**
 * A file system, in the few calls that crash safety needs. Contract:
 * - what `create`, `append` and `truncate` wrote may be lost, whole or in part, until `syncFile` returns;
 * - what `create`, `rename`, `remove` and `makeDirectory` did to names may be lost, in any order, until
 *   `syncDirectory` of the parent returns;
 * - every call fails with code `disk-failed` (facts: path, errno), nothing else.
 */
export interface Disk {
  /** @throws disk-failed when the file is missing or larger than `limit` bytes */
  read(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>>
  /** Names in a directory, sorted. */
  list(path: string): Promise<readonly string[]>
  /** Undefined when nothing is there. */
  facts(path: string): Promise<FileFacts | undefined>
  /** Makes a new file with mode 0600; fails when the name is taken (O_EXCL). */
  create(path: string, bytes: Uint8Array): Promise<void>
  append(path: string, bytes: Uint8Array): Promise<void>
  truncate(path: string, size: number): Promise<void>
  syncFile(path: string): Promise<void>
  /** Makes one directory with mode 0700; fails when the name is taken. */
  makeDirectory(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Replaces `to` when it is a file. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file or an empty directory. */
  remove(path: string): Promise<void>
  /**
   * Takes the one lock of a directory; it ends with the process at the latest.
   * @throws store-locked when another process (or another call in this one) holds it
   */
  lock(directory: string): Promise<() => Promise<void>>
}

/** Who may read what is handed to another program. An owner or group that is left out stays this process's own. */
export interface FileAccess {
  readonly uid?: number
  readonly gid?: number
  /** Permission bits: 0o640. */
  readonly mode: number
}

/**
 * What other programs read: files and folders with an owner and a mode, and the symbolic links that lead to them. They
 * lie on tmpfs, so nothing is synced. Every call fails with code `disk-failed` (facts: path, errno), nothing else.
 */
export interface RuntimeFiles {
  /** Makes a folder; fails when the name is taken. */
  makeFolder(path: string, access: FileAccess): Promise<void>
  /** Makes a new file. Its owner and mode are set before anything is in it. */
  create(path: string, bytes: Uint8Array, access: FileAccess): Promise<void>
  setAccess(path: string, access: FileAccess): Promise<void>
  /** Makes a symbolic link, or points one that is there elsewhere in a single step: whoever opens it finds the old or the new. */
  link(path: string, target: string): Promise<void>
  /** Where a symbolic link points; undefined when there is nothing. Anything else at this path fails with errno EINVAL. */
  linkTarget(path: string): Promise<string | undefined>
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** From the start to the last byte of the answer; then the connection is cancelled. */
  readonly timeout: Duration
  /** Largest body accepted, bytes. */
  readonly limit: number
  /** PEM or DER certificates that an `https:` server must lead to; the system's roots are never used. */
  readonly trustAnchors?: readonly Uint8Array[]
  /**
   * CRLs, DER. With at least one, each certificate of the server's chain must be on none of them, and there must be a
   * CRL in force for each CA that made one.
   */
  readonly crls?: readonly Uint8Array[]
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

export interface Http {
  /**
   * One exchange on a connection of its own; redirects are not followed, any status is returned.
   * @throws connect-failed, timed-out, response-too-large, tls-untrusted, bad-response
   */
  exchange(request: HttpRequest): Promise<HttpResponse>
}

/** What a TLS server shows: leaf first, then intermediates; DER. */
export interface TlsCredentials {
  readonly privateKey: KeyObject
  readonly chain: readonly Uint8Array[]
}

export interface PageRequest {
  readonly method: string
  readonly path: string
}

export interface PageResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export interface HttpsListener {
  /** The port in use (the one asked for, or the one the system chose for 0). */
  readonly port: number
  /** New connections get the new credentials; open ones go on undisturbed. */
  setCredentials(credentials: TlsCredentials): void
  /** Addresses of this board that TLS clients of other machines have asked for by address, without a name (RFC 6066 section 3), since it listens. */
  addressesUsed(): readonly string[]
  /** Stops listening and ends what is open. */
  close(): Promise<void>
}

export interface Network {
  /** @throws listen-failed */
  listenHttps(options: {
    readonly address: string
    readonly port: number
    readonly credentials: TlsCredentials
    readonly answer: (request: PageRequest) => PageResponse
  }): Promise<HttpsListener>
  /**
   * A real TLS handshake as a client; nothing is verified, it tells what was shown.
   * @returns the server's chain as sent, leaf first, DER
   * @throws connect-failed, timed-out
   */
  handshake(options: {
    readonly host: string
    readonly port: number
    /** The name to ask for (SNI); without it that of `host`, where it is a name. */
    readonly serverName?: string
    readonly timeout: Duration
  }): Promise<readonly Uint8Array[]>
  /** This board's own addresses, without loopback. */
  addresses(): readonly string[]
  /** Where a host name leads to, by the resolver of this machine. Empty when nowhere, or when it does not say in time. */
  lookup(name: string, timeout: Duration): Promise<readonly string[]>
}

export interface SerialPorts {
  /**
   * Opens a serial line: a device path, `unix:/path` or `tcp://host:port`.
   * @throws connect-failed
   */
  open(path: string, baudRate: number): Promise<Duplex>
}

export interface ProcessExit {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined
  readonly signal: string | undefined
}

export interface RunningProcess {
  readonly pid: number
  readonly exited: Promise<ProcessExit>
  /** Sends a signal; does nothing when the process has ended. */
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void
}

/** Programs of this machine: the daemons that a key is put to use by, and what talks to them. */
export interface Processes {
  /**
   * Starts a program without a shell; it is killed with this process.
   * @throws connect-failed when the program is not there
   */
  start(command: string, args: readonly string[], options?: {
    readonly environment?: Readonly<Record<string, string>>
    readonly directory?: string
    /** Each line of its standard output and standard error. */
    readonly onLine?: (line: string) => void
  }): Promise<RunningProcess>
  /**
   * Runs a program to its end.
   * @returns its exit code and the last 1,000 lines of its standard output and standard error, in the order of arrival
   * @throws connect-failed when the program is not there; timed-out, and it is killed
   */
  run(command: string, args: readonly string[], timeout: Duration): Promise<ProcessExit & { readonly lines: readonly string[] }>
  /** Whether a program of that name is on the path. */
  has(command: string): Promise<boolean>
}

export interface MqttPublication {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  readonly retain: boolean
  /** Message Expiry Interval, seconds. */
  readonly expirySeconds?: number
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
}

export interface MqttConnectOptions {
  readonly host: string
  readonly port: number
  readonly credentials: TlsCredentials
  /** What the broker's certificate must lead to, DER; the system's roots are never used. Its names must have `host`. */
  readonly trustAnchors: readonly Uint8Array[]
  /** CRLs, DER; as for `HttpRequest`. */
  readonly crls?: readonly Uint8Array[]
  readonly clientId: string
  /** How long the broker keeps subscriptions and messages for a client that is away, seconds; 0 keeps nothing. */
  readonly sessionSeconds: number
  readonly keepAliveSeconds: number
  /** Published by the broker, retained, when the connection ends without `end`. */
  readonly will?: { readonly topic: string; readonly payload: Uint8Array }
  /** Until the broker has accepted the client. */
  readonly timeout: Duration
  readonly onMessage: (message: MqttMessage) => void
}

/** One connection to a broker. It does not come back by itself. */
export interface MqttLink {
  /** Settles when the connection has ended, with the reason in words. */
  readonly closed: Promise<string>
  /** Resolves when the broker has it (for QoS 0, when it is on its way). @throws connect-failed */
  publish(publication: MqttPublication): Promise<void>
  /** With QoS 1, and with `retain` as it was published. @throws connect-failed, permission-denied */
  subscribe(filter: string): Promise<void>
  /** Ends in good order: the will is not published. */
  end(): Promise<void>
}

export interface MqttPort {
  /**
   * Connects by MQTT 5 over TLS 1.2 or newer with a certificate of our own.
   * @throws connect-failed, timed-out, tls-untrusted, permission-denied (the broker refuses the client)
   */
  connect(options: MqttConnectOptions): Promise<MqttLink>
}
