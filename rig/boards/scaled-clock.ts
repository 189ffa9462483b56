import { milliseconds, type Clock, type ClockState, type Duration, type Timer } from '../../protocol/time.js'

/** Where two scaled clocks in two processes meet: at wall time `host` of the machine both show `wall`. */
export interface Anchor {
  readonly host: number
  readonly wall: number
}

/** A clock that runs so many times faster than the one below it, in step with all others of the same anchor and scale. */
export class ScaledClock implements Clock {
  readonly #inner: Clock
  readonly #scale: number
  readonly #anchor: Anchor
  readonly #origin: number

  /** @param scale 60: an hour takes a minute */
  constructor(inner: Clock, scale: number, anchor: Anchor) {
    this.#inner = inner
    this.#scale = scale
    this.#anchor = anchor
    this.#origin = inner.monotonic()
  }

  monotonic(): number {
    return (this.#inner.monotonic() - this.#origin) * this.#scale
  }

  wall(): number {
    return this.#anchor.wall + (this.#inner.wall() - this.#anchor.host) * this.#scale
  }

  state(): ClockState {
    return this.#inner.state()
  }

  after(name: string, delay: Duration, run: () => void): Timer {
    return this.#inner.after(name, milliseconds(delay / this.#scale), run)
  }

  onStep(listener: () => void): () => void {
    return this.#inner.onStep(listener)
  }

  timers(): readonly { readonly name: string; readonly due: number }[] {
    return this.#inner.timers().map(({ name, due }) => ({ name, due: (due - this.#origin) * this.#scale }))
  }
}
