import type { Clock, ClockState, Duration, Timer } from '../../../protocol/time.js'
import type { VirtualClock } from '../virtual-clock.js'
import type { Power } from './power.js'

/** The battery-backed clock of one board: it runs on while the power is off, and can be wrong. */
export class BoardRtc {
  /** Against the world's wall time, milliseconds. */
  offset = 0
  /** Undefined: as the world's. */
  state: ClockState | undefined
  readonly #listeners = new Set<() => void>()

  set(offset: number, state?: ClockState): void {
    this.offset = offset
    this.state = state
    for (const listener of [...this.#listeners]) listener()
  }

  onSet(listener: () => void): () => void {
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }
}

/** The world's time as one start of a board sees it: monotonic from power-on, wall by its own clock; its timers end with its power. */
export class BoardClock implements Clock {
  readonly #world: VirtualClock
  readonly #rtc: BoardRtc
  readonly #power: Power
  readonly #poweredAt: number
  readonly #running = new Set<{ readonly name: string; readonly due: number; readonly timer: Timer }>()
  readonly #listening = new Set<() => void>()

  constructor(world: VirtualClock, rtc: BoardRtc, power: Power) {
    this.#world = world
    this.#rtc = rtc
    this.#power = power
    this.#poweredAt = world.monotonic()
  }

  monotonic(): number {
    return this.#world.monotonic() - this.#poweredAt
  }

  wall(): number {
    return this.#world.wall() + this.#rtc.offset
  }

  state(): ClockState {
    return this.#rtc.state ?? this.#world.state()
  }

  after(name: string, delay: Duration, run: () => void): Timer {
    if (!this.#power.on) return { name, cancel: () => undefined }
    const timer = this.#world.after(name, delay, () => {
      this.#running.delete(running)
      if (this.#power.on) run()
    })
    const running = { name, due: this.monotonic() + Math.max(0, delay), timer }
    this.#running.add(running)
    return {
      name,
      cancel: () => {
        this.#running.delete(running)
        timer.cancel()
      },
    }
  }

  onStep(listener: () => void): () => void {
    const told = (): void => {
      if (this.#power.on) listener()
    }
    const [endWorld, endOwn] = [this.#world.onStep(told), this.#rtc.onSet(told)]
    const end = (): void => {
      endWorld()
      endOwn()
      this.#listening.delete(end)
    }
    this.#listening.add(end)
    return end
  }

  timers(): readonly { readonly name: string; readonly due: number }[] {
    return [...this.#running].map(({ name, due }) => ({ name, due })).sort((a, b) => a.due - b.due)
  }

  /** With the power go the timers and whoever listened. */
  stop(): void {
    for (const end of [...this.#listening]) end()
    for (const { timer } of this.#running) timer.cancel()
    this.#running.clear()
  }
}
