/**
 * Says which requests a board ought to have made, from what happened around it: power, wall time, outcomes. It shares
 * no code with the scheduler; each rule is written down here once more, from device.md section 4 and the decisions.
 */
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export interface Promises {
  readonly startAt: number
  readonly autoAdjust: boolean
  readonly everyDays: number | undefined
  readonly byExpiry: boolean
  readonly polls: number
  readonly pollInterval: number
}

export interface Findings {
  /** Owed, and not made in time. */
  skipped: number
  /** Made, and not owed; or a second one at the server for one that was. */
  doubled: number
  /** Before its date plus the shortest jitter. */
  early: number
  /** At the very moment at which the power, or the clock, came back: so would all the others. */
  burst: number
  /** The date shown has moved without a reason. */
  redrawn: number
  /** A poll that was not allowed, or too many. */
  polledWrongly: number
  /** Ended as an error where a poll was promised. */
  gaveUp: number
  /** A poll before its interval. */
  polledEarly: number
  /** An outstanding request that nobody takes further. */
  stuck: number
}

export const noFindings = (): Findings => ({ skipped: 0, doubled: 0, early: 0, burst: 0, redrawn: 0, polledWrongly: 0, gaveUp: 0, polledEarly: 0, stuck: 0 })

type Why = 'start' | 'period' | 'expiry'

/** A request that is owed from `date` on (wall ms). */
interface Owed {
  date: number
  /** First wall ms at which the board could have seen that the date had passed. */
  seenLate: number | undefined
  /** Whether the board has run since it was due. */
  glimpsed?: boolean
  /** After a step back, never farther ahead than this … */
  interval?: number
  /** … or than this date. */
  natural?: number
}

const whys: readonly Why[] = ['start', 'period', 'expiry']

export class ScheduleOracle {
  readonly findings = noFindings()
  /** Requests that were owed and made. */
  kept = 0
  readonly #promises: Promises
  readonly #low: number
  readonly #high: number
  readonly #owed: { [In in Why]: Owed | undefined } = { start: undefined, period: undefined, expiry: undefined }
  #certificate: { readonly notBefore: number; readonly notAfter: number } | undefined
  #outstanding = false
  /** Date that the next period counts from when the outstanding request fails. */
  #failedDate: number | undefined
  #shown: number | undefined

  // Of the outstanding request:
  #polls = 0
  #mayPoll = false
  #mayRequest = true
  #lastAnswer = 0
  #processed = 0
  #idleFor = 0

  constructor(promises: Promises) {
    this.#promises = promises
    this.#low = promises.autoAdjust ? second : 0
    this.#high = promises.autoAdjust ? 600 * second : 0
    this.#owed.start = { date: promises.startAt, seenLate: undefined }
  }

  /** The board was on with a set clock for this while, wall ms; nothing happened inside. */
  ran(from: number, to: number): void {
    if (this.#outstanding) {
      this.#idleFor += to - from
      return
    }
    for (const why of whys) {
      const owed = this.#owed[why]
      if (owed === undefined) continue
      // The farthest that an interval may lie ahead.
      if (owed.interval !== undefined) owed.date = Math.min(owed.date, Math.max(from + owed.interval, owed.natural ?? 0))
      if (to > owed.date + this.#low + minute) owed.glimpsed = true
      if (to <= owed.date + this.#high) continue
      const late = owed.date + this.#high + minute
      const onTheSpot = from <= owed.date + this.#low && to > late + second
      if (owed.seenLate === undefined && to > late) owed.seenLate = Math.max(from, late)
      if (onTheSpot || (owed.seenLate !== undefined && to > owed.seenLate + this.#high + second)) {
        this.findings.skipped += 1
        this.#owed[why] = undefined
      }
    }
  }

  /** The wall time has jumped: what was late may be to come again. */
  stepped(wall: number): void {
    this.#shown = undefined
    for (const why of whys) {
      const owed = this.#owed[why]
      if (owed?.seenLate !== undefined && owed.seenLate > wall) owed.seenLate = undefined
      if (owed !== undefined && wall <= owed.date + this.#high) owed.glimpsed = false
    }
  }

  /** The date that administrators see now. */
  shows(next: number | undefined, wall: number): void {
    if (this.#outstanding) return
    if (this.#shown !== undefined && next !== this.#shown && wall <= this.#shown + minute) this.findings.redrawn += 1
    this.#shown = next
  }

  /** A request has begun, durably. */
  begun(wall: number): void {
    this.#shown = undefined
    if (this.#outstanding) this.findings.doubled += 1
    this.#outstanding = true
    this.#failedDate = undefined
    let [owedAny, inTime, foundJustNow] = [false, false, this.#low > 0]
    for (const why of whys) {
      const owed = this.#owed[why]
      if (owed === undefined || owed.date > wall) continue
      owedAny = true
      inTime ||= wall >= owed.date + this.#low
      foundJustNow &&= owed.glimpsed !== true && wall > owed.date + this.#high + minute
      if (why !== 'expiry') this.#failedDate = Math.max(owed.date, this.#failedDate ?? 0)
      this.#owed[why] = undefined
    }
    if (!owedAny) this.findings.doubled += 1
    else if (!inTime) this.findings.early += 1
    else this.kept += 1
    if (owedAny && foundJustNow) this.findings.burst += 1
    this.#polls = 0
    this.#mayPoll = false
    this.#mayRequest = true
    this.#processed = 0
    this.#idleFor = 0
  }

  /** The server has taken a new request in; `explained`: by a fallback, or because it had forgotten the first. */
  taken(): void {
    this.#processed += 1
    if (this.#processed > 1) this.findings.doubled += 1
  }

  /** The server has forgotten, or refused, what it had taken in: another request is explained. */
  refused(): void {
    this.#processed = 0
  }

  /** A message goes out at this true time; `resumed`: for one that the power had cut off. */
  sent(now: number, rebooted: boolean): void {
    this.#idleFor = 0
    if (this.#mayRequest) {
      this.#mayRequest = false
      return
    }
    if (!this.#mayPoll) this.findings.polledWrongly += 1
    this.#mayPoll = false
    this.#polls += 1
    if (this.#polls > this.#promises.polls) this.findings.polledWrongly += 1
    if (!rebooted && now < this.#lastAnswer + this.#promises.pollInterval) this.findings.polledEarly += 1
  }

  /** A message was cut off by the power: sending it again is no poll. */
  cutOff(): void {
    this.#mayRequest = true
  }

  answered(now: number, kind: 'poll' | 'at-once' | 'end'): void {
    this.#idleFor = 0
    this.#lastAnswer = now
    this.#mayPoll = kind === 'poll'
    this.#mayRequest = kind === 'at-once'
  }

  /** While a request is outstanding and no message is out, this much board time is the most that may pass. */
  checkStuck(): void {
    if (this.#outstanding && this.#idleFor > 2 * this.#promises.pollInterval + 20 * minute) {
      this.findings.stuck += 1
      this.#idleFor = 0
    }
  }

  /** The request has ended, durably. */
  ended(wall: number, certificate: { readonly notBefore: number; readonly notAfter: number } | undefined): void {
    const { everyDays } = this.#promises
    if (!this.#outstanding) this.findings.doubled += 1
    if (certificate === undefined && this.#mayPoll && this.#polls < this.#promises.polls) this.findings.gaveUp += 1
    this.#outstanding = false
    this.#shown = undefined
    if (certificate !== undefined) {
      this.#certificate = certificate
      if (this.#owed.start !== undefined && this.#owed.start.date <= wall) this.#owed.start = undefined
      this.#owed.expiry = undefined
      this.#owed.period = everyDays === undefined ? undefined : { date: wall + everyDays * day, seenLate: undefined, interval: everyDays * day }
    } else if (everyDays !== undefined && this.#failedDate !== undefined) {
      let date = this.#failedDate + everyDays * day
      while (date <= wall) date += everyDays * day
      this.#owed.period = { date, seenLate: undefined, interval: everyDays * day }
    }
    if (this.#promises.byExpiry && this.#owed.expiry === undefined) this.#owed.expiry = this.#expiryAfter(wall)
  }

  #expiryAfter(wall: number): Owed | undefined {
    if (this.#certificate === undefined) return undefined
    const { notBefore, notAfter } = this.#certificate
    const natural = notAfter - Math.floor((notAfter - notBefore) / 3)
    const left = notAfter - wall
    const pause = left <= 0 ? hour : Math.min(day, Math.max(10 * minute, left / 4))
    return natural >= wall + pause
      ? { date: natural, seenLate: undefined }
      : { date: wall + pause, seenLate: undefined, interval: pause, natural }
  }
}
