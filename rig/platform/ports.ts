/** What the rig asks of the machine it runs on. Linux has one form of each; a test may give another. */
import type { Duplex } from 'node:stream'
import type { Http, KeyMaker, MqttPort, Network, Processes, TlsCredentials } from '../../firmware/platform/index.js'
import type { RandomBytes } from '../../protocol/random.js'
import type { Clock, Duration } from '../../protocol/time.js'
import type { ListenHttp } from './http-ports.js'

export type { ProcessExit, Processes, RunningProcess } from '../../firmware/platform/index.js'

export interface RigPlatform {
  readonly clock: Clock
  readonly random: RandomBytes
  readonly keys: KeyMaker
  readonly processes: Processes
  readonly lines: Lines
  readonly files: Files
  readonly sharedFiles: SharedFiles
  readonly thisProcess: ThisProcess
  readonly http: Http
  readonly listenHttp: ListenHttp
  readonly listenTls: ListenTls
  /** @param connection a new one for each request, or one for all while the server keeps it */
  readonly httpsClient: (target: HttpsTarget, connection: 'fresh' | 'kept') => HttpsClient
  readonly mqtt: MqttPort
  readonly network: Pick<Network, 'handshake'> & {
    /** A port that nobody listens on, on the loopback address, at the time of asking. */
    freeTcpPort(): Promise<number>
  }
  /** Undefined when the rig's standard input is no terminal. */
  readonly terminal: Terminal | undefined
  /** Resolves with the first SIGINT or SIGTERM. */
  interrupted(): Promise<string>
}

export interface HttpsTarget {
  readonly host: string
  readonly port: number
  /** Without a byte from the server. */
  readonly timeout: Duration
}

/** Asks an HTTPS server as a browser does, but verifies nothing: it tells what it was shown. */
export interface HttpsClient {
  /**
   * @returns the certificate that the connection was opened with, DER
   * @throws connect-failed
   */
  get(path: string): Promise<{ readonly status: number; readonly certificate: Uint8Array }>
  close(): void
}

/** Byte streams that stand for a serial line. */
export interface Lines {
  /**
   * Opens a terminal device or pty, `unix:/path`, or `tcp://host:port`.
   * @param baudRate of a device; default 115200
   * @throws connect-failed
   */
  open(path: string, baudRate?: number): Promise<Duplex>
  /** Listens on a Unix socket. */
  listen(path: string, onConnection: (stream: Duplex) => void): Promise<{ close(): Promise<void> }>
}

export interface Files {
  /**
   * A new directory that only this user can read; `remove` deletes it with all that is in it.
   * @param on memory: on tmpfs where the machine has one, for keys in clear; default disk
   */
  temporaryDirectory(name: string, on?: 'disk' | 'memory'): Promise<{ readonly path: string; remove(): Promise<void> }>
  /** With its parents, for this user only; fine when it is there already. */
  makeDirectory(path: string): Promise<void>
  /** For this user only. */
  write(path: string, content: string | Uint8Array): Promise<void>
  append(path: string, text: string): Promise<void>
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  exists(path: string): Promise<boolean>
}

/** Small files that several processes agree by. Nobody ever sees half a file. All fail with `disk-failed`. */
export interface SharedFiles {
  /** With its parents; fine when it is there already. */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory, sorted. */
  names(path: string): Promise<readonly string[]>
  /** Undefined when there is no such file. */
  read(path: string): Promise<string | undefined>
  /** @returns false, and changes nothing, when the name is taken: of several processes one succeeds */
  create(path: string, text: string): Promise<boolean>
  replace(path: string, text: string): Promise<void>
  /** Fine when there is no such file. */
  remove(path: string): Promise<void>
}

export interface ThisProcess {
  readonly host: string
  readonly pid: number
  /** Whether a process of this host is running. */
  isAlive(pid: number): boolean
}

/** The terminal that a person sits at. */
export interface Terminal {
  /**
   * Hands over every key as it is pressed, Ctrl-C too, and shows bytes as they are, until `release`.
   */
  takeOver(onKeys: (bytes: Uint8Array) => void): { show(bytes: Uint8Array): void; release(): void }
}

/** Listens on the loopback address for TLS clients with a certificate. @throws listen-failed */
export type ListenTls = (options: {
  /** 0: the system chooses. */
  readonly port: number
  readonly credentials: TlsCredentials
  /** What a client's certificate must lead to, DER. */
  readonly clientAnchors: readonly Uint8Array[]
  /** @param certificate of the client, DER */
  readonly onConnection: (stream: Duplex, certificate: Uint8Array) => void
}) => Promise<{ readonly port: number; close(): Promise<void> }>
