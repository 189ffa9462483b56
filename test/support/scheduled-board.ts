import { emptySchedule, readSchedule, step, viewOf, type CurrentCertificate, type Effect, type Outcome, type ScheduleEvent, type ScheduleState, type ScheduleView } from '../../firmware/issuance/schedule/index.js'
import type { AutomaticSettings } from '../../firmware/settings/index.js'
import type { ClockState } from '../../protocol/time.js'

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** 2026-12-01T00:00Z */
export const today = Date.UTC(2026, 11, 1)

/** The settings that most tests start from: a start in an hour, the jitter fixed by the board's draws. */
export const settings = (changes: Partial<AutomaticSettings> = {}): AutomaticSettings => ({
  revision: 1,
  enabled: true,
  startAt: today + hour,
  autoAdjust: true,
  renewByExpiry: true,
  restartAfterAcquiring: false,
  deleteOld: false,
  hasChallenge: true,
  ...changes,
})

type SendEffect = Effect & { readonly do: 'send' }
type FinishEffect = Effect & { readonly do: 'finish' }

/** The scheduler with hands: time passes, the power goes and comes back, and what it asked for is there to look at. */
export class ScheduledBoard {
  state: ScheduleState = emptySchedule
  settings: AutomaticSettings
  certificate: CurrentCertificate | undefined
  clock: ClockState = 'synced'
  wall: number
  monotonic = 0
  /** All effects so far, each with the wall time it came at. */
  readonly done: { readonly at: number; readonly effect: Effect }[] = []
  readonly draws: number[] = []
  #nextDraws: number[]
  #wake: number | undefined

  /** @param draws what the jitter will be, in order; the last one stays */
  constructor({ with: given = settings(), wall = today, draws = [60], boot = true }: { readonly with?: AutomaticSettings; readonly wall?: number; readonly draws?: readonly number[]; readonly boot?: boolean } = {}) {
    this.settings = given
    this.wall = wall
    this.#nextDraws = [...draws]
    if (boot) this.happens({ is: 'boot' })
  }

  happens(event: ScheduleEvent): void {
    const random = {
      integer: () => {
        const drawn = this.#nextDraws.length > 1 ? this.#nextDraws.shift()! : this.#nextDraws[0]!
        this.draws.push(drawn)
        return drawn
      },
    }
    const { wall, monotonic, clock, certificate } = this
    const result = step(this.state, event, { wall, monotonic, clock, settings: this.settings, random, ...(certificate && { certificate }) })
    this.state = result.state
    this.#wake = result.wake === undefined ? undefined : monotonic + result.wake
    this.done.push(...result.effects.map((effect) => ({ at: wall, effect })))
  }

  /** Lets time pass; the board is woken when it asked for it. */
  pass(time: number): void {
    const end = this.monotonic + time
    while (this.#wake !== undefined && this.#wake <= end) {
      this.#move(Math.max(0, this.#wake - this.monotonic))
      this.#wake = undefined
      const before = this.done.length
      this.happens({ is: 'wake' })
      if (this.#wakesAtOnce() && this.done.length === before) throw new Error('woken for nothing, and again at once')
    }
    this.#move(end - this.monotonic)
  }

  passUntil(wall: number): void {
    this.pass(wall - this.wall)
  }

  /** The power goes, and comes back with a new monotonic clock and the state as stored. */
  powerCut(off: number, after: { readonly wall?: number; readonly clock?: ClockState } = {}): void {
    this.wall = after.wall ?? this.wall + off
    this.clock = after.clock ?? this.clock
    this.monotonic = 5000
    this.state = readSchedule(JSON.parse(JSON.stringify(this.state)))
    this.happens({ is: 'boot' })
  }

  setClock(wall: number, clock: ClockState = this.clock): void {
    this.wall = wall
    this.clock = clock
    this.happens({ is: 'clock-changed' })
  }

  update(changes: Partial<AutomaticSettings>): void {
    this.settings = { ...this.settings, ...changes, revision: this.settings.revision + 1 }
    this.happens({ is: 'changed' })
  }

  /** The intent of the message that is out. */
  intent(transactionId: string): void {
    this.happens({ is: 'intent', attempt: this.attempt, transactionId })
  }

  answer(outcome: Outcome): void {
    this.happens({ is: 'answered', attempt: this.attempt, outcome })
  }

  fail(code: (Outcome & { readonly is: 'failed' })['code'], failInfo?: number, transactionKept = false): void {
    this.answer({ is: 'failed', code, transactionKept, ...(failInfo === undefined ? {} : { failInfo }) })
  }

  /** A success with a certificate of this lifetime. */
  issue(lifetime = 300 * day, replaced?: string): void {
    this.certificate = { id: `${this.attempt}`, notBefore: this.wall, notAfter: this.wall + lifetime }
    this.answer({ is: 'issued', ...(replaced === undefined ? {} : { replaced }) })
  }

  get attempt(): number {
    return this.state.attempt?.number ?? 0
  }

  get view(): ScheduleView {
    return viewOf(this.state, this)
  }

  /** Messages that the board wanted sent, by the wall time. */
  get sent(): readonly (SendEffect & { readonly at: number })[] {
    return this.done.flatMap(({ at, effect }) => (effect.do === 'send' ? [{ ...effect, at }] : []))
  }

  get ends(): readonly FinishEffect[] {
    return this.done.flatMap(({ effect }) => (effect.do === 'finish' ? [effect] : []))
  }

  #wakesAtOnce(): boolean {
    return this.#wake !== undefined && this.#wake <= this.monotonic
  }

  #move(time: number): void {
    this.wall += time
    this.monotonic += time
  }
}
