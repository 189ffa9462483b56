import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import type { KeyStore } from '../key-store/index.js'
import { takesNothingNew, type Log, type Platform } from '../platform/index.js'
import { ScepClient } from '../scep/index.js'
import { serverUrl, type Settings } from '../settings/index.js'
import { History, type Row } from './history.js'
import { failed, succeeded } from './outcome.js'
import type { ReportProgress } from './progress.js'
import { recover, unawaited } from './recovery.js'
import type { KeyUseSwitch, RunRecorder, RunTools } from './run-tools.js'
import { serverTrust } from './server-trust.js'

export interface DeskOptions {
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

/** Where all requests are worked on, by hand or by the timer: one at a time, over one history. */
export class RequestDesk {
  readonly options: DeskOptions
  readonly history: History
  #current: Promise<unknown> | undefined
  #closing = false
  /** What a crash or a restart cut off is still to be written down. */
  #cutOff = true

  private constructor(options: DeskOptions, history: History) {
    this.options = options
    this.history = history
  }

  /** Resolves what a crash or a restart cut off. @throws disk-failed */
  static async open(options: DeskOptions): Promise<RequestDesk> {
    const history = await History.open(options.platform.disk, options.directory)
    if (history.problem !== undefined) options.log.error(`request status: ${history.problem.message}; it starts empty`)
    const desk = new RequestDesk(options, history)
    await desk.#settleCutOff()
    return desk
  }

  /** @throws busy while another request is under way or the board is stopping */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new PlatenError('busy', 'the board is stopping', { fix: 'Send the request after the restart.' })
    if (this.#current !== undefined) throw new PlatenError('busy', 'a request is under way', { fix: 'Wait for its end, then send this one.' })
    const current = this.#cutOff ? this.#settleCutOff().then(work) : work()
    this.#current = current
    try {
      return await current
    } finally {
      this.#current = undefined
    }
  }

  /** As `alone`, after what is under way. @throws busy when the board is stopping */
  async next<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#current !== undefined) await this.#current.catch(() => undefined)
    return await this.alone(work)
  }

  newTransactionId(): string {
    return Buffer.from(this.options.platform.random.bytes(transactionIdBytes)).toString('hex')
  }

  tools({ recorder = this.#byHand, progress = () => undefined }: { readonly recorder?: RunRecorder; readonly progress?: ReportProgress | undefined } = {}): RunTools {
    const { platform, store, settings, useKey, log } = this.options
    const pin = settings.get().caFingerprint ?? ''
    const known = settings.nextCa(pin)
    return {
      platform, store, useKey, log, pin, progress, recorder,
      client: this.client(),
      nextCa: {
        known: known === undefined ? undefined : readCertificate(known),
        remember: (next) => settings.rememberNextCa(pin, next.der),
      },
      rememberWorked: (suite) => settings.rememberWorked(pin, suite),
      isClosing: () => this.#closing,
    }
  }

  /** @throws not-configured */
  client(): ScepClient {
    const { platform: { http, clock, random }, store, settings, log } = this.options
    const current = settings.get()
    const url = serverUrl(current)
    if (url === undefined) throw new PlatenError('not-configured', 'SCEP Server URL is not set', { facts: { field: 'url' }, fix: 'Set SCEP Server URL and Port Number in Communication Settings.' })
    const [worked, nextCa] = current.caFingerprint === undefined ? [] : [settings.workedWith(current.caFingerprint), settings.nextCa(current.caFingerprint)]
    return new ScepClient({
      http, clock, log,
      random: random.bytes,
      server: { url, timeout: seconds(current.timeoutSeconds), ...serverTrust(current, store.caCertificates(), nextCa) },
      allowLegacy: current.policy === 'legacy',
      ...(worked === undefined ? {} : { worked }),
    })
  }

  /** Gives up the pending keys that no open request waits for. Only while none is under way that has not said so yet. */
  async giveUpUnawaited(): Promise<void> {
    const { store } = this.options
    for (const id of unawaited(this.history.rows(), store.entries())) await store.abandon(id)
  }

  get isClosing(): boolean {
    return this.#closing
  }

  /**
   * Takes no more requests. One that is under way ends with `interrupted` as soon as its present step is done, writes
   * nothing more, and is resolved at the next start; a network exchange is not waited for.
   */
  close(): void {
    this.#closing = true
  }

  /** A request by hand is its row and nothing else. */
  readonly #byHand: RunRecorder = {
    intent: (row) => this.#replace(row),
    succeeded: (row, success) => this.#replace(succeeded(row, success)),
    failed: (row, failure) => this.#replace(failed(row, failure)),
  }

  async #replace(row: Row): Promise<Row> {
    await this.history.replace(row)
    return row
  }

  /** A disk that takes nothing new is no reason not to start: the next request tries again. @throws disk-failed otherwise */
  async #settleCutOff(): Promise<void> {
    try {
      await this.#recover()
      this.#cutOff = false
    } catch (error) {
      if (!takesNothingNew(error)) throw error
      this.options.log.error('what the last stop cut off cannot be written down; the next request tries again', { reason: asPlatenError(error).message })
    }
  }

  async #recover(): Promise<void> {
    const { store, log } = this.options
    const { rows, abandon } = recover(this.history.rows(), store.entries())
    for (const row of rows) {
      log.warn(`request ${row.id} was cut off; it is now ${row.status}`, { details: row.details })
      await this.history.replace(row)
    }
    // Without the status table nobody can say which keys are waited for; none is given up then.
    if (this.history.problem !== undefined) return
    for (const id of abandon) {
      log.warn('a key that no request waits for was given up', { key: id })
      await store.abandon(id)
    }
  }
}
