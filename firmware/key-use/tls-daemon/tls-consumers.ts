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
 * or for none. A daemon that is away when the board starts holds up nothing: its files are there for when it comes.
 * Whichever does not serve the key it was given is told and looked at again every 30 s.
 */
export class TlsConsumers implements KeyUseDriver {
  readonly use = 'tls'
  readonly #options: TlsConsumersOptions
  #serving: KeyEntry | undefined
  #before: KeyEntry | undefined
  /** From the first apply until its probe: the daemons may not have been started yet. */
  #starting = false
  /** Daemons that do not serve what they were given, with the reason that was logged. */
  readonly #lagging = new Map<TlsDaemon, string>()
  #timer: Timer | undefined
  #trying: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: TlsConsumersOptions) {
    this.#options = options
  }

  canServe(entry: KeyEntry): void {
    this.#options.listener.canServe(entry)
  }

  current(): KeyId | undefined {
    return this.#serving?.id
  }

  async apply(entry: KeyEntry): Promise<void> {
    const { listener, daemons } = this.#options
    await listener.apply(entry)
    this.#starting = this.#serving === undefined
    this.#before = this.#serving
    this.#serving = entry
    if (this.#starting) await Promise.all(daemons.map((daemon) => this.#noted(daemon, () => daemon.give(entry))))
    else {
      await allOf(daemons.map(async (daemon) => {
        await daemon.give(entry)
        await daemon.reload()
      }))
    }
  }

  /** All at the same time, so that the slowest alone counts. */
  async probe(): Promise<void> {
    const { listener, daemons } = this.#options
    const starting = this.#starting
    this.#starting = false
    await allOf([listener.probe(), ...daemons.map((daemon) => (starting ? this.#greet(daemon) : daemon.comesToServe()))])
    if (!starting) this.#lagging.clear()
    await allOf(daemons.map((daemon) => daemon.settle()))
    this.#watch()
  }

  async undo(): Promise<void> {
    const { listener, daemons } = this.#options
    const before = this.#before
    if (before === undefined) return
    this.#before = undefined
    await listener.undo()
    this.#serving = before
    await Promise.all(daemons.map(async (daemon) => {
      this.#lagging.delete(daemon)
      // A command that fails or hangs may have nothing to say about what is served: clients decide.
      await this.#noted(daemon, async () => {
        await daemon.give(before)
        await daemon.reload()
      })
      await this.#noted(daemon, () => daemon.comesToServe())
      await daemon.settle()
    }))
    this.#watch()
    const [reason] = this.#lagging.values()
    if (reason !== undefined) throw new PlatenError('probe-failed', reason)
  }

  /** A look at each of them, as a client. */
  async status(): Promise<UseStatus> {
    const { listener, daemons } = this.#options
    const looks = await Promise.allSettled([listener.probe(), ...daemons.map((daemon) => daemon.probe())])
    const wrong = looks.flatMap((look) => (look.status === 'rejected' ? [asPlatenError(look.reason).message] : []))
    if (wrong.length > 0) return { state: 'failed', detail: `${wrong.join('; ')}.` }
    return { state: 'serving', detail: daemons.length === 0 ? '' : `Served by the board, ${daemons.map(({ name }) => name).join(', ')}.` }
  }

  /** Looks no longer, and closes the listener. The files stay: a daemon that is started anew while the board restarts needs them. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#trying
    await this.#options.listener.close()
  }

  /** At the start: one that is away comes later; one that is there and shows something else does not take the key. */
  async #greet(daemon: TlsDaemon): Promise<void> {
    if (this.#lagging.has(daemon)) return
    const told = await failureOf(daemon.reload())
    const first = await failureOf(daemon.probe())
    if (first === undefined) return
    if (isAway(first)) this.#note(daemon, first.message)
    else await daemon.comesToServe().catch((error: unknown) => {
      throw told ?? error
    })
  }

  async #noted(daemon: TlsDaemon, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#lagging.delete(daemon)
    } catch (error) {
      this.#note(daemon, asPlatenError(error).message)
    }
  }

  #note(daemon: TlsDaemon, reason: string): void {
    if (this.#lagging.get(daemon) !== reason) this.#options.log.error('a TLS daemon does not serve the key of TLS', { reason })
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
      if (failure !== undefined) this.#note(daemon, failure.message)
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

function isAway(failure: PlatenError): boolean {
  const cause = failure.cause
  return cause instanceof PlatenError && (cause.code === 'connect-failed' || cause.code === 'timed-out')
}
