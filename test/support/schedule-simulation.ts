/**
 * A board and its server in virtual time, event by event: the pure scheduler behind a runner that can lose its power
 * between any two effects. One seed and one device number give the same life bit for bit:
 *
 *   node -e "import('./build/test/support/schedule-simulation.js').then((m) => console.log(m.simulate({ seed: 1, device: 7, years: 5, trace: true })))"
 */
import type { ErrorCode } from '../../protocol/errors.js'
import { emptySchedule, readSchedule, step, viewOf, type CurrentCertificate, type Effect, type Outcome, type ScheduleEvent, type ScheduleState, type World } from '../../firmware/issuance/schedule/index.js'
import type { AutomaticSettings } from '../../firmware/settings/index.js'
import { ScheduleOracle, noFindings, type Findings } from './schedule-oracle.js'
import { SeededRandom } from './seeded-random.js'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365.2425 * day

/** All boards begin here; true time, ms since 1970. */
const beginning = Date.UTC(2026, 11, 1)

export type Scheduler = typeof step

export interface Life {
  readonly seed: number
  readonly device: number
  readonly years: number
  /** The scheduler under test; default: the real one. */
  readonly scheduler?: Scheduler
  /** Keeps a line for each thing that happens. */
  readonly trace?: boolean
}

export interface LifeReport {
  readonly findings: Findings
  readonly kept: number
  readonly successes: number
  readonly errors: number
  readonly reboots: number
  readonly crashes: number
  readonly clockSteps: number
  /** Steps of the scheduler. */
  readonly events: number
  readonly trace: readonly string[]
}

export function simulate(life: Life): LifeReport {
  return new SimulatedBoard(life).live(beginning + life.years * year)
}

/** The server knows at most the transaction of the outstanding request. */
interface Transaction {
  readonly id: string
  readonly readyAt: number
  readonly decision: 'issue' | 'refuse'
}

type Mutable<Whole> = { -readonly [Key in keyof Whole]: Whole[Key] }

class SimulatedBoard {
  readonly #random: SeededRandom
  readonly #oracle: ScheduleOracle
  readonly #step: Scheduler
  readonly #world: Mutable<World>
  readonly #trace: string[] | undefined
  #noted = JSON.stringify(noFindings())

  // What is random about this device.
  readonly #rebootEvery: number
  readonly #crashChance: number
  readonly #unsetChance: number
  readonly #lifetime: number
  readonly #offersRenewal: boolean
  readonly #troubled: number

  #now = beginning
  #bootedAt = beginning
  #on = false
  /** Wall time minus true time while the clock is set. */
  #offset = 0

  // What the disk holds, and the memory of the running firmware.
  #disk = JSON.stringify(emptySchedule)
  #read: ScheduleState | undefined = emptySchedule
  #state: ScheduleState = emptySchedule

  // When the next thing happens, true time.
  #wakeAt = Infinity
  #powerAt = beginning
  #stepAt: number
  #clockSetAt = Infinity
  #answerAt = Infinity
  #answer: Outcome | undefined
  #outageFrom: number
  #outageUntil: number

  #transaction: Transaction | undefined
  #transactions = 0
  #issued: CurrentCertificate | undefined
  #rebootedSinceAnswer = false
  #messageOut = false

  #successes = 0
  #errors = 0
  #reboots = 0
  #crashes = 0
  #clockSteps = 0
  #events = 0

  constructor({ seed, device, scheduler = step, trace = false }: Life) {
    const random = this.#random = new SeededRandom(seed, device)
    const startAt = beginning + random.integer(1, 30 * day)
    const everyDays = random.chance(0.6) ? random.spread(random.chance(0.05) ? 1 : 20, 365) : undefined
    const renewByExpiry = random.chance(0.7)
    const polling = random.chance(0.8) ? { count: random.spread(1, 20), intervalMinutes: random.spread(1, 1440) } : undefined
    const settings: AutomaticSettings = {
      revision: 1, enabled: true, startAt, autoAdjust: random.chance(0.9),
      ...(polling === undefined ? {} : { polling }),
      ...(everyDays === undefined ? {} : { periodic: { everyDays } }),
      renewByExpiry, restartAfterAcquiring: random.chance(0.3), deleteOld: random.chance(0.5), hasChallenge: true,
    }
    this.#oracle = new ScheduleOracle({
      startAt, autoAdjust: settings.autoAdjust, everyDays, byExpiry: renewByExpiry,
      polls: polling?.count ?? 0, pollInterval: (polling?.intervalMinutes ?? 0) * minute,
    })
    this.#rebootEvery = random.chance(0.02) ? random.spread(10 * minute, hour) : random.integer(10 * minute, 7 * day)
    this.#crashChance = random.chance(0.5) ? 0.02 : 0
    this.#unsetChance = random.chance(0.2) ? 0.5 : 0.01
    this.#lifetime = random.spread(10 * day, 800 * day)
    this.#offersRenewal = random.chance(0.8)
    this.#troubled = random.chance(0.3) ? 0.2 : 0.02
    this.#stepAt = beginning + random.waiting(year)
    this.#outageFrom = beginning + random.waiting(60 * day)
    this.#outageUntil = this.#outageFrom + random.spread(minute, 3 * day)
    this.#step = scheduler
    this.#world = { wall: 0, monotonic: 0, clock: 'unset', settings, random }
    this.#trace = trace ? [] : undefined
  }

  live(end: number): LifeReport {
    for (;;) {
      const next = Math.min(this.#wakeAt, this.#powerAt, this.#stepAt, this.#clockSetAt, this.#answerAt)
      if (next >= end) break
      this.#pass(next)
      if (next === this.#powerAt) this.#power()
      else if (next === this.#stepAt) this.#clockStep()
      else if (next === this.#clockSetAt) this.#clockIsSet()
      else if (next === this.#answerAt) this.#answerComes()
      else this.#happens({ is: 'wake' })
      if (this.#trace !== undefined) this.#noteFindings()
    }
    return {
      findings: this.#oracle.findings, kept: this.#oracle.kept, successes: this.#successes, errors: this.#errors, reboots: this.#reboots,
      crashes: this.#crashes, clockSteps: this.#clockSteps, events: this.#events, trace: this.#trace ?? [],
    }
  }

  #pass(next: number): void {
    if (this.#on && this.#world.clock !== 'unset' && next > this.#now) {
      this.#oracle.ran(this.#now + this.#offset, next + this.#offset)
      if (!this.#messageOut) this.#oracle.checkStuck()
    }
    this.#now = next
  }

  #power(): void {
    if (this.#on) this.#powerOff(this.#random.chance(0.05) ? this.#random.spread(hour, 30 * day) : this.#random.integer(20 * second, 2 * minute))
    else this.#boot()
  }

  #powerOff(length: number): void {
    this.#note('power off')
    this.#on = false
    this.#wakeAt = this.#answerAt = this.#clockSetAt = Infinity
    if (this.#messageOut) this.#oracle.cutOff()
    this.#messageOut = false
    this.#rebootedSinceAnswer = true
    this.#powerAt = this.#now + length
  }

  #crash(): void {
    this.#crashes += 1
    this.#powerOff(this.#random.integer(second, 2 * minute))
  }

  #boot(): void {
    this.#reboots += 1
    this.#on = true
    this.#bootedAt = this.#now
    this.#powerAt = this.#now + 1 + Math.floor(this.#rebootEvery * (0.9 + 0.2 * this.#random.next()))
    const unset = this.#random.chance(this.#unsetChance)
    this.#world.clock = unset ? 'unset' : 'held'
    if (unset) this.#clockSetAt = this.#now + this.#random.spread(second, 6 * hour)
    // Bytes that were read and checked once need not be read again.
    this.#state = this.#read ??= readSchedule(JSON.parse(this.#disk))
    this.#happens({ is: 'boot' })
  }

  #clockIsSet(): void {
    this.#clockSetAt = Infinity
    this.#world.clock = 'synced'
    if (this.#offset !== 0) this.#setOffset(0)
    this.#happens({ is: 'clock-changed' })
  }

  #clockStep(): void {
    this.#stepAt = this.#now + (this.#offset === 0 ? this.#random.spread(minute, 60 * day) : this.#random.waiting(year))
    if (!this.#on || this.#world.clock === 'unset') return
    this.#clockSteps += 1
    const size = this.#random.chance(0.7) ? this.#random.spread(second, 2 * day) : this.#random.spread(day, 4 * year)
    this.#setOffset(this.#offset !== 0 ? 0 : this.#random.chance(0.5) ? size : -size)
    this.#happens({ is: 'clock-changed' })
  }

  #setOffset(offset: number): void {
    this.#note(`clock off by ${offset} ms`)
    this.#offset = offset
    this.#oracle.stepped(this.#now + offset)
  }

  /** The runner: a step, the record, the effects; the power may go between any two of them. */
  #happens(event: ScheduleEvent): void {
    const world = this.#world
    world.monotonic = this.#now - this.#bootedAt
    world.wall = world.clock === 'unset' ? world.monotonic : this.#now + this.#offset
    this.#events += 1
    const { state, effects, wake } = this.#step(this.#state, event, world)
    if (state !== this.#state) {
      if (this.#random.chance(this.#crashChance)) {
        this.#crash()
        return
      }
      this.#record(state, effects)
    }
    this.#wakeAt = wake === undefined ? Infinity : this.#now + wake
    if (world.clock !== 'unset' && state.attempt === undefined) {
      this.#oracle.ran(world.wall, world.wall)
      this.#oracle.shows(viewOf(state, world).nextAt, world.wall)
    }
    for (const effect of effects) {
      if (this.#crashChance > 0 && this.#random.chance(this.#crashChance)) {
        this.#crash()
        return
      }
      this.#do(effect)
      if (!this.#on) return
    }
  }

  #record(state: ScheduleState, effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.do === 'finish') this.#finished(effect.status === 'Successful')
    if (state.attempt !== undefined && state.attempt.number >= this.#state.nextAttempt) {
      this.#note(`begun ${state.attempt.number} for ${state.attempt.cause}`)
      this.#transaction = undefined
      this.#oracle.begun(this.#world.wall)
    }
    this.#state = state
    this.#disk = JSON.stringify(state)
    this.#read = undefined
  }

  #finished(successful: boolean): void {
    this.#note(successful ? 'successful' : 'error')
    this.#oracle.ended(this.#world.wall, successful ? this.#world.certificate : undefined)
    if (successful) this.#successes += 1
    else this.#errors += 1
  }

  #do(effect: Effect): void {
    if (effect.do === 'send') this.#send(effect)
    else if (effect.do === 'delete-old') this.#happens({ is: 'old-deleted' })
    else if (effect.do === 'restart') this.#powerOff(30 * second)
  }

  #send({ attempt, kind, transactionId }: Effect & { readonly do: 'send' }): void {
    this.#oracle.sent(this.#now, this.#rebootedSinceAnswer)
    this.#rebootedSinceAnswer = false
    this.#messageOut = true
    this.#note(transactionId === undefined ? kind : 'poll')
    if (transactionId !== undefined && transactionId === this.#issued?.id) {
      // The power went between the certificate and the record: what is in the store need not be asked for.
      this.#answers({ is: 'issued', replaced: 'old' })
      return
    }
    if (transactionId !== undefined) {
      this.#answers(this.#outage() ?? this.#polled(transactionId))
      return
    }
    if (kind === 'renewal' && !this.#offersRenewal) {
      this.#answers({ is: 'renewal-not-offered' })
      return
    }
    const id = `${attempt}.${this.#transactions += 1}`
    this.#happens({ is: 'intent', attempt, transactionId: id })
    if (!this.#on) return
    const outage = this.#outage()
    // Of the requests that get no answer, some have reached the server all the same.
    if (outage === undefined || this.#random.chance(0.3)) this.#take(id)
    this.#answers(outage ?? this.#polled(id))
  }

  #take(id: string): void {
    this.#oracle.taken()
    const pending = this.#random.chance(this.#troubled) ? this.#random.spread(minute, 10 * day) : 0
    this.#transaction = { id, readyAt: this.#now + pending, decision: this.#random.chance(this.#troubled) ? 'refuse' : 'issue' }
  }

  #outage(): Outcome | undefined {
    while (this.#now >= this.#outageUntil) {
      this.#outageFrom = this.#outageUntil + this.#random.waiting(60 * day)
      this.#outageUntil = this.#outageFrom + this.#random.spread(minute, 3 * day)
    }
    if (this.#now < this.#outageFrom) return undefined
    const code: ErrorCode = (['connect-failed', 'timed-out', 'http-status'] as const)[this.#random.integer(0, 2)] ?? 'timed-out'
    return { is: 'failed', code, transactionKept: true }
  }

  #polled(id: string): Outcome {
    if (this.#transaction?.id !== id || this.#random.chance(0.005)) {
      this.#oracle.refused()
      this.#transaction = undefined
      return { is: 'failed', code: 'scep-failure', failInfo: 4, transactionKept: false }
    }
    if (this.#now < this.#transaction.readyAt) return { is: 'pending' }
    if (this.#random.chance(0.002)) return { is: 'failed', code: 'signature-invalid', transactionKept: false }
    if (this.#transaction.decision === 'issue') return { is: 'issued', replaced: 'old' }
    this.#oracle.refused()
    return { is: 'failed', code: 'scep-failure', failInfo: this.#random.integer(0, 4), transactionKept: false }
  }

  #answers(outcome: Outcome): void {
    this.#answer = outcome
    this.#answerAt = this.#now + this.#random.spread(50, 40 * second)
  }

  #answerComes(): void {
    const attempt = this.#state.attempt
    let outcome = this.#answer
    this.#answerAt = Infinity
    this.#messageOut = false
    if (outcome === undefined || attempt === undefined) return
    if (this.#world.clock === 'unset') outcome = { is: 'failed', code: 'clock-not-set', transactionKept: true }
    if (outcome.is === 'issued') {
      const certificate = { id: this.#transaction?.id ?? this.#issued?.id ?? '', notBefore: this.#now - 5 * minute, notAfter: this.#now + this.#lifetime }
      const wall = this.#now + this.#offset
      if (wall < certificate.notBefore || wall >= certificate.notAfter) outcome = { is: 'failed', code: 'certificate-not-valid-now', transactionKept: false }
      else if (this.#issued?.id !== certificate.id) this.#world.certificate = this.#issued = certificate
    }
    this.#oracle.answered(this.#now, meaningOf(outcome, attempt.at === 'polling'))
    this.#note(JSON.stringify(outcome))
    this.#happens({ is: 'answered', attempt: attempt.number, outcome })
    // The power went before the answer was recorded: it has to be asked for again.
    if (!this.#on) this.#oracle.cutOff()
  }

  #noteFindings(): void {
    const findings = JSON.stringify(this.#oracle.findings)
    if (findings !== this.#noted) this.#note(`findings ${findings} with ${this.#disk}`)
    this.#noted = findings
  }

  #note(text: string): void {
    this.#trace?.push(`${new Date(this.#now).toISOString()} ${new Date(this.#world.wall).toISOString()} ${text}`)
  }
}

/** What a board may do after an answer, as administrators know it. */
function meaningOf(outcome: Outcome, wasPoll: boolean): 'poll' | 'at-once' | 'end' {
  if (outcome.is === 'pending') return 'poll'
  if (outcome.is === 'renewal-not-offered') return 'at-once'
  if (outcome.is === 'issued') return 'end'
  if (['connect-failed', 'timed-out', 'http-status'].includes(outcome.code)) return 'poll'
  if (outcome.code === 'clock-not-set') return 'at-once'
  if (outcome.code !== 'scep-failure') return 'end'
  return wasPoll || [1, 2, 4].includes(outcome.failInfo ?? -1) ? 'at-once' : 'end'
}
