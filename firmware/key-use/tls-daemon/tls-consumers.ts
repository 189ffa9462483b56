import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { seconds, type Clock, type Timer } from '../../../protocol/time.js'
import type { KeyEntry, KeyId } from '../../key-store/index.js'
import type { Log } from '../../platform/index.js'
import type { KeyUseDriver, UseStatus } from '../driver.js'
import type { TlsUse } from '../tls-use.js'
import type { TlsDaemon } from './tls-daemon.js'

export interface TlsConsumersOptions {
  /** The board's own listener. */
  readonly listener: TlsUse
  readonly daemons: readonly TlsDaemon[]
  readonly clock: Clock
  readonly log: Log
}

/** Between two tries with a daemon that does not serve the key it was given. */
const tryAgain = seconds(30)

/**
 * All that serves the key of the use TLS: the board's own listener and the declared daemons. A swap is for all of them
 * or for none. Where there is no way back (a start with a key that has served before) a daemon that is away or refuses
 * takes nothing from the others: its files wait for it, and it is told and looked at again every 30 s.
 */
export class TlsConsumers implements KeyUseDriver {
  readonly use = 'tls'
  readonly #options: TlsConsumersOptions
  #serving: KeyEntry | undefined
  #before: KeyEntry | undefined
  /** Daemons that were not told yet that their files have changed: the first apply does not wait for them. */
  readonly #untold = new Set<TlsDaemon>()
  /** Daemons that would not take what they were given last. */
  readonly #refusals = new Map<TlsDaemon, PlatenError>()
  /** Daemons that do not serve what they were given, with the reason. */
  readonly #lagging = new Map<TlsDaemon, PlatenError>()
  #timer: Timer | undefined
  #trying: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: TlsConsumersOptions) {
    this.#options = options
  }

  canServe(entry: KeyEntry): void {
    this.#options.listener.canServe(entry)
  }

  /** Only the board's own listener sees who comes. */
  addressesUsed(): readonly string[] {
    return this.#options.listener.addressesUsed()
  }

  current(): KeyId | undefined {
    return this.#serving?.id
  }

  /** What a daemon says against it is for the probe to judge. */
  async apply(entry: KeyEntry): Promise<void> {
    const { listener } = this.#options
    const starting = this.#serving === undefined
    try {
      await listener.apply(entry)
      this.#before = this.#serving
      this.#serving = entry
    } finally {
      // A listener whose port is taken does not keep the key from the daemons.
      if (starting || this.#serving === entry) await this.#hand(entry, { tell: !starting })
    }
  }

  /** All at the same time, so that the slowest alone counts. */
  async probe(wayBack = true): Promise<void> {
    const { listener, daemons } = this.#options
    const looks = daemons.map(async (daemon) => {
      const failure = await failureOf(this.#comesToServe(daemon, wayBack))
      if (failure === undefined) this.#lagging.delete(daemon)
      else if (wayBack) throw failure
      else this.#note(daemon, failure)
    })
    try {
      await allOf([listener.probe(), ...looks])
      await this.#settle()
    } finally {
      this.#watch()
    }
  }

  async undo(): Promise<void> {
    const { listener, daemons } = this.#options
    const before = this.#before
    if (before === undefined) return
    this.#before = undefined
    await listener.undo()
    this.#serving = before
    await this.#hand(before, { tell: true })
    // A command that fails or hangs has nothing to say about what is served: clients decide.
    await Promise.all(daemons.map(async (daemon) => {
      const failure = await failureOf(daemon.comesToServe())
      if (failure === undefined) this.#lagging.delete(daemon)
      else this.#note(daemon, this.#refusals.get(daemon) ?? failure)
      this.#refusals.delete(daemon)
    }))
    await this.#settle()
    this.#watch()
    const [failure] = this.#lagging.values()
    if (failure !== undefined) throw failure
  }

  /** A look at each of them, as a client. */
  async status(): Promise<UseStatus> {
    const { listener, daemons } = this.#options
    const looks = await Promise.all([failureOf(listener.probe()), ...daemons.map((daemon) => failureOf(daemon.probe()))])
    const wrong = looks.flatMap((failure) => failure?.message ?? [])
    if (wrong.length > 0) return { state: 'failed', detail: `${wrong.join('; ')}.`, ...(looks[0] === undefined ? { reason: 'daemon-failed' } : {}) }
    return { state: 'serving', detail: daemons.length === 0 ? '' : `Served by the board, ${daemons.map(({ name }) => name).join(', ')}.` }
  }

  /** Looks no longer, and closes the listener. The files stay: a daemon that is started anew while the board restarts needs them. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#trying
    await this.#options.listener.close()
  }

  /** Gives every daemon the key. */
  async #hand(entry: KeyEntry, { tell }: { readonly tell: boolean }): Promise<void> {
    await Promise.all(this.#options.daemons.map(async (daemon) => {
      const failure = await failureOf(tell ? daemon.give(entry).then(() => daemon.reload()) : daemon.give(entry))
      this.#refusals.delete(daemon)
      if (failure !== undefined) {
        this.#refusals.set(daemon, failure)
        this.#note(daemon, failure)
      }
      if (tell) this.#untold.delete(daemon)
      else this.#untold.add(daemon)
    }))
    this.#watch()
  }

  async #comesToServe(daemon: TlsDaemon, wayBack: boolean): Promise<void> {
    const refused = this.#refusals.get(daemon)
    this.#refusals.delete(daemon)
    if (refused !== undefined) throw refused
    const told = this.#untold.delete(daemon) ? await failureOf(daemon.reload()) : undefined
    // Without a way back there is time: one that is away now is looked at again later.
    if (!wayBack) {
      const first = await failureOf(daemon.probe())
      if (first === undefined) return
      if (isAway(first)) throw first
    }
    await daemon.comesToServe().catch((error: unknown) => {
      throw told ?? error
    })
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#options.daemons.map(async (daemon) => {
      const failure = await failureOf(daemon.settle())
      if (failure !== undefined) this.#options.log.warn('an old key of a TLS daemon is still in memory', { reason: failure.message })
    }))
  }

  #note(daemon: TlsDaemon, reason: PlatenError): void {
    if (this.#lagging.get(daemon)?.message !== reason.message) this.#options.log.error('a TLS daemon does not serve the key of TLS', { reason: reason.message })
    this.#lagging.set(daemon, reason)
  }

  #watch(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#closed || this.#lagging.size === 0) return
    this.#timer = this.#options.clock.after('look after the TLS daemons', tryAgain, () => void (this.#trying = this.#tryAgain()))
  }

  /** May run beside a swap: to tell a daemon twice to read its files does no harm, and what came of it is then forgotten. */
  async #tryAgain(): Promise<void> {
    const entry = this.#serving
    if (entry === undefined) return
    await Promise.all([...this.#lagging.keys()].map(async (daemon) => {
      const failure = await failureOf(this.#again(daemon, entry))
      if (this.#serving !== entry) return
      if (failure !== undefined) this.#note(daemon, failure)
      else if (this.#lagging.delete(daemon)) this.#options.log.info('a TLS daemon serves the key of TLS again', { daemon: daemon.name, key: entry.name })
    }))
    if (this.#serving === entry) this.#watch()
  }

  async #again(daemon: TlsDaemon, entry: KeyEntry): Promise<void> {
    if (!daemon.has(entry)) await daemon.give(entry)
    await daemon.reload()
    await daemon.probe()
  }
}

async function failureOf(work: Promise<void>): Promise<PlatenError | undefined> {
  return work.then(() => undefined, asPlatenError)
}

/** Waits for all, and then throws what went wrong, of each one. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work)
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [asPlatenError(end.reason)] : []))
  const [first, ...others] = failures
  if (first === undefined) return
  if (others.length === 0) throw first
  throw new PlatenError(first.code, failures.map(({ message }) => message).join('; '), { facts: first.facts, fix: first.fix, cause: first })
}

function isAway({ cause }: PlatenError): boolean {
  return cause instanceof PlatenError && (cause.code === 'connect-failed' || cause.code === 'timed-out')
}
