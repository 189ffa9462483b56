import { PlatenError, asPlatenError, hasCode } from '../../protocol/errors.js'
import { milliseconds, minutes, type Timer } from '../../protocol/time.js'
import type { KeyId } from '../key-store/index.js'
import type { AutomaticSettings, AutomaticSettingsFile, AutomaticUpdate } from '../settings/index.js'
import { AutomaticRequests, outcomeOf } from './automatic-request.js'
import { moveRows, shownRows, type RowChange } from './automatic-rows.js'
import { CurrentCertificates } from './current-certificate.js'
import type { Row } from './history.js'
import type { RequestDesk } from './request-desk.js'
import type { RunRecorder } from './run-tools.js'
import { dueOf, step, viewOf, type Effect, type ScheduleEvent, type ScheduleState, type ScheduleView, type World } from './schedule/index.js'

export interface AutomaticOptions {
  readonly settings: AutomaticSettingsFile
  /** Writes the reason down and restarts the board. @throws disk-failed */
  readonly restart: (why: string) => Promise<void>
}

type TimerName = 'wake' | 'record' | 'restart'

/** What is not done because of the disk or the store is tried again after this. */
const retryAfter = minutes(1)

/**
 * Certificate issuance by the timer (device.md section 4): the hands of the scheduler in `schedule/`. Events go in one
 * after the other; each new state is durable, in one record with the rows it moves, before its effects are done.
 */
export class AutomaticIssuance {
  readonly #desk: RequestDesk
  readonly #options: AutomaticOptions
  readonly #current: CurrentCertificates
  readonly #requests: AutomaticRequests
  readonly #timers = new Map<TimerName, Timer>()
  #state: ScheduleState
  #turn: Promise<unknown> = Promise.resolve()
  #started = false
  #stopListening: () => void = () => undefined
  #stopRetry: () => void = () => undefined
  /** Called when a state cannot be written down yet. */
  #stuck: () => void = () => undefined

  constructor(desk: RequestDesk, options: AutomaticOptions) {
    this.#desk = desk
    this.#options = options
    this.#current = new CurrentCertificates(desk.options.store)
    this.#requests = new AutomaticRequests(desk, this.#current)
    this.#state = desk.history.schedule()
  }

  /** Goes on where the run before was cut off. Once, when the board is ready for requests and restarts. */
  async start(): Promise<void> {
    this.#started = true
    this.#stopListening = this.#desk.options.platform.clock.onStep(() => this.#told({ is: 'clock-changed' }))
    const stuck = new Promise<void>((resolve) => (this.#stuck = resolve))
    // A disk that takes nothing new is no reason not to start: the timer goes on when it does.
    await Promise.race([this.#happen({ is: 'boot' }), stuck])
  }

  settings(): AutomaticSettings {
    return this.#options.settings.get()
  }

  /** Update of the settings; all of it or nothing. @throws invalid-value, unknown-field, missing-field, disk-failed */
  async update(update: AutomaticUpdate): Promise<AutomaticSettings> {
    const settings = await this.#options.settings.update(update)
    await this.#happen({ is: 'changed' })
    return settings
  }

  /** Keys have changed by another hand: what renews which certificate is looked at again. */
  keysChanged(): void {
    if (this.#started) this.#told({ is: 'changed' })
  }

  /** As last recorded. */
  state(): ScheduleState {
    return this.#state
  }

  /** What comes next. */
  view(): ScheduleView & { readonly due?: { readonly date: number; readonly jitterSeconds: number } } {
    const view = viewOf(this.#state, this.#world())
    const due = view.status === undefined ? undefined : dueOf(this.#state)
    return { ...view, ...(due === undefined ? {} : { due }) }
  }

  /** The rows of the status table with what the timer has to say about them. */
  shown(rows: readonly Row[]): readonly Row[] {
    return shownRows(rows, this.#state, this.#world(), this.#desk.history.nextId())
  }

  /** Waits for what is being recorded; a request that is out is resolved at the next start. */
  async close(): Promise<void> {
    this.#stopListening()
    for (const timer of this.#timers.values()) timer.cancel()
    this.#stopRetry()
    await this.#turn
  }

  #world(): World {
    const { clock, random } = this.#desk.options.platform
    const settings = this.#options.settings.get()
    const certificate = this.#current.of(settings.request)
    return { wall: clock.wall(), monotonic: clock.monotonic(), clock: clock.state(), settings, random, ...(certificate === undefined ? {} : { certificate }) }
  }

  /** An event that nobody waits for. */
  #told(event: ScheduleEvent): void {
    void this.#happen(event).catch((error: unknown) => {
      if (!hasCode(error, 'interrupted')) this.#desk.options.log.error(`the timer could not take in: ${event.is}`, { reason: asPlatenError(error).message })
    })
  }

  #happen(event: ScheduleEvent, change?: RowChange): Promise<void> {
    const turn = this.#turn.then(() => this.#step(event, change))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #step(event: ScheduleEvent, change: RowChange | undefined): Promise<void> {
    this.#refuseWhenClosing()
    const world = this.#world()
    const before = this.#state
    const next = step(before, event, world)
    if (next.state !== before || change !== undefined) {
      const { history } = this.#desk
      const move = moveRows(history.rows(), before, next, change, world)
      // A request whose intent cannot be written is not sent; all else has happened, and has to be written some time.
      if (event.is === 'intent') await history.record(move)
      else await this.#insist(() => history.record(move))
      this.#state = next.state
    }
    this.#arm('wake', next.wake)
    if (event.is === 'answered' || next.effects.some((effect) => effect.do === 'finish')) await this.#insist(() => this.#desk.giveUpUnawaited())
    for (const effect of next.effects) this.#do(effect)
  }

  #do(effect: Effect): void {
    const { log } = this.#desk.options
    switch (effect.do) {
      case 'send':
        this.#background('request', this.#send(effect))
        break
      case 'finish':
        log.info(`automatic request ${effect.attempt}: ${effect.status}`, { cause: effect.cause, polls: effect.polls, ...(effect.code === undefined ? {} : { code: effect.code }) })
        break
      case 'delete-old':
        this.#background('delete the old key', this.#deleteOld(effect.key as KeyId))
        break
      case 'restart':
        this.#background('restart', this.#restart())
        break
    }
  }

  #background(what: string, work: Promise<void>): void {
    void work.catch((error: unknown) => {
      if (!this.#desk.isClosing) this.#desk.options.log.error(`timer: ${what} failed`, { reason: asPlatenError(error).message })
    })
  }

  async #send(effect: Effect & { readonly do: 'send' }): Promise<void> {
    await this.#desk.next(async () => {
      const { settings } = this.#options
      const row = this.#row(effect.attempt)
      const recorder = this.#recorder(effect.attempt)
      try {
        await this.#requests.run({ effect, row, settings: settings.get(), challenge: () => settings.challenge(), recorder })
      } catch (thrown) {
        const error = asPlatenError(thrown)
        if (this.#desk.isClosing) throw error
        // Not foreseen: the attempt ends, else it would wait for its answer for ever.
        await recorder.failed(this.#row(effect.attempt), { error, phase: 'checking-server', transactionKept: false, polled: false })
      }
    })
  }

  #row(attempt: number): Row {
    const row = this.#desk.history.rows().find((other) => other.attempt === attempt)
    if (row === undefined) throw new TypeError(`the status table has no row for attempt ${attempt}`)
    return row
  }

  #recorder(attempt: number): RunRecorder {
    const recorded = async (event: ScheduleEvent, change: RowChange): Promise<Row> => {
      await this.#happen(event, change)
      return this.#row(attempt)
    }
    return {
      intent: (row) => {
        const transactionId = row.transaction?.transactionId ?? ''
        return recorded({ is: 'intent', attempt, transactionId }, { row: { ...row, extra: { ...row.extra, transactionId } } })
      },
      succeeded: (row, success) => {
        const { exchangeFor } = this.#desk.options.store.get(success.key)
        return recorded({ is: 'answered', attempt, outcome: { is: 'issued', ...(exchangeFor === undefined ? {} : { replaced: exchangeFor }) } }, { row, success })
      },
      failed: (row, failure) => recorded({ is: 'answered', attempt, outcome: outcomeOf(failure) }, { row, failure }),
    }
  }

  /** The new key serves. The old one goes, unless it is gone, or has come to another use meanwhile. */
  async #deleteOld(key: KeyId): Promise<void> {
    const { store, log } = this.#desk.options
    try {
      const { name } = store.get(key)
      await store.delete(key)
      log.info('the old key and certificate are deleted', { key: name })
    } catch (error) {
      if (this.#desk.isClosing) throw error
      if (!hasCode(error, 'key-not-found')) log.warn('the old key stays', { key, reason: asPlatenError(error).message })
    }
    await this.#happen({ is: 'old-deleted' })
  }

  async #restart(): Promise<void> {
    try {
      await this.#options.restart('a certificate was acquired')
    } catch (error) {
      this.#desk.options.log.error('the restart cannot be written down; it is tried again', { reason: asPlatenError(error).message })
      this.#arm('restart', retryAfter, () => this.#do({ do: 'restart' }))
    }
  }

  #arm(name: TimerName, delay: number | undefined, run: () => void = () => this.#told({ is: 'wake' })): void {
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
    if (delay === undefined || this.#desk.isClosing) return
    this.#timers.set(name, this.#desk.options.platform.clock.after(`automatic issuance: ${name}`, milliseconds(delay), run))
  }

  /** What has happened has to be written: again and again, until the disk takes it or the board stops. */
  async #insist(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work()
        return
      } catch (error) {
        if (!hasCode(error, 'disk-failed')) throw error
        this.#refuseWhenClosing()
        this.#desk.options.log.error('the timer cannot write down what has happened; it is tried again', { reason: error.message })
        this.#stuck()
        await this.#pause()
        this.#refuseWhenClosing()
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopRetry = resolve
      this.#arm('record', retryAfter, resolve)
    })
  }

  #refuseWhenClosing(): void {
    if (this.#desk.isClosing) throw new PlatenError('interrupted', 'the board is stopping', { fix: 'Look at the request status after the restart.' })
  }
}
