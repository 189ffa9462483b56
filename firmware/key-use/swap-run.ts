import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import type { Clock, Duration } from '../../protocol/time.js'
import type { KeyEntry, KeyId, KeyStore } from '../key-store/index.js'
import type { Log } from '../platform/index.js'
import { within } from './deadline.js'
import type { KeyUseDriver } from './driver.js'
import type { ServedKeys } from './served-keys.js'
import { refuseExpired } from './serving-certificate.js'
import { beginSwap, effectOf, nextSwap, type SwapEffect, type SwapEnd, type SwapPlan, type SwapReason } from './swap.js'

/** What of the key store a swap needs. */
export type Assignments = Pick<KeyStore, 'entries' | 'get' | 'keyFor' | 'assign'>

export interface SwapTools {
  readonly use: KeyUse
  /** Absent for a use that is not in this firmware. */
  readonly driver: KeyUseDriver | undefined
  readonly store: Assignments
  readonly served: ServedKeys
  readonly clock: Clock
  readonly log: Log
  /** Called when the consumer has the key. */
  readonly onApplied?: () => void
  /** Rejects when nobody waits for the outcome any more. */
  readonly interrupted?: Promise<never>
  /** Called when a step that was given up ends after all: nobody knows then what serves. */
  readonly onLate: () => void
}

/** Does what the state machine says, one thing after the other, to the end. @throws interrupted */
export async function runSwap(tools: SwapTools, plan: SwapPlan): Promise<SwapEnd> {
  return new SwapRun(tools, plan).run()
}

class SwapRun {
  readonly #tools: SwapTools
  readonly #plan: SwapPlan
  /** Whether the consumer served something when it began, and so has something to go back to. */
  readonly #serving: boolean
  /** Steps of the driver that were given up and have not ended yet. */
  readonly #hung = new Set<Promise<void>>()

  constructor(tools: SwapTools, plan: SwapPlan) {
    this.#tools = tools
    this.#plan = plan
    this.#serving = tools.driver?.current() !== undefined
  }

  async run(): Promise<SwapEnd> {
    const { clock, onLate, onApplied } = this.#tools
    let state = beginSwap(this.#plan, clock.monotonic())
    for (let effect = effectOf(state, clock.monotonic()); effect !== undefined; effect = effectOf(state, clock.monotonic())) {
      const failure = await this.#perform(effect)
      const at = clock.monotonic()
      state = nextSwap(state, failure === undefined ? { is: 'done', at } : { is: 'failed', at, reason: failure })
      if (effect.do === 'apply' && failure === undefined) onApplied?.()
    }
    if (this.#hung.size > 0) void Promise.allSettled(this.#hung).then(onLate)
    return state as SwapEnd
  }

  /** @returns why it failed */
  async #perform(effect: SwapEffect): Promise<SwapReason | undefined> {
    try {
      await this.#do(effect)
      return undefined
    } catch (error) {
      const { code, message, fix, facts } = asPlatenError(error)
      if (code === 'interrupted') throw error
      if (effect.do === 'undo') this.#tools.log.error(`${displayKeyUse(this.#tools.use)}: the key before could not be put back`, { reason: message })
      if (effect.do === 'commit') this.#tools.log.warn(`not remembered that the key serves ${displayKeyUse(this.#tools.use)}`, { reason: message })
      if (effect.do === 'assign' && effect.key !== this.#plan.key) this.#tools.log.error(`the key store still names a key for ${displayKeyUse(this.#tools.use)} that does not serve`, { reason: message })
      return { code, message, fix, facts }
    }
  }

  async #do(effect: SwapEffect): Promise<void> {
    const { driver, store, served, use } = this.#tools
    switch (effect.do) {
      case 'check':
        this.#check(store.get(effect.key))
        return
      case 'assign': return this.#assign(effect.key)
      case 'apply': return this.#limited('use-cannot-serve', effect.within, driver?.apply(store.get(effect.key)))
      case 'probe': return this.#limited('probe-failed', effect.within, driver?.probe(hasWayBack(this.#plan)))
      case 'commit': return served.served(use, effect.key)
      case 'undo': return this.#limited('use-cannot-serve', effect.within, this.#undo(effect.failed, effect.to))
    }
  }

  /** After a start the store is the truth: one that has expired meanwhile is better than nothing. */
  #check(entry: KeyEntry): void {
    const { clock, driver, use } = this.#tools
    driver?.canServe(entry)
    if (this.#plan.kind === 'swap' && clock.state() !== 'unset') refuseExpired(use, entry, clock.wall())
  }

  async #undo(failed: 'apply' | 'probe', to: KeyId | undefined): Promise<void> {
    const { driver, store } = this.#tools
    if (driver === undefined) return
    if (this.#plan.kind === 'align') return to === undefined ? undefined : driver.apply(store.get(to))
    if (failed === 'apply') await Promise.allSettled(this.#hung)
    // A consumer that has not taken the key still serves with the one before.
    if (failed === 'probe' || driver.current() !== to) await driver.undo()
    if (this.#serving && driver.current() !== to) throw new PlatenError('use-cannot-serve', 'it serves another key than before')
  }

  async #limited(code: 'use-cannot-serve' | 'probe-failed', limit: Duration, work: Promise<void> | undefined): Promise<void> {
    if (work === undefined) return
    const { clock, use, interrupted } = this.#tools
    const settled = work.then(() => undefined, () => undefined)
    this.#hung.add(settled)
    void settled.then(() => this.#hung.delete(settled))
    const late = (): PlatenError => new PlatenError(code, `${displayKeyUse(use)} gave no answer within ${Math.round(limit / 1000)} s`, { facts: { seconds: limit / 1000 }, fix: 'See whether its daemon hangs.' })
    await within(clock, `an answer of ${use}`, limit, interrupted === undefined ? work : Promise.race([work, interrupted]), late)
  }

  /** TLS without a key of its own has the default key, so that one is never written down for it. A key that was deleted meanwhile is none. */
  async #assign(id: KeyId | undefined): Promise<void> {
    const { store, use } = this.#tools
    const entry = store.entries().find((each) => each.id === id)
    if (id === this.#plan.key && entry === undefined) throw new PlatenError('key-not-found', `no key has the id ${id}`)
    if (store.keyFor(use)?.id === entry?.id) return
    await store.assign(use, use === 'tls' && entry?.kind === 'default' ? undefined : entry?.id)
  }
}

/** At a start there is one only after a power cut in a swap. */
function hasWayBack({ kind, before }: SwapPlan): boolean {
  return kind === 'swap' || before !== undefined
}
