import { createHash } from 'node:crypto'
import { Duplex } from 'node:stream'
import type { Disk, HttpsListener, MqttPort, Platform, TlsCredentials } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { fixtureKeys } from './fixture-keys.js'
import { RecordingDisk } from './recording-disk.js'

/** One opening of the serial line: what the board wrote, and the other end's keys. */
export class FakeLine extends Duplex {
  text = ''

  override _read(): void {
    // Bytes come from `push` alone.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += bytes.toString('utf8')
    done()
  }
}

/** A platform without a machine: virtual time, a disk in memory, a line and a listener that only note what is done. */
export class FakePlatform implements Platform {
  readonly clock = new VirtualClock(Date.UTC(2027, 0, 1))
  readonly disk: Disk
  readonly lines: FakeLine[] = []
  /** The HTTPS listeners that are open. */
  readonly listeners = new Set<HttpsListener>()
  /** What the newest listener shows. */
  shown: TlsCredentials | undefined
  /** Thrown by the next opening of the serial line. */
  lineFails: PlatenError | undefined
  readonly keys = { rsa: () => Promise.resolve(fixtureKeys.one) }
  readonly #seed: string
  #draws = 0

  constructor(disk: Disk = new RecordingDisk(), seed = 'seed') {
    this.disk = disk
    this.#seed = seed
  }

  readonly random = {
    bytes: (count: number) => Uint8Array.from({ length: count }, () => createHash('sha256').update(`${this.#seed} ${this.#draws++}`).digest()[0]!),
    integer: (low: number) => low,
  }

  readonly http = { exchange: () => Promise.reject(new PlatenError('connect-failed', 'there is no network here')) }

  /** Of the board. */
  addresses: readonly string[] = []
  /** Asked for by clients. */
  addressesUsed: readonly string[] = []

  readonly network = {
    listenHttps: ({ credentials }: { readonly credentials: TlsCredentials }) => {
      this.shown = credentials
      const listener: HttpsListener = {
        port: 4433,
        setCredentials: (next) => void (this.shown = next),
        addressesUsed: () => this.addressesUsed,
        close: () => Promise.resolve(void this.listeners.delete(listener)),
      }
      this.listeners.add(listener)
      return Promise.resolve(listener)
    },
    handshake: () => Promise.resolve(this.shown?.chain ?? []),
    addresses: () => this.addresses,
    lookup: () => Promise.resolve([]),
  }

  mqtt: MqttPort = { connect: () => Promise.reject(new PlatenError('connect-failed', 'there is no broker here')) }

  readonly serial = {
    open: () => {
      if (this.lineFails !== undefined) return Promise.reject(this.lineFails)
      const line = new FakeLine()
      this.lines.push(line)
      return Promise.resolve(line)
    },
  }
}
