import type { Clock, ClockState, Duration, Timer } from '../../protocol/time.js'
import { eventLoopTurn } from '../platform/index.js'

interface Pending {
  readonly name: string
  readonly due: number
  readonly run: () => void
}

/**
 * A clock that moves only when told to, and never past work in flight: before each step it waits until everything
 * given to `track` has settled, so a timer set by the outcome of that work still fires in its place.
 */
export class VirtualClock implements Clock {
  #now = 0
  #wallOffset: number
  #state: ClockState
  readonly #pending = new Set<Pending>()
  readonly #inFlight = new Set<Promise<unknown>>()
  readonly #listeners = new Set<() => void>()

  /** @param start wall time at monotonic 0, milliseconds since 1970 */
  constructor(start: number, state: ClockState = 'synced') {
    this.#wallOffset = start
    this.#state = state
  }

  monotonic(): number {
    return this.#now
  }

  wall(): number {
    return this.#wallOffset + this.#now
  }

  state(): ClockState {
    return this.#state
  }

  /** Steps the wall time and tells those who listen; the monotonic clock does not notice. */
  setWall(wall: number, state: ClockState = this.#state): void {
    const stepped = Math.abs(wall - this.wall()) >= 1000 || state !== this.#state
    this.#wallOffset = wall - this.#now
    this.#state = state
    if (stepped) for (const listener of [...this.#listeners]) listener()
  }

  onStep(listener: () => void): () => void {
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  after(name: string, delay: Duration, run: () => void): Timer {
    const pending = { name, due: this.#now + Math.max(0, delay), run }
    this.#pending.add(pending)
    return { name, cancel: () => this.#pending.delete(pending) }
  }

  timers(): readonly { readonly name: string; readonly due: number }[] {
    return [...this.#pending].map(({ name, due }) => ({ name, due })).sort((a, b) => a.due - b.due)
  }

  /** Counts a piece of work as in flight until it settles. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    this.#inFlight.add(work)
    const settled = (): void => void this.#inFlight.delete(work)
    work.then(settled, settled)
    return work
  }

  /** Moves time forward, firing each timer at its due time, in order. */
  async advance(duration: Duration): Promise<void> {
    const end = this.#now + duration
    for (;;) {
      await this.#quiet()
      const next = this.#next()
      if (next === undefined || next.due > end) break
      this.#fire(next)
    }
    this.#now = end
    await this.#quiet()
  }

  /**
   * Moves time forward only as far as `work` needs to settle.
   * @throws TypeError when no timer is left that could bring it about
   */
  async until<Result>(work: Promise<Result>): Promise<Result> {
    const outcome = { settled: false }
    const settle = (): void => void (outcome.settled = true)
    work.then(settle, settle)
    for (;;) {
      await this.#quiet()
      if (outcome.settled) return work
      const next = this.#next()
      if (next === undefined) throw new TypeError('no timer is left that could bring about what is waited for')
      this.#fire(next)
    }
  }

  #fire(next: Pending): void {
    this.#pending.delete(next)
    this.#now = next.due
    next.run()
  }

  #next(): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) if (first === undefined || pending.due < first.due) first = pending
    return first
  }

  /** Work that settles may start more work some microtasks later; a few turns of the event loop show it. */
  async #quiet(): Promise<void> {
    for (let turns = 0; turns < 3; turns += 1) {
      while (this.#inFlight.size > 0) {
        await Promise.allSettled(this.#inFlight)
        turns = 0
      }
      await eventLoopTurn()
    }
  }
}
