import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { seconds, type Clock, type Timer } from '../../../protocol/time.js'
import type { KeyEntry, KeyStore } from '../../key-store/index.js'
import type { Disk, Log, Processes } from '../../platform/index.js'
import type { IpsecPolicies, IpsecPolicy, IpsecPolicyUpdate } from '../../settings/index.js'
import type { UseStatus } from '../driver.js'
import type { KeyUses } from '../key-uses.js'
import type { SwapReport } from '../swap-report.js'
import { Charon } from './charon.js'
import { Revival } from './revival.js'
import { IpsecUse } from './ipsec-use.js'
import { Swanctl } from './swanctl.js'

export interface IpsecUsesOptions {
  readonly policies: IpsecPolicies
  readonly store: Pick<KeyStore, 'privateKey' | 'caCertificates' | 'keyFor' | 'assign'>
  readonly uses: Pick<KeyUses, 'add' | 'remove' | 'inTurn' | 'lastSwap'>
  readonly disk: Disk
  /** Undefined where no programs run: the function is off. */
  readonly processes: Processes | undefined
  /** On tmpfs; for this alone. */
  readonly directory: string
  /** URI of the VICI socket of strongSwan's daemon. */
  readonly socket: string
  /** Program and arguments that start the daemon again when it does not answer; undefined: somebody else does. */
  readonly restart?: readonly [string, ...string[]] | undefined
  readonly clock: Clock
  readonly log: Log
}

/** A policy with its key and how it is doing now. */
export interface PolicyStatus extends UseStatus {
  readonly policy: IpsecPolicy
  /** Name of the key assigned. */
  readonly key?: string
}

/** Between two looks at the daemon: a tunnel that is down, or a daemon that was started anew, waits no longer. */
const lookEvery = seconds(15)

/** The IPSec policies with what serves them. Each policy is a use of a key; the settings say what it is, the key store which key it has. */
export class IpsecUses {
  readonly #options: IpsecUsesOptions
  readonly #charon: Charon
  readonly #revival: Revival
  readonly #installed: boolean
  readonly #drivers = new Map<string, IpsecUse>()
  #timer: Timer | undefined
  #began = false
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(options: IpsecUsesOptions, charon: Charon, revival: Revival, installed: boolean) {
    this.#options = options
    this.#charon = charon
    this.#revival = revival
    this.#installed = installed
    for (const { name } of options.policies.list()) this.#drive(name)
  }

  /** Gives a driver of each policy to `uses`. */
  static async open(options: IpsecUsesOptions): Promise<IpsecUses> {
    const { processes = none, directory, socket, disk, store, log } = options
    const swanctl = new Swanctl({ processes, directory, socket })
    const installed = await swanctl.installed()
    const charon = new Charon({
      disk, directory, swanctl, log, privateKey: (id) => store.privateKey(id),
      revocationLists: () => store.caCertificates().flatMap(({ crl }) => crl ?? []),
    })
    return new IpsecUses(options, charon, new Revival({ swanctl, processes, command: options.restart, log }), installed)
  }

  /** Begins to look after the tunnels; call it once the key uses have started. */
  begin(): void {
    this.#began = true
    if (this.#timer === undefined && this.#installed) this.#look()
  }

  /** Looks no longer. The tunnels stay as they are: a board that starts again finds them. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.settled()
  }

  /** Settles when the look under way is over, and each tunnel that it found down is up or has failed. */
  async settled(): Promise<void> {
    await this.#looking
    for (const driver of this.#drivers.values()) await driver.settled()
  }

  /** All policies in their order, as they stand now. */
  async status(): Promise<readonly PolicyStatus[]> {
    const all: PolicyStatus[] = []
    for (const policy of this.#options.policies.list()) all.push(await this.#statusOf(policy))
    return all
  }

  /** @throws policy-not-found */
  statusOf(name: string): Promise<PolicyStatus> {
    return this.#statusOf(this.#options.policies.get(name))
  }

  /** A new policy at the end. @throws policy-name-taken, policy-limit, invalid-value, missing-field, disk-failed; use-cannot-serve when it is on and the daemon refuses it */
  add(name: string, update: IpsecPolicyUpdate): Promise<PolicyStatus> {
    const { enabled, ...others } = update
    return this.#options.uses.inTurn('ipsec', async () => {
      await this.#options.policies.add(name, others)
      const driver = this.#drive(name)
      if (enabled === true) await this.#switchOn(driver, name)
      if (this.#began) this.begin()
      return this.statusOf(name)
    })
  }

  /**
   * Changes a policy. Where it serves, the daemon has to take the new one first, else nothing is changed; the tunnel
   * moves to it, and the old one ends in any case.
   * @throws policy-not-found, invalid-value, use-cannot-serve, disk-failed
   */
  edit(name: string, update: IpsecPolicyUpdate): Promise<PolicyStatus> {
    const { policies, uses } = this.#options
    return uses.inTurn('ipsec', async () => {
      const next = policies.withUpdate(name, update)
      const driver = this.#driverOf(name)
      const serving = driver.serving()
      if (serving === undefined) await policies.edit(name, update)
      else {
        await driver.move({ entry: serving.entry, connection: driver.connectionFor(serving.entry, next) })
        await policies.edit(name, update).catch(async (error: unknown) => {
          await driver.undo()
          throw error
        })
        await this.#comeUp(driver)
      }
      return this.statusOf(name)
    })
  }

  /** Switches a policy on, with its key where it has one. @throws policy-not-found, use-cannot-serve, disk-failed */
  enable(name: string): Promise<PolicyStatus> {
    return this.#options.uses.inTurn('ipsec', async () => {
      await this.#switchOn(this.#driverOf(name), name)
      return this.statusOf(name)
    })
  }

  /** Ends the tunnel; the key stays assigned. @throws policy-not-found, disk-failed */
  disable(name: string): Promise<PolicyStatus> {
    const { policies, uses } = this.#options
    return uses.inTurn('ipsec', async () => {
      const driver = this.#driverOf(name)
      await policies.edit(name, { enabled: false })
      await driver.switchOff()
      return this.statusOf(name)
    })
  }

  /** Ends the tunnel, takes the key from the use, and forgets the policy. @throws policy-not-found, disk-failed */
  remove(name: string): Promise<void> {
    const { policies, store, uses } = this.#options
    return uses.inTurn('ipsec', async () => {
      const driver = this.#driverOf(name)
      if (store.keyFor(driver.use) !== undefined) await store.assign(driver.use, undefined)
      await policies.remove(name)
      await uses.remove(driver.use)
      this.#drivers.delete(name)
      await driver.switchOff()
    })
  }

  /** Moves a policy to a place, 1 is the first. Tunnels that are up keep their place until they are set up again. @throws policy-not-found, disk-failed */
  order(name: string, place: number): Promise<void> {
    return this.#options.policies.order(name, place)
  }

  #drive(name: string): IpsecUse {
    const { policies, store, clock, log, uses } = this.#options
    const driver = new IpsecUse(name, { policies, store, clock, log, charon: this.#charon, installed: this.#installed })
    this.#drivers.set(name, driver)
    uses.add(driver)
    return driver
  }

  /** @throws policy-not-found */
  #driverOf(name: string): IpsecUse {
    this.#options.policies.get(name)
    return this.#drivers.get(name) ?? this.#drive(name)
  }

  /** The daemon has to take the policy before it is stored as on. */
  async #switchOn(driver: IpsecUse, name: string): Promise<void> {
    const { policies, store } = this.#options
    const entry = store.keyFor(driver.use)
    if (entry === undefined || !this.#installed) {
      await policies.edit(name, { enabled: true })
      return
    }
    await driver.apply(entry)
    await policies.edit(name, { enabled: true }).catch(async (error: unknown) => {
      await driver.undo()
      throw error
    })
    await this.#comeUp(driver)
  }

  /** A peer that does not answer is no reason to refuse a policy: it is tried again and again. */
  async #comeUp(driver: IpsecUse): Promise<void> {
    await driver.settled()
    driver.keepUp()
    await driver.settled()
    await driver.retire()
  }

  async #statusOf(policy: IpsecPolicy): Promise<PolicyStatus> {
    const driver = this.#driverOf(policy.name)
    const key = this.#options.store.keyFor(driver.use)?.name
    const base = { policy, ...(key === undefined ? {} : { key }) }
    if (!policy.enabled) return { ...base, state: 'off', detail: 'Switched off.' }
    if (!this.#installed) return { ...base, state: 'off', detail: 'strongSwan (swanctl) is not installed.' }
    if (key === undefined) return { ...base, state: 'no-key', detail: 'No key is assigned.' }
    const { state, detail } = await driver.status()
    return { ...base, state, detail: `${detail}${takenBack(this.#options.uses.lastSwap(driver.use))}` }
  }

  #look(): void {
    this.#looking = this.#lookAtAll().finally(() => {
      this.#timer = undefined
      if (!this.#closed && this.#drivers.size > 0) this.#timer = this.#options.clock.after('look at IPSec', lookEvery, () => this.#look())
    })
  }

  /** In turn with the exchanges of keys, but it waits for no peer: a tunnel comes up beside. */
  async #lookAtAll(): Promise<void> {
    const { uses } = this.#options
    const silent = this.#inService().length === 0 ? undefined : await uses.inTurn('ipsec', () => this.#revival.look())
    for (const { driver } of this.#inService()) {
      if (silent === undefined) await uses.inTurn('ipsec', () => this.#lookAt(driver))
      else driver.cannotStart(silent)
    }
    if (silent === undefined && !this.#closed) await uses.inTurn('ipsec', () => this.#charon.bringInLine())
  }

  /** What is switched on and has a key. */
  #inService(): readonly { readonly driver: IpsecUse; readonly entry: KeyEntry }[] {
    const { policies, store } = this.#options
    return [...this.#drivers].flatMap(([name, driver]) => {
      const entry = policies.find(name) === undefined ? undefined : store.keyFor(driver.use)
      return entry === undefined || this.#closed || !driver.enabled() ? [] : [{ driver, entry }]
    })
  }

  async #lookAt(driver: IpsecUse): Promise<void> {
    const entry = this.#inService().find((each) => each.driver === driver)?.entry
    if (entry === undefined) return
    try {
      if (driver.current() !== entry.id) await driver.apply(entry)
      driver.keepUp()
    } catch (error) {
      driver.cannotStart(asPlatenError(error).message)
    }
  }
}

/** What an administrator who looks at a policy after a renewal wants to know. */
function takenBack(swap: SwapReport | undefined): string {
  if (swap?.reason === undefined || (swap.outcome !== 'undone' && swap.outcome !== 'stranded' && swap.outcome !== 'refused')) return ''
  return ` The key "${swap.key}" was not taken: ${swap.reason.message}.`
}

const none: Processes = {
  start: () => Promise.reject(new PlatenError('connect-failed', 'no programs run on this board')),
  run: () => Promise.reject(new PlatenError('connect-failed', 'no programs run on this board')),
  has: () => Promise.resolve(false),
}
