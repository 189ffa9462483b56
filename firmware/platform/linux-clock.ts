import { existsSync } from 'node:fs'
import { seconds, type Clock, type ClockState, type Duration, type Timer } from '../../protocol/time.js'
import { buildDate } from './build-date.js'

/** A Node timer with a longer delay fires at once. */
const longestWait = 2 ** 31 - 1

/** systemd-timesyncd makes this file when a time server has set the clock since boot. */
const synchronizedFile = '/run/systemd/timesync/synchronized'

/** How often the wall time is looked at while somebody listens: a step is told within this time. */
const lookEvery = seconds(30)

/** Less than this is slewing or noise: a time server slews at 500 ppm, 15 ms in one look. */
const smallestStep = seconds(1)

interface Running {
  readonly name: string
  readonly due: number
}

/** The clock of the Linux machine we run on. */
export class LinuxClock implements Clock {
  readonly #lastSaved: number
  readonly #isSynchronized: () => boolean
  readonly #running = new Set<Running>()
  readonly #listeners = new Set<() => void>()
  readonly #readWall: () => number
  readonly #lookEvery: Duration
  #watch: Timer | undefined
  /** Wall minus monotonic, and the state, when last looked at. */
  #seen: { readonly offset: number; readonly state: ClockState } | undefined

  /**
   * @param options.lastSaved wall ms that this board has seen before; an earlier wall time counts as `unset` until a time
   * server says that it is right
   * @param options.isSynchronized whether a time server disciplines the clock; default: what systemd-timesyncd says
   * @param options.readWall wall ms; default: the system's clock
   * @param options.lookEvery how often a step is looked for while somebody listens; default 30 s
   */
  constructor(options: { readonly lastSaved?: number; readonly isSynchronized?: () => boolean; readonly readWall?: () => number; readonly lookEvery?: Duration } = {}) {
    this.#lastSaved = options.lastSaved ?? 0
    this.#isSynchronized = options.isSynchronized ?? (() => existsSync(synchronizedFile))
    this.#readWall = options.readWall ?? Date.now
    this.#lookEvery = options.lookEvery ?? lookEvery
  }

  monotonic(): number {
    return performance.now()
  }

  wall(): number {
    return this.#readWall()
  }

  state(): ClockState {
    const wall = this.wall()
    if (wall < buildDate) return 'unset'
    if (this.#isSynchronized()) return 'synced'
    return wall < this.#lastSaved ? 'unset' : 'held'
  }

  after(name: string, delay: Duration, run: () => void): Timer {
    const running = { name, due: this.monotonic() + Math.max(0, delay) }
    let handle: NodeJS.Timeout
    const arm = (): void => {
      const left = running.due - this.monotonic()
      handle = setTimeout(wake, Math.min(Math.max(0, Math.ceil(left)), longestWait))
    }
    const wake = (): void => {
      // A Node timer may fire up to 1 ms early, and a long wait comes in pieces.
      if (this.monotonic() < running.due) {
        arm()
        return
      }
      this.#running.delete(running)
      run()
    }
    this.#running.add(running)
    arm()
    return {
      name,
      cancel: () => {
        this.#running.delete(running)
        clearTimeout(handle)
      },
    }
  }

  onStep(listener: () => void): () => void {
    const own = (): void => listener()
    this.#listeners.add(own)
    if (this.#watch === undefined) {
      this.#seen = this.#look()
      this.#watchOn()
    }
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size > 0) return
      this.#watch?.cancel()
      this.#watch = undefined
    }
  }

  #look(): { readonly offset: number; readonly state: ClockState } {
    return { offset: this.wall() - this.monotonic(), state: this.state() }
  }

  #watchOn(): void {
    this.#watch = this.after('clock step', this.#lookEvery, () => {
      const before = this.#seen
      const now = this.#look()
      this.#seen = now
      this.#watchOn()
      if (before === undefined || (Math.abs(now.offset - before.offset) < smallestStep && now.state === before.state)) return
      for (const listener of [...this.#listeners]) listener()
    })
  }

  timers(): readonly { readonly name: string; readonly due: number }[] {
    return [...this.#running].map(({ name, due }) => ({ name, due })).sort((a, b) => a.due - b.due)
  }
}
