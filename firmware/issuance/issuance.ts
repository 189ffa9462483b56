import { PlatenError } from '../../protocol/errors.js'
import { fingerprint } from '../../protocol/scep/index.js'
import { trustAuthority, type AuthorityOffer } from '../scep/index.js'
import { readFingerprint, refuseWhileTimerEnabled } from '../settings/index.js'
import { summarize, type AuthoritySummary } from './authority-summary.js'
import { AutomaticIssuance, type AutomaticOptions } from './automatic.js'
import { refuseUnless, requestChecks, serverChecks } from './checks.js'
import { entryOf, historyLength, type HistoryEntry, type Row, type Transaction } from './history.js'
import { givenUp, withoutOutcome } from './outcome.js'
import type { ReportProgress } from './progress.js'
import { RequestDesk, type DeskOptions } from './request-desk.js'
import { RequestRun } from './request-run.js'
import type { NewRequest } from './run-tools.js'
import type { RequestSpecification } from './specification.js'

export interface IssuanceOptions extends DeskOptions {
  readonly automatic: AutomaticOptions
}

/** Certificate issuance: by hand here, by the timer in `automatic`; both over one status table. */
export class Issuance {
  readonly automatic: AutomaticIssuance
  readonly #desk: RequestDesk
  readonly #options: IssuanceOptions

  private constructor(options: IssuanceOptions, desk: RequestDesk) {
    this.#options = options
    this.#desk = desk
    this.automatic = new AutomaticIssuance(desk, options.automatic)
  }

  /** Resolves what a crash or a restart cut off; the timer runs from `automatic.start()` on. @throws disk-failed */
  static async open(options: IssuanceOptions): Promise<Issuance> {
    return new Issuance(options, await RequestDesk.open(options))
  }

  /**
   * Sends one request and waits for its end. What goes wrong after the checks is told by the entry, not thrown.
   * @throws timer-enabled, invalid-value, key-name-taken, algorithm-refused, not-configured, ca-not-pinned, clock-not-set, busy,
   * disk-failed: nothing was changed then, and the history has no entry; interrupted when the board stops meanwhile
   */
  async request(specification: RequestSpecification, options: { readonly challenge?: string; readonly progress?: ReportProgress } = {}): Promise<HistoryEntry> {
    refuseWhileTimerEnabled(this.#options.automatic.settings.get())
    return await this.#desk.alone(async () => {
      const { store, settings, platform: { clock } } = this.#options
      const { challenge, progress } = options
      const request: NewRequest = { specification, ...(challenge === undefined ? {} : { challenge }) }
      refuseUnless(requestChecks, { ...request, settings: settings.get(), clock: clock.state(), keyNameTaken: store.find(specification.keyName) !== undefined })
      const use = specification.use === undefined ? {} : { use: specification.use }
      const transaction: Transaction = { transactionId: this.#desk.newTransactionId(), ...use }
      const row = await this.#desk.history.add({
        requestedAt: clock.wall(),
        status: 'Processing...',
        details: '',
        extra: { transactionId: transaction.transactionId, ...use },
        keyName: specification.keyName,
        transaction,
      })
      return entryOf(await new RequestRun(this.#desk.tools({ progress }), row, transaction, request).run())
    })
  }

  /**
   * Asks again for a deferred request; without a transaction ID for the newest one.
   * @throws nothing-to-poll, timer-enabled (a request of the timer), not-configured, ca-not-pinned, clock-not-set, busy,
   * disk-failed, interrupted
   */
  async poll(transactionId?: string, options: { readonly progress?: ReportProgress } = {}): Promise<HistoryEntry> {
    return await this.#desk.alone(async () => {
      const { row, transaction } = this.#findOpen(transactionId)
      refuseUnless(serverChecks, { settings: this.#options.settings.get(), clock: this.#options.platform.clock.state() })
      const processing = withoutOutcome(row)
      await this.#desk.history.replace(processing)
      return entryOf(await new RequestRun(this.#desk.tools(options), processing, transaction).run())
    })
  }

  /**
   * Ends a deferred request on this side: its key goes, its place in the store is free, the server is not told.
   * @throws nothing-to-poll, timer-enabled (a request of the timer), busy, disk-failed
   */
  async giveUp(transactionId?: string): Promise<HistoryEntry> {
    return await this.#desk.alone(async () => {
      const { row } = this.#findOpen(transactionId)
      const { store } = this.#options
      const ended = givenUp(row)
      await this.#desk.history.replace(ended)
      const key = store.entries().find((entry) => entry.state === 'pending' && entry.transactionId === row.extra.transactionId)
      if (key !== undefined) await store.abandon(key.id)
      return entryOf(ended)
    })
  }

  /** Newest first, the next request of the timer above them: the last 20, and before the oldest of them is dropped, those that have ended. */
  history(): readonly HistoryEntry[] {
    return this.automatic.shown(this.#desk.history.rows()).map(entryOf).slice(0, historyLength)
  }

  /** Calls `listener` after each change of the history or the schedule, when it is durable. @returns stops listening */
  onChange(listener: () => void): () => void {
    return this.#desk.history.onChange(listener)
  }

  /** Asks the server for its CA. @throws not-configured and what an exchange can throw */
  async fetchAuthority(): Promise<AuthoritySummary> {
    const { settings } = this.#options
    const { caFingerprint } = settings.get()
    const next = caFingerprint === undefined ? undefined : settings.nextCa(caFingerprint)
    return summarize(await this.#desk.client().fetchAuthority(), caFingerprint, next === undefined ? undefined : fingerprint(next))
  }

  /**
   * Trusts the CA with this fingerprint from now on, after asking the server that it has it, and registers it.
   * @throws timer-enabled, invalid-value, ca-mismatch, chain-not-trusted, ca-store-full, not-configured, disk-failed and what an exchange can throw
   */
  async pin(typed: string): Promise<{ readonly fingerprint: string; readonly subject: string; readonly changed: boolean }> {
    const { settings, automatic } = this.#options
    refuseWhileTimerEnabled(automatic.settings.get())
    const pin = readFingerprint(typed)
    const offer = await this.#desk.client().fetchAuthority()
    // Dates are judged at each request; a pin is about who it is.
    const { top } = trustAuthority(offer, pin, { allowSha1: settings.get().policy === 'legacy' })
    await this.#register(pin, offer)
    const changed = settings.get().caFingerprint !== pin
    if (changed) await settings.update({ caFingerprint: pin })
    return { fingerprint: pin, subject: top.subject, changed }
  }

  /** What was found damaged at start. */
  problems(): readonly PlatenError[] {
    const { problem } = this.#desk.history
    return problem === undefined ? [] : [problem]
  }

  /** Ends as `RequestDesk.close` says; the timer writes nothing more either. */
  async close(): Promise<void> {
    this.#desk.close()
    await this.automatic.close()
  }

  #findOpen(transactionId: string | undefined): { readonly row: Row; readonly transaction: Transaction } {
    const rows = this.#desk.history.rows()
    for (const row of rows) {
      const { transaction, attempt } = row
      const asked = transactionId !== undefined && transaction?.transactionId === transactionId
      if (asked && attempt !== undefined) throw new PlatenError('timer-enabled', 'this request belongs to the timer', { fix: 'The timer asks the server by itself; switch it off to end the request.' })
      if (transaction?.intent !== undefined && attempt === undefined && (transactionId === undefined || asked)) return { row, transaction }
    }
    const known = rows.some(({ extra }) => extra.transactionId === transactionId && transactionId !== undefined)
    throw new PlatenError('nothing-to-poll', transactionId === undefined ? 'no request waits for the server' : known ? 'the request of this transaction has ended' : 'there is no request with this transaction ID', {
      fix: 'Look at the request status for those that are Deferred.',
    })
  }

  async #register(pin: string, { certificates }: AuthorityOffer): Promise<void> {
    const { store } = this.#options
    const found = certificates.find(({ fingerprint }) => fingerprint === pin)
    if (found === undefined || store.caCertificates().some(({ der }) => Buffer.compare(der, found.der) === 0)) return
    await store.addCaCertificate(`CA ${pin.slice(0, 16)}`, found.der)
  }
}
