import { asPlatenError, hasCode, PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import { seconds, type Clock, type Timer } from '../../protocol/time.js'
import type { KeyEntry, KeyId, KeyStore } from '../key-store/index.js'
import type { Log } from '../platform/index.js'
import type { KeyUseDriver, UseStatus } from './driver.js'

/** What of the key store this needs. */
type Assignments = Pick<KeyStore, 'entries' | 'get' | 'keyFor' | 'assign'>

/** Between two tries to start a consumer that could not. */
const retryWait = seconds(30)

export interface KeyUsesOptions {
  readonly store: Assignments
  readonly drivers: readonly KeyUseDriver[]
  readonly log: Log
  readonly clock: Clock
}

/** How a key was put to a use. */
export interface PutToUse {
  readonly enabled: boolean
  readonly caveat?: string
}

/** One use with its key and how it is doing. */
export interface UseRow extends UseStatus {
  readonly use: KeyUse
  /** Name of the assigned key. */
  readonly key?: string
}

/**
 * Keeps what serves and what the key store says in step. The store is the truth; a key that does not serve is taken
 * back in both places, so neither a bad certificate nor a crash in between can lock people out.
 */
export class KeyUses {
  readonly #store: Assignments
  readonly #drivers: Map<KeyUse, KeyUseDriver>
  readonly #log: Log
  readonly #clock: Clock
  /** Consumers that could not start, by what stopped them; each is tried again. */
  readonly #unserved = new Map<KeyUse, { readonly error: PlatenError; readonly again: Timer }>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ store, drivers, log, clock }: KeyUsesOptions) {
    this.#store = store
    this.#drivers = new Map(drivers.map((driver) => [driver.use, driver]))
    this.#log = log
    this.#clock = clock
  }

  /**
   * Brings every driver in line with the store, at start. A key that cannot serve TLS is passed over for the default key,
   * in memory only; another use is then without service. The assignment stays, the log says why. A consumer that cannot
   * start (its port is taken) is tried again every 30 s: the console has to work all the same, or nobody could put it right.
   * @throws use-cannot-serve when even the default key cannot serve TLS
   */
  async start(): Promise<void> {
    for (const [use, driver] of this.#drivers) await this.#bringInLine(use, driver)
  }

  async #bringInLine(use: KeyUse, driver: KeyUseDriver): Promise<void> {
    this.#unserved.delete(use)
    const entry = this.#store.keyFor(use)
    if (entry === undefined || !isOn(driver) || driver.current() !== undefined) return
    try {
      await this.#startOne(driver, entry)
    } catch (error) {
      if (!hasCode(error, 'listen-failed')) throw error
      this.#log.error(error.message, { fix: error.fix })
      const again = this.#clock.after(`serve ${use} again`, retryWait, () => void this.inTurn(() => this.#bringInLine(use, driver)).catch((cause: unknown) => this.#log.error(asPlatenError(cause).message)))
      this.#unserved.set(use, { error, again })
    }
  }

  /** Ends what waits to be tried again, and waits for the exchange under way. */
  async close(): Promise<void> {
    for (const { again } of this.#unserved.values()) again.cancel()
    await this.#turn
  }

  /** A use that came into being while the board runs: a policy. */
  add(driver: KeyUseDriver): void {
    this.#drivers.set(driver.use, driver)
  }

  remove(use: KeyUse): void {
    this.#drivers.delete(use)
  }

  async #startOne(driver: KeyUseDriver, entry: KeyEntry): Promise<void> {
    try {
      driver.canServe(entry)
      await driver.apply(entry)
    } catch (error) {
      if (driver.use !== 'tls') {
        this.#log.error(`the key of ${displayKeyUse(driver.use)} cannot serve`, { key: entry.name, reason: asPlatenError(error).message })
        return
      }
      const fallback = this.#defaultKey()
      if (hasCode(error, 'listen-failed') || fallback === undefined || fallback.id === entry.id) throw error
      this.#log.error(`the key of ${displayKeyUse(driver.use)} cannot serve; the default key serves instead`, { key: entry.name, reason: asPlatenError(error).message })
      await driver.apply(fallback)
    }
  }

  /** What is wrong between the store and what serves, as sentences; empty when all is well. */
  problems(): readonly string[] {
    return [...this.#drivers].flatMap(([use, driver]) => {
      const unserved = this.#unserved.get(use)
      if (unserved !== undefined && driver.current() === undefined) return [`${unserved.error.message}. ${unserved.error.fix} It is tried again every 30 s.`]
      const assigned = this.#store.keyFor(use)
      if (assigned === undefined || !isOn(driver) || driver.current() === assigned.id) return []
      return [`The key "${assigned.name}" is assigned to ${displayKeyUse(use)} but cannot serve${use === 'tls' ? '; the default key serves instead' : ''}.`]
    })
  }

  /** Every use that has a driver or a key, with how it is doing now. */
  list(): Promise<readonly UseRow[]> {
    const uses = new Set([...this.#drivers.keys(), ...this.#store.entries().flatMap((entry) => entry.uses)])
    return Promise.all([...uses].map(async (use) => {
      const key = this.#store.keyFor(use)?.name
      return { use, ...(key === undefined ? {} : { key }), ...await statusOf(this.#drivers.get(use), key) }
    }))
  }

  /**
   * After a change of the settings of a use, or when its key was taken away: applies and probes, or switches off.
   * What fails is not undone, because the settings say so.
   * @throws use-cannot-serve, probe-failed, listen-failed, disk-failed
   */
  refresh(use: KeyUse): Promise<void> {
    return this.inTurn(async () => {
      const driver = this.#drivers.get(use)
      const entry = this.#store.keyFor(use)
      if (driver === undefined) return
      if (entry === undefined || !isOn(driver)) return driver.switchOff?.()
      driver.canServe(entry)
      await driver.apply(entry)
      await driver.probe()
    })
  }

  /**
   * Puts a key to its use: can it serve, assign (when the store does not say so yet), apply, probe by a real
   * handshake. What fails is undone in the consumer and in the store.
   * @returns enabled: false when the function is off or not in this firmware; the key is assigned all the same.
   * caveat: why a strict peer may object to the key
   * @throws key-not-found, use-cannot-serve, probe-failed, listen-failed, disk-failed
   */
  put(use: KeyUse, id: KeyId): Promise<PutToUse> {
    return this.inTurn(() => this.#put(use, this.#store.get(id)))
  }

  /** Runs work that no exchange of keys may come between. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #put(use: KeyUse, entry: KeyEntry): Promise<PutToUse> {
    const driver = this.#drivers.get(use)
    if (driver === undefined || !isOn(driver)) {
      await this.#assign(use, entry.id)
      return { enabled: false }
    }
    const before = driver.current()
    try {
      const caveat = driver.canServe(entry)
      await this.#assign(use, entry.id)
      await this.#switch(driver, entry)
      if (caveat !== undefined) this.#log.warn(caveat, { key: entry.name, use })
      return { enabled: true, ...(caveat === undefined ? {} : { caveat }) }
    } catch (error) {
      await this.#assignBack(use, before)
      throw error
    }
  }

  async #switch(driver: KeyUseDriver, entry: KeyEntry): Promise<void> {
    await driver.apply(entry)
    try {
      await driver.probe()
    } catch (cause) {
      await driver.undo()
      const reason = asPlatenError(cause)
      this.#log.error(`${displayKeyUse(driver.use)} does not serve the key "${entry.name}"; the key before serves again`, { reason: reason.message })
      throw new PlatenError('probe-failed', `the key "${entry.name}" was taken back from ${displayKeyUse(driver.use)}: ${reason.message}`, {
        facts: { ...reason.facts, key: entry.name, use: driver.use }, cause,
        fix: 'The previous key serves again. Look at the log for the cause, then assign the key again.',
      })
    }
  }

  /** TLS without a key of its own has the default key, so that one is never written down for it. */
  async #assign(use: KeyUse, id: KeyId | undefined): Promise<void> {
    if (this.#store.keyFor(use)?.id === id) return
    await this.#store.assign(use, use === 'tls' && id === this.#defaultKey()?.id ? undefined : id)
  }

  /**
   * The key before may have been deleted in the same exchange; then the use has none. A store that cannot be written
   * now is put right by the next start, which passes over a key that cannot serve.
   */
  async #assignBack(use: KeyUse, before: KeyId | undefined): Promise<void> {
    try {
      await this.#assign(use, this.#store.entries().some(({ id }) => id === before) ? before : undefined)
    } catch (error) {
      this.#log.error(`the key store still names a key for ${displayKeyUse(use)} that does not serve`, { reason: asPlatenError(error).message })
    }
  }

  #defaultKey(): KeyEntry | undefined {
    return this.#store.entries().find(({ kind }) => kind === 'default')
  }
}

function isOn(driver: KeyUseDriver): boolean {
  return driver.enabled?.() ?? true
}

async function statusOf(driver: KeyUseDriver | undefined, key: string | undefined): Promise<UseStatus> {
  if (driver === undefined) return { state: 'off', detail: 'Not in this firmware, or not set up.' }
  if (!isOn(driver)) return { state: 'off', detail: 'Switched off.' }
  if (key === undefined) return { state: 'no-key', detail: 'No key is assigned.' }
  if (driver.status !== undefined) return driver.status()
  return driver.current() === undefined ? { state: 'failed', detail: 'Nothing serves.' } : { state: 'serving', detail: '' }
}
