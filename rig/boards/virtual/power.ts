import type { VirtualClock } from '../virtual-clock.js'

/**
 * The power of one start of a board. While it is on, each call of a port is work that the clock waits for; when it is
 * cut, the ports fall silent: calls of a board that is no more neither happen nor return.
 */
export class Power {
  readonly #clock: VirtualClock
  #on = true

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  get on(): boolean {
    return this.#on
  }

  cut(): void {
    this.#on = false
  }

  /** The port as a board sees it. Calls that return no promise pass through. @param waits of calls that wait for time itself: the clock must not wait for them */
  supply<Port extends object>(port: Port, waits: 'in-flight' | 'for-time' = 'in-flight'): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...given: readonly unknown[]): unknown => {
          if (!this.#on) return new Promise(() => undefined)
          const result: unknown = Reflect.apply(member, target, given)
          if (!(result instanceof Promise)) return result
          return this.#gate(waits === 'in-flight' ? this.#clock.track(result) : result)
        }
      },
    })
  }

  #gate(work: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => {
          if (this.#on) resolve(value)
        },
        (error: unknown) => {
          // A port rejects with errors alone.
          if (this.#on) reject(error instanceof Error ? error : new TypeError(String(error)))
        })
    })
  }
}
