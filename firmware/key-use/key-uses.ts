import { asPlatenError, hasCode, PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type Caveat, type KeyUse } from '../../protocol/key-use.js'
import type { Clock } from '../../protocol/time.js'
import type { KeyEntry, KeyId } from '../key-store/index.js'
import type { Log } from '../platform/index.js'
import { within } from './deadline.js'
import type { KeyUseDriver } from './driver.js'
import { Retries } from './retries.js'
import { ServedKeysInMemory, type ServedKeys } from './served-keys.js'
import { swapLimits, type SwapEnd, type SwapPlan } from './swap.js'
import { errorOf, storyOf, type SwapReport } from './swap-report.js'
import { runSwap, type Assignments } from './swap-run.js'
import { isOn, problemsOf, rowOf, unservedProblem, type UseRow, type UseView } from './use-row.js'

/** Looks for what an administrator should know of a key at a use; never fails. */
export type FindCaveats = (use: KeyUse, entry: KeyEntry, inService: KeyEntry | undefined, addressesUsed: readonly string[]) => Promise<readonly Caveat[]>

export interface KeyUsesOptions {
  readonly store: Assignments
  readonly drivers: readonly KeyUseDriver[]
  readonly log: Log
  readonly clock: Clock
  /** Default: forgotten at the end of the run. */
  readonly served?: ServedKeys
  /** Default: none are found. */
  readonly findCaveats?: FindCaveats
}

/** How a key was put to a use. */
export interface PutToUse {
  readonly enabled: boolean
  readonly caveats: readonly Caveat[]
}

/**
 * Keeps what serves and what the key store says in step: the runner of `swap.ts`. The store is the truth; a key that
 * does not serve is taken back in both places, so neither a bad certificate nor a crash in between can lock people out.
 */
export class KeyUses {
  readonly #store: Assignments
  readonly #drivers: Map<KeyUse, KeyUseDriver>
  readonly #log: Log
  readonly #clock: Clock
  readonly #served: ServedKeys
  readonly #findCaveats: FindCaveats
  /** What does not serve though it should; each is tried again. */
  readonly #unserved: Retries
  readonly #caveats = new Map<KeyUse, readonly Caveat[]>()
  readonly #swaps = new Map<KeyUse, SwapReport>()
  readonly #turns = new Map<string, Promise<unknown>>()
  #interrupt: (error: PlatenError) => void = () => undefined
  readonly #interrupted: Promise<never> = new Promise((_, reject) => (this.#interrupt = reject))
  #closed = false

  constructor({ store, drivers, log, clock, served = new ServedKeysInMemory(), findCaveats = () => Promise.resolve([]) }: KeyUsesOptions) {
    this.#store = store
    this.#drivers = new Map(drivers.map((driver) => [driver.use, driver]))
    this.#log = log
    this.#clock = clock
    this.#served = served
    this.#findCaveats = findCaveats
    this.#unserved = new Retries(clock, (use) => void this.#align(use).catch((error: unknown) => log.error(asPlatenError(error).message)))
    this.#interrupted.catch(() => undefined)
  }

  /**
   * Brings every consumer in line with the store, at start: applied when this resolves, and probed after that. What
   * does not serve is tried again, beginning after 30 s. A power cut in a swap is found by the key not having been seen
   * to serve: it is tried, and if it fails the key before comes back. A key that cannot serve TLS is otherwise passed over for the
   * default key, in memory only; another use is then without service, and the log and the status say why. The console
   * has to work all the same, or nobody could put it right.
   * @throws use-cannot-serve when even the default key cannot serve TLS
   */
  async start(): Promise<void> {
    await Promise.all([...this.#drivers.keys()].map((use) => new Promise<void>((resolve, reject) => {
      this.#align(use, resolve).then(resolve, reject)
    })))
  }

  /** Ends what waits to be tried again, and waits for the exchanges under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unserved.close()
    this.#interrupt(new PlatenError('interrupted', 'the board is stopping'))
    await Promise.all(this.#turns.values())
  }

  /** A use that came into being while the board runs: a policy. */
  add(driver: KeyUseDriver): void {
    this.#drivers.set(driver.use, driver)
  }

  async remove(use: KeyUse): Promise<void> {
    this.#drivers.delete(use)
    this.#unserved.clear(use)
    this.#caveats.delete(use)
    this.#swaps.delete(use)
    await this.#accept(use, undefined)
  }

  /** What is wrong between the store and what serves, as sentences; empty when all is well. */
  problems(): readonly string[] {
    return [...this.#drivers.keys()].flatMap((use) => problemsOf(this.#view(use)))
  }

  /** Every use that has a driver or a key, with how it is doing now. */
  list(): Promise<readonly UseRow[]> {
    const uses = new Set([...this.#drivers.keys(), ...this.#store.entries().flatMap((entry) => entry.uses)])
    return Promise.all([...uses].map((use) => rowOf(this.#view(use))))
  }

  /** The last exchange of keys of a use since the start. */
  lastSwap(use: KeyUse): SwapReport | undefined {
    return this.#swaps.get(use)
  }

  #view(use: KeyUse): UseView {
    return {
      use, driver: this.#drivers.get(use), assigned: this.#store.keyFor(use), unserved: this.#unserved.reasonOf(use),
      caveats: this.#caveats.get(use) ?? [], swap: this.#swaps.get(use),
    }
  }

  /**
   * After a change of the settings of a use, or when its key was taken away: applies and probes, or switches off.
   * What fails is not undone, because the settings say so: a key that cannot even be applied under them no longer
   * serves by the settings before, and is tried again.
   * @throws use-cannot-serve, probe-failed, listen-failed, disk-failed
   */
  refresh(use: KeyUse): Promise<void> {
    return this.inTurn(use, async () => {
      const driver = this.#drivers.get(use)
      const entry = this.#store.keyFor(use)
      this.#unserved.clear(use)
      if (driver === undefined) return
      if (entry === undefined) await this.#accept(use, undefined)
      if (entry === undefined || !isOn(driver)) return driver.switchOff?.()
      const end = await this.#run(use, { kind: 'align', key: entry.id, assigned: true, on: true })
      if (end.outcome === 'served') return
      if (end.times.applied === undefined) await driver.switchOff?.()
      if (end.times.applied === undefined && end.reason !== undefined) this.#unserved.later(use, end.reason)
      throw errorOf(end, use, entry.name)
    })
  }

  /**
   * Switches a function on or off in its settings, and its consumer with it. A function stays on though its key does
   * not serve: the status says so, and the log why.
   * @throws use-cannot-serve when it is not in this firmware; last-way-in when it cannot be off; missing-field, disk-failed
   */
  async switch(use: KeyUse, on: boolean): Promise<void> {
    const driver = this.#driverOf(use)
    if (driver.setEnabled === undefined) {
      if (on) return
      throw new PlatenError('last-way-in', `${displayKeyUse(use)} cannot be switched off: it is the only way to the Remote UI and to IPPS, and would lock people out.`, { facts: { use }, fix: 'Put another key to it with uses assign.' })
    }
    await driver.setEnabled(on)
    await this.refresh(use).catch((error: unknown) => {
      const { code, message } = asPlatenError(error)
      if (code === 'disk-failed' || code === 'internal') throw error
      this.#log.warn(`${displayKeyUse(use)} is on, but does not serve`, { code, reason: message })
    })
  }

  /** A handshake with what serves a use now; changes nothing. @throws use-cannot-serve when nothing serves; probe-failed */
  probe(use: KeyUse): Promise<void> {
    return this.inTurn(use, async () => {
      const driver = this.#driverOf(use)
      const assigned = this.#store.keyFor(use)
      if (!isOn(driver)) throw notServing(use, 'it is switched off', 'Switch it on with uses enable.')
      if (assigned === undefined) throw notServing(use, 'no key is assigned to it', 'Put one to it with uses assign.')
      if (driver.current() !== assigned.id) throw notServing(use, unservedProblem(this.#view(use)) ?? 'its key is not in place', 'Look at the log for the cause.')
      await within(this.#clock, `a probe of ${use}`, swapLimits.probe, driver.probe(), () => new PlatenError('probe-failed', `${displayKeyUse(use)} gave no answer within ${swapLimits.probe / 1000} s`))
    })
  }

  /**
   * Goes back to the key that served before the one assigned now, as `put` does.
   * @throws key-not-found when none is known, or it is no longer in the store; what `put` throws
   */
  async undo(use: KeyUse): Promise<PutToUse> {
    const served = this.#served.get(use)
    const wanted = served?.key === this.#store.keyFor(use)?.id ? served?.before : served?.key
    const before = this.#find(wanted)
    if (before !== undefined) return this.put(use, before.id)
    throw new PlatenError('key-not-found', wanted === undefined ? `No key is known that served ${displayKeyUse(use)} before.` : `The key that served ${displayKeyUse(use)} before is no longer in the store.`, { facts: { use }, fix: 'Choose a key with uses assign; keys list shows what there is.' })
  }

  /**
   * Puts a key to its use: can it serve, assign (when the store does not say so yet), apply, probe by a real
   * handshake. What fails is undone in the consumer and in the store.
   * @param receivedAt when the certificate arrived, monotonic ms
   * @returns enabled: false when the function is off or not in this firmware; the key is assigned all the same.
   * @throws key-not-found, use-cannot-serve, probe-failed, listen-failed, disk-failed
   */
  put(use: KeyUse, id: KeyId, { receivedAt }: { readonly receivedAt?: number } = {}): Promise<PutToUse> {
    return this.inTurn(use, async () => {
      const entry = this.#store.get(id)
      const driver = this.#drivers.get(use)
      const inService = this.#find(driver?.current())
      const looking = this.#look(use, entry, inService)
      const assignedBefore = this.#store.keyFor(use)?.id
      const before = inService?.id ?? (assignedBefore === id ? this.#lastServed(use, id) : assignedBefore)
      const end = await this.#run(use, {
        kind: 'swap', key: id, assigned: assignedBefore === id, on: driver !== undefined && isOn(driver),
        ...(before === undefined ? {} : { before }), ...(receivedAt === undefined ? {} : { receivedAt }),
      })
      if (end.outcome !== 'served' && end.outcome !== 'assigned') throw errorOf(end, use, entry.name)
      if (end.outcome === 'assigned') await this.#accept(use, id)
      return { enabled: end.outcome === 'served', caveats: await looking }
    })
  }

  /**
   * Runs work that no exchange of keys may come between.
   * @param whose turn: the uses of IPSec have one together, because they have one daemon
   */
  inTurn<Result>(whose: KeyUse | 'ipsec', work: () => Promise<Result>): Promise<Result> {
    const name = whose.startsWith('ipsec:') ? 'ipsec' : whose
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work)
    this.#turns.set(name, turn.catch(() => undefined))
    return turn
  }

  /** @param applied called when the consumer has the key, before it was probed */
  #align(use: KeyUse, applied?: () => void): Promise<void> {
    return this.inTurn(use, async () => {
      const driver = this.#drivers.get(use)
      const entry = this.#store.keyFor(use)
      if (this.#closed || driver === undefined || entry === undefined || !isOn(driver)) return
      if (driver.current() === entry.id && this.#unserved.reasonOf(use) === undefined) return
      const before = this.#lastServed(use, entry.id)
      if (driver.supervised === true && before === undefined) return this.#applyOnly(driver, entry)
      const plan: SwapPlan = { kind: 'align', key: entry.id, assigned: true, on: true, inPlace: driver.current() === entry.id, ...(before === undefined ? {} : { before }) }
      // Nobody waits for it: a board that stops goes on with it at its next start.
      const end = await this.#run(use, plan, { interrupted: this.#interrupted, ...(applied === undefined ? {} : { onApplied: applied }) }).catch((error: unknown) => {
        if (!hasCode(error, 'interrupted')) throw error
      })
      if (end?.outcome === 'failing') await this.#withoutService(driver, entry, end, applied === undefined)
      await this.#look(use, entry, undefined)
    })
  }

  /** Its driver does the rest. */
  async #applyOnly(driver: KeyUseDriver, entry: KeyEntry): Promise<void> {
    try {
      driver.canServe(entry)
      await driver.apply(entry)
    } catch (error) {
      this.#log.error(`the key of ${displayKeyUse(driver.use)} cannot serve`, { key: entry.name, reason: asPlatenError(error).message })
    }
  }

  async #withoutService(driver: KeyUseDriver, entry: KeyEntry, { reason, times }: SwapEnd, retried: boolean): Promise<void> {
    const { use } = driver
    const news = this.#unserved.reasonOf(use)?.message !== reason?.message
    if (reason !== undefined) this.#unserved.later(use, reason)
    if (reason?.code === 'listen-failed') {
      if (news) this.#log.error(reason.message, { fix: reason.fix })
      return
    }
    const fallback = use === 'tls' ? this.#store.entries().find(({ kind }) => kind === 'default') : undefined
    if (fallback === undefined || fallback.id === entry.id) {
      if (use === 'tls' && times.applied === undefined && !retried) throw new PlatenError(reason?.code ?? 'internal', reason?.message ?? '', { fix: reason?.fix ?? '' })
      if (news) this.#log.error(`the key of ${displayKeyUse(use)} cannot serve`, { key: entry.name, reason: reason?.message ?? '' })
      return
    }
    if (news) this.#log.error(`the key of ${displayKeyUse(use)} cannot serve; the default key serves instead`, { key: entry.name, reason: reason?.message ?? '' })
    await driver.apply(fallback)
  }

  async #run(use: KeyUse, plan: SwapPlan, alone: { readonly onApplied?: () => void; readonly interrupted?: Promise<never> } = {}): Promise<SwapEnd> {
    const driver = this.#drivers.get(use)
    const end = await runSwap({
      use, driver, store: this.#store, served: this.#served, clock: this.#clock, log: this.#log,
      ...alone,
      onLate: () => void this.#align(use).catch((error: unknown) => this.#log.error(asPlatenError(error).message)),
    }, plan)
    if (end.outcome !== 'failing') this.#unserved.clear(use)
    const { text, level, facts, report } = storyOf(end, use, this.#store.entries().find(({ id }) => id === plan.key)?.name ?? plan.key)
    this.#swaps.set(use, report)
    this.#log[level](text, facts)
    const now = this.#store.keyFor(use)?.id
    if (end.outcome === 'stranded' && end.reason !== undefined && now !== undefined) this.#unserved.later(use, end.reason)
    return end
  }

  /** What is to be known of a key at a use, kept and logged. Nothing fails for it. */
  async #look(use: KeyUse, entry: KeyEntry, inService: KeyEntry | undefined): Promise<readonly Caveat[]> {
    const caveats = await this.#findCaveats(use, entry, inService, this.#drivers.get(use)?.addressesUsed?.() ?? []).catch((error: unknown) => {
      this.#log.warn(`not looked what is to be known of the key "${entry.name}"`, { reason: asPlatenError(error).message })
      return []
    })
    this.#caveats.set(use, caveats)
    for (const { code, message, fix } of caveats) this.#log.warn(message, { code, key: entry.name, use, fix })
    return caveats
  }

  /** The key that was last seen to serve, unless it is this one, or somebody wants this one as it is. */
  #lastServed(use: KeyUse, id: KeyId): KeyId | undefined {
    const last = this.#served.get(use)
    return last === undefined || last.key === id || last.accepted === id ? undefined : this.#find(last.key)?.id
  }

  /** Only a help for later: nothing fails for it. */
  async #accept(use: KeyUse, key: KeyId | undefined): Promise<void> {
    await this.#served.accept(use, key).catch((error: unknown) => this.#log.warn(`not remembered which key ${displayKeyUse(use)} has`, { reason: asPlatenError(error).message }))
  }

  #driverOf(use: KeyUse): KeyUseDriver {
    const driver = this.#drivers.get(use)
    if (driver === undefined) throw notServing(use, 'it is not in this firmware, or not set up', 'See uses for what there is.')
    return driver
  }

  #find(id: KeyId | undefined): KeyEntry | undefined {
    return this.#store.entries().find((entry) => entry.id === id)
  }
}

function notServing(use: KeyUse, why: string, fix: string): PlatenError {
  return new PlatenError('use-cannot-serve', `${displayKeyUse(use)} does not serve: ${why}.`, { facts: { use }, fix })
}
