import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { KeyId } from '../../firmware/key-store/index.js'
import { TlsConsumers, TlsDaemon, TlsUse, type TlsDaemonDeclaration } from '../../firmware/key-use/index.js'
import { LinuxDisk, linuxRuntimeFiles, type Disk, type HttpsListener, type Network, type Processes, type RuntimeFiles } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { certificatesOfPem } from '../../protocol/pem.js'
import { milliseconds, seconds, type Duration } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/index.js'
import { fixtureKeys } from './fixture-keys.js'
import { silentLog } from './silent-log.js'
import { defaultEntry, issuedEntry } from './tls-entries.js'

/**
 * - `dead`: nobody listens. `refuses`: the command fails, and what was loaded before is served on.
 * - `hangs`: the command does not end. `deaf`: the command succeeds, and nothing happens.
 */
export type Mood = 'well' | 'dead' | 'refuses' | 'hangs' | 'deaf'

/** A daemon in virtual time. It loads real files, at its start and when its command is run. */
export class FakeTlsDaemon {
  mood: Mood = 'well'
  /** From the command until clients see what it loaded. */
  takes: Duration = milliseconds(0)
  /** For so long after it has loaded another key every second client still sees the one before. */
  lingers: Duration = milliseconds(0)
  readonly declaration: TlsDaemonDeclaration
  /** What clients see, DER. */
  shown: readonly Uint8Array[] = []
  reloads = 0
  #looks = 0
  #before: { readonly shown: readonly Uint8Array[]; readonly until: number } = { shown: [], until: 0 }
  readonly #clock: VirtualClock

  constructor(name: string, folder: string, clock: VirtualClock) {
    this.#clock = clock
    this.declaration = {
      name, keyFile: join(folder, `${name}.key`), certificateFile: join(folder, `${name}.pem`), mode: 0o600, reload: ['reload', name],
      reloadTimeout: seconds(8), probe: { host: name, port: 443 }, probeTimeout: seconds(10),
    }
  }

  /** As a daemon does it: opens both files and checks that they belong together. */
  load(): void {
    const chain = certificatesOfPem(readFileSync(this.declaration.certificateFile, 'utf8'))
    const key = createPublicKey(readFileSync(this.declaration.keyFile))
    if (!new X509Certificate(chain[0]!).publicKey.equals(key)) throw new Error('key values mismatch')
    this.#before = { shown: this.shown, until: this.#clock.monotonic() + this.lingers }
    this.shown = chain
  }

  /** What the next client sees. */
  look(): readonly Uint8Array[] {
    this.#looks += 1
    return this.#looks % 2 === 0 && this.#clock.monotonic() < this.#before.until ? this.#before.shown : this.shown
  }

  run(timeout: Duration): ReturnType<Processes['run']> {
    this.reloads += 1
    if (this.mood === 'dead') return ended(1, 'the daemon is not running')
    if (this.mood === 'refuses') return ended(1, 'first', 'cannot load the key')
    if (this.mood === 'deaf') return ended(0)
    if (this.mood === 'hangs') return new Promise((_, reject) => void this.#clock.after('hangs', timeout, () => reject(new PlatenError('timed-out', 'reload did not end'))))
    if (this.takes === 0) this.load()
    else this.#clock.after('loads', this.takes, () => this.load())
    return ended(0)
  }
}

function ended(code: number, ...lines: readonly string[]): ReturnType<Processes['run']> {
  return Promise.resolve({ code, signal: undefined, lines })
}

/** The board's listener and daemons around it, in virtual time; the files are real. */
export class TlsBench {
  readonly clock = new VirtualClock(0)
  readonly folder: string
  readonly daemons: readonly FakeTlsDaemon[]
  readonly first = defaultEntry(fixtureKeys.three)
  readonly second = issuedEntry('second', fixtureKeys.four)
  readonly third = issuedEntry('third', fixtureKeys.two)
  readonly keys = new Map([[this.first.id, fixtureKeys.three], [this.second.id, fixtureKeys.four], [this.third.id, fixtureKeys.two]])
  readonly store = { privateKey: (id: KeyId) => this.keys.get(id)! }
  /** What the listener shows. */
  own: readonly Uint8Array[] = []
  fileSystem = 'tmpfs'
  /** Of the listener. */
  portTaken = false

  private constructor(folder: string, names: readonly string[]) {
    this.folder = folder
    this.daemons = names.map((name) => new FakeTlsDaemon(name, folder, this.clock))
  }

  static make(t: ExecutionContext, ...names: readonly string[]): TlsBench {
    const folder = mkdtempSync('/dev/shm/platen-tls-')
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    return new TlsBench(folder, names)
  }

  get directory(): string {
    return join(this.folder, 'run', 'tls')
  }

  readonly processes: Processes = {
    start: () => Promise.reject(new Error('nothing is started here')),
    has: () => Promise.resolve(true),
    run: (command, args, timeout) => {
      if (command === 'stat') return ended(0, this.fileSystem)
      if (command === 'getent') return ended(0, args[0] === 'passwd' ? `lp:x:${process.getuid!()}:${process.getgid!()}:::` : `ssl:x:${process.getgid!()}:`)
      return this.daemons.find(({ declaration }) => declaration.name === args[0])!.run(timeout)
    },
  }

  readonly network: Pick<Network, 'handshake'> = {
    handshake: ({ host }) => {
      const daemon = this.daemons.find(({ declaration }) => declaration.name === host)
      if (daemon?.mood === 'dead') return Promise.reject(new PlatenError('connect-failed', `no TLS handshake with ${host} port 443: connection refused`))
      return Promise.resolve(daemon === undefined ? this.own : daemon.look())
    },
  }

  /** What a board has after a start. @param disk, files in place of the real ones. @param tracked time stands still while they work */
  consumers({ disk = new LinuxDisk(), files = linuxRuntimeFiles }: { readonly disk?: Disk; readonly files?: RuntimeFiles } = {}, { tracked = true } = {}): TlsConsumers {
    const listener = new TlsUse({
      store: this.store, network: this.network, host: 'board',
      listen: ({ chain }) => {
        if (this.portTaken) return Promise.reject(new PlatenError('listen-failed', 'the port is in use by another program'))
        this.own = chain
        const open: HttpsListener = { port: 443, setCredentials: (next) => void (this.own = next.chain), addressesUsed: () => [], close: () => Promise.resolve() }
        return Promise.resolve(open)
      },
    })
    const { store, network, processes, clock } = this
    const daemons = this.daemons.map(({ declaration }) => new TlsDaemon({ store, network, processes, clock, disk: tracked ? this.#tracked(disk) : disk, files: tracked ? this.#tracked(files) : files, declaration, directory: this.directory }))
    return new TlsConsumers({ listener, daemons, clock: this.clock, log: silentLog })
  }

  /** Lets time pass until the work is done. */
  passing<Result>(work: Promise<Result>): Promise<Result> {
    return this.clock.until(work)
  }

  /** Time stands still while the machine works. */
  #tracked<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => (...args: unknown[]) => this.clock.track((Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>).apply(target, args)),
    })
  }
}
