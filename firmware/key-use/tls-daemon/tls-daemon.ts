import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { fingerprint } from '../../../protocol/scep/index.js'
import { milliseconds, seconds, type Clock, type Duration } from '../../../protocol/time.js'
import type { KeyEntry, KeyStore } from '../../key-store/index.js'
import type { Disk, Network, Processes, RuntimeFiles } from '../../platform/index.js'
import { checkShown, shownChain } from '../serving-certificate.js'
import type { TlsDaemonDeclaration } from './declaration.js'
import { PairFiles, type Pair } from './pair-files.js'
import { reload } from './reload.js'

export interface TlsDaemonOptions {
  readonly declaration: TlsDaemonDeclaration
  readonly store: Pick<KeyStore, 'privateKey'>
  readonly network: Pick<Network, 'handshake'>
  readonly disk: Disk
  readonly files: RuntimeFiles
  readonly processes: Processes
  readonly clock: Clock
  /** On tmpfs, for all daemons together. */
  readonly directory: string
}

const betweenLooks = milliseconds(200)
/** One handshake of a daemon on this machine; a daemon that hangs is looked at again within the deadline. */
const handshakeTimeout = seconds(3)

/** A daemon of this machine that serves the board's key: it reads the files, is told to, and is then looked at as a client does. */
export class TlsDaemon {
  readonly #options: TlsDaemonOptions
  readonly #files: PairFiles
  /** What is written, by its certificates. */
  readonly #pairs = new Map<string, Pair>()
  #given: KeyEntry | undefined
  /** Why the last key could not be given. */
  #trouble: PlatenError | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: TlsDaemonOptions) {
    this.#options = options
    this.#files = new PairFiles({ ...options, daemon: options.declaration })
  }

  get name(): string {
    return this.#options.declaration.name
  }

  /** Puts the key in place, where the daemon finds it when it next reads its files. @throws use-cannot-serve, disk-failed */
  give(entry: KeyEntry): Promise<void> {
    const turn = this.#turn.then(() => this.#named(async () => {
      const chain = shownChain(entry)
      const written = this.#pairs.get(nameOf(chain))
      const pair = written !== undefined && await this.#files.has(written) ? written : await this.#files.write({ privateKey: this.#options.store.privateKey(entry.id), chain })
      this.#pairs.set(nameOf(chain), pair)
      await this.#files.lead(pair)
      this.#given = entry
      this.#trouble = undefined
    }))
    this.#turn = turn.catch((error: unknown) => void (this.#trouble = asPlatenError(error)))
    return turn
  }

  /** Whether this key is in place. */
  has(entry: KeyEntry): boolean {
    return this.#given === entry
  }

  /** Runs the reload command to its end. @throws use-cannot-serve with what it said */
  async reload(): Promise<void> {
    await this.#named(() => reload(this.#options.processes, this.#options.declaration))
  }

  /** Looks until a client sees exactly the chain that was given. @param patience without it, once. @throws probe-failed with what was seen last */
  async probe(patience: Duration = milliseconds(0)): Promise<void> {
    const { clock } = this.#options
    const end = clock.monotonic() + patience
    for (;;) {
      const failure = await this.#look()
      if (failure === undefined) return
      if (clock.monotonic() + betweenLooks >= end) throw failure
      await this.#pause()
    }
  }

  /** As the config allows. A daemon that hands over to itself, as nginx does, shows both for a moment: it is looked at twice. @throws probe-failed */
  async comesToServe(): Promise<void> {
    const { clock, declaration: { probeTimeout, reload: told } } = this.#options
    const end = clock.monotonic() + probeTimeout
    await this.probe(probeTimeout)
    if (told === undefined) return
    await this.#pause()
    await this.probe(milliseconds(end - clock.monotonic()))
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(`look at ${this.name}`, betweenLooks, resolve))
  }

  /** The pairs of other keys are needed no longer. @throws disk-failed */
  async settle(): Promise<void> {
    if (this.#given === undefined) return
    const given = nameOf(shownChain(this.#given))
    const pair = this.#pairs.get(given)
    if (pair === undefined) return
    this.#pairs.clear()
    this.#pairs.set(given, pair)
    await this.#files.keepOnly([pair])
  }

  /** @returns what is wrong */
  async #look(): Promise<PlatenError | undefined> {
    const { network, declaration } = this.#options
    if (this.#given === undefined) return this.#trouble ?? this.#failure('it was given no key', {})
    try {
      checkShown(shownChain(this.#given), await network.handshake({ ...declaration.probe, timeout: handshakeTimeout }))
      return undefined
    } catch (error) {
      const { message, facts } = asPlatenError(error)
      return this.#failure(message, facts, error)
    }
  }

  #failure(message: string, facts: PlatenError['facts'], cause?: unknown): PlatenError {
    return new PlatenError('probe-failed', `${this.name}: ${message}`, { facts: { ...facts, daemon: this.name }, fix: `See whether ${this.name} runs and what its log says, then assign the key again.`, cause })
  }

  async #named<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      const { code, message, facts, fix } = asPlatenError(error)
      throw new PlatenError(code, `${this.name}: ${message}`, { facts: { ...facts, daemon: this.name }, fix, cause: error })
    }
  }
}

function nameOf(chain: readonly Uint8Array[]): string {
  return chain.map(fingerprint).join(' ')
}
