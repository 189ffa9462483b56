import { existsSync } from 'node:fs'
import type { Clock, ClockState, Duration, Timer } from '../../protocol/time.js'
import { buildDate } from './build-date.js'

/** A Node timer with a longer delay fires at once. */
const longestWait = 2 ** 31 - 1

/** systemd-timesyncd makes this file when a time server has set the clock since boot. */
const synchronizedFile = '/run/systemd/timesync/synchronized'

interface Running {
  readonly name: string
  readonly due: number
}

/** The clock of the Linux machine we run on. */
export class LinuxClock implements Clock {
  readonly #earliest: number
  readonly #isSynchronized: () => boolean
  readonly #running = new Set<Running>()

  /**
   * @param options.lastSaved wall ms that this board has seen before; an earlier wall time counts as `unset`
   * @param options.isSynchronized whether a time server disciplines the clock; default: what systemd-timesyncd says
   */
  constructor(options: { readonly lastSaved?: number; readonly isSynchronized?: () => boolean } = {}) {
    this.#earliest = Math.max(buildDate, options.lastSaved ?? 0)
    this.#isSynchronized = options.isSynchronized ?? (() => existsSync(synchronizedFile))
  }

  monotonic(): number {
    return performance.now()
  }

  wall(): number {
    return Date.now()
  }

  state(): ClockState {
    if (this.wall() < this.#earliest) return 'unset'
    return this.#isSynchronized() ? 'synced' : 'held'
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

  timers(): readonly { readonly name: string; readonly due: number }[] {
    return [...this.#running].map(({ name, due }) => ({ name, due })).sort((a, b) => a.due - b.due)
  }
}
