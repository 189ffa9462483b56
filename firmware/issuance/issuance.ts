import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { KeyStore } from '../key-store/index.js'
import type { Log, Platform } from '../platform/index.js'
import { ScepClient, trustAuthority, type AuthorityOffer } from '../scep/index.js'
import { readFingerprint, serverUrl, type Settings } from '../settings/index.js'
import { summarize, type AuthoritySummary } from './authority-summary.js'
import { refuseUnless, requestChecks, serverChecks } from './checks.js'
import { History, entryOf, type HistoryEntry, type Row, type Transaction } from './history.js'
import { givenUp, withoutOutcome } from './outcome.js'
import type { ReportProgress } from './progress.js'
import { recover } from './recovery.js'
import { RequestRun, type KeyUseSwitch, type NewRequest, type RunTools } from './request-run.js'
import type { RequestSpecification } from './specification.js'

export interface IssuanceOptions {
  readonly platform: Pick<Platform, 'clock' | 'random' | 'keys' | 'disk' | 'http'>
  readonly store: KeyStore
  readonly settings: Settings
  readonly useKey: KeyUseSwitch
  readonly log: Log
  /** Made when missing; its parent must exist. */
  readonly directory: string
}

/** C-7: 128 random bits as hex, which any PrintableString reader takes. */
const transactionIdBytes = 16

/** Certificate issuance by hand: one request at a time, each a row of the status table from its begin to its end. */
export class Issuance {
  readonly #options: IssuanceOptions
  readonly #history: History
  #current: Promise<unknown> | undefined
  #closing = false

  private constructor(options: IssuanceOptions, history: History) {
    this.#options = options
    this.#history = history
  }

  /** Resolves what a crash or a restart cut off. @throws disk-failed */
  static async open(options: IssuanceOptions): Promise<Issuance> {
    const history = await History.open(options.platform.disk, options.directory)
    if (history.problem !== undefined) options.log.error(`request status: ${history.problem.message}; it starts empty`)
    const issuance = new Issuance(options, history)
    await issuance.#recover()
    return issuance
  }

  /**
   * Sends one request and waits for its end. What goes wrong after the checks is told by the entry, not thrown.
   * @throws invalid-value, key-name-taken, algorithm-refused, not-configured, ca-not-pinned, clock-not-set, busy, disk-failed:
   * nothing was changed then, and the history has no entry; interrupted when the board stops meanwhile
   */
  async request(specification: RequestSpecification, options: { readonly challenge?: string; readonly progress?: ReportProgress } = {}): Promise<HistoryEntry> {
    return await this.#alone(async () => {
      const { store, settings, platform: { clock, random } } = this.#options
      const { challenge, progress } = options
      const request: NewRequest = { specification, ...(challenge === undefined ? {} : { challenge }) }
      refuseUnless(requestChecks, { ...request, settings: settings.get(), clock: clock.state(), keyNameTaken: store.find(specification.keyName) !== undefined })
      const use = specification.use === undefined ? {} : { use: specification.use }
      const transaction: Transaction = { transactionId: Buffer.from(random.bytes(transactionIdBytes)).toString('hex'), ...use }
      const row = await this.#history.add({
        requestedAt: clock.wall(),
        status: 'Processing...',
        details: '',
        extra: { transactionId: transaction.transactionId, ...use },
        keyName: specification.keyName,
        transaction,
      })
      return entryOf(await new RequestRun(this.#tools(progress), row, transaction, request).run())
    })
  }

  /**
   * Asks again for a deferred request; without a transaction ID for the newest one.
   * @throws nothing-to-poll, not-configured, ca-not-pinned, clock-not-set, busy, disk-failed, interrupted
   */
  async poll(transactionId?: string, options: { readonly progress?: ReportProgress } = {}): Promise<HistoryEntry> {
    return await this.#alone(async () => {
      const { row, transaction } = this.#findOpen(transactionId)
      refuseUnless(serverChecks, { settings: this.#options.settings.get(), clock: this.#options.platform.clock.state() })
      const processing = withoutOutcome(row)
      await this.#history.replace(processing)
      return entryOf(await new RequestRun(this.#tools(options.progress), processing, transaction).run())
    })
  }

  /**
   * Ends a deferred request on this side: its key goes, its place in the store is free, the server is not told.
   * @throws nothing-to-poll, busy, disk-failed
   */
  async giveUp(transactionId?: string): Promise<HistoryEntry> {
    return await this.#alone(async () => {
      const { row } = this.#findOpen(transactionId)
      const { store } = this.#options
      const ended = givenUp(row)
      await this.#history.replace(ended)
      const key = store.entries().find((entry) => entry.state === 'pending' && entry.transactionId === row.extra.transactionId)
      if (key !== undefined) await store.abandon(key.id)
      return entryOf(ended)
    })
  }

  /** Newest first: the last 20, and before the oldest of them is dropped, those that have ended. */
  history(): readonly HistoryEntry[] {
    return this.#history.rows().map(entryOf)
  }

  /** Asks the server for its CA. @throws not-configured and what an exchange can throw */
  async fetchAuthority(): Promise<AuthoritySummary> {
    return summarize(await this.#client().fetchAuthority(), this.#options.settings.get().caFingerprint)
  }

  /**
   * Trusts the CA with this fingerprint from now on, after asking the server that it has it, and registers it.
   * @throws invalid-value, ca-mismatch, chain-not-trusted, ca-store-full, not-configured, disk-failed and what an exchange can throw
   */
  async pin(fingerprint: string): Promise<{ readonly fingerprint: string; readonly subject: string; readonly changed: boolean }> {
    const { settings } = this.#options
    const pin = readFingerprint(fingerprint)
    const offer = await this.#client().fetchAuthority()
    // Dates are judged at each request; a pin is about who it is.
    const { top } = trustAuthority(offer, pin, { allowSha1: settings.get().policy === 'legacy' })
    await this.#register(pin, offer)
    const changed = settings.get().caFingerprint !== pin
    if (changed) await settings.update({ caFingerprint: pin })
    return { fingerprint: pin, subject: top.subject, changed }
  }

  /** What was found damaged at start. */
  problems(): readonly PlatenError[] {
    return this.#history.problem === undefined ? [] : [this.#history.problem]
  }

  /**
   * Takes no more requests. One that is under way ends with `interrupted` as soon as its present step is done, writes
   * nothing more, and is resolved at the next start; a network exchange is not waited for.
   */
  close(): Promise<void> {
    this.#closing = true
    return Promise.resolve()
  }

  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new PlatenError('busy', 'the board is stopping', { fix: 'Send the request after the restart.' })
    if (this.#current !== undefined) throw new PlatenError('busy', 'a request is under way', { fix: 'Wait for its end, then send this one.' })
    const current = work()
    this.#current = current
    try {
      return await current
    } finally {
      this.#current = undefined
    }
  }

  #findOpen(transactionId: string | undefined): { readonly row: Row; readonly transaction: Transaction } {
    const rows = this.#history.rows()
    for (const row of rows) {
      const { transaction } = row
      if (transaction?.intent !== undefined && (transactionId === undefined || transaction.transactionId === transactionId)) return { row, transaction }
    }
    const known = rows.some(({ extra }) => extra.transactionId === transactionId && transactionId !== undefined)
    throw new PlatenError('nothing-to-poll', transactionId === undefined ? 'no request waits for the server' : known ? 'the request of this transaction has ended' : 'there is no request with this transaction ID', {
      fix: 'Look at the request status for those that are Deferred.',
    })
  }

  #tools(progress: ReportProgress = () => undefined): RunTools {
    const { platform, store, settings, useKey, log } = this.#options
    const pin = settings.get().caFingerprint ?? ''
    return {
      platform, store, useKey, log, pin, progress,
      history: this.#history,
      client: this.#client(),
      rememberWorked: (suite) => settings.rememberWorked(pin, suite),
      isClosing: () => this.#closing,
    }
  }

  #client(): ScepClient {
    const { platform: { http, clock, random }, store, settings, log } = this.#options
    const current = settings.get()
    const url = serverUrl(current)
    if (url === undefined) throw new PlatenError('not-configured', 'SCEP Server URL is not set', { facts: { field: 'url' }, fix: 'Set SCEP Server URL and Port Number in Communication Settings.' })
    const worked = current.caFingerprint === undefined ? undefined : settings.workedWith(current.caFingerprint)
    return new ScepClient({
      http, clock, log,
      random: random.bytes,
      server: { url, timeout: seconds(current.timeoutSeconds), trustAnchors: store.caCertificates().map(({ der }) => der) },
      allowLegacy: current.policy === 'legacy',
      ...(worked === undefined ? {} : { worked }),
    })
  }

  async #register(pin: string, { certificates }: AuthorityOffer): Promise<void> {
    const { store } = this.#options
    const found = certificates.find(({ fingerprint }) => fingerprint === pin)
    if (found === undefined || store.caCertificates().some(({ der }) => Buffer.compare(der, found.der) === 0)) return
    await store.addCaCertificate(`CA ${pin.slice(0, 16)}`, found.der)
  }

  async #recover(): Promise<void> {
    const { store, log } = this.#options
    const { rows, abandon } = recover(this.#history.rows(), store.entries())
    for (const row of rows) {
      log.warn(`request ${row.id} was cut off; it is now ${row.status}`, { details: row.details })
      await this.#history.replace(row)
    }
    // Without the status table nobody can say which keys are waited for; none is given up then.
    if (this.#history.problem !== undefined) return
    for (const id of abandon) {
      log.warn('a key that no request waits for was given up', { key: id })
      await store.abandon(id)
    }
  }
}
