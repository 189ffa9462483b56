import type { KeyUse } from '../../protocol/key-use.js'
import { milliseconds, minutes, seconds, type Clock, type Duration, type Timer } from '../../protocol/time.js'
import type { SwapReason } from './swap.js'

const firstWait = seconds(30)
const longestWait = minutes(5)

interface Waiting {
  readonly reason: SwapReason
  readonly wait: Duration
  readonly timer: Timer
}

/** Uses without service, why, and when each is tried again: after 30 s, then twice as long each time, 5 min at most. A taken port is tried every 30 s. */
export class Retries {
  readonly #clock: Clock
  readonly #again: (use: KeyUse) => void
  readonly #waiting = new Map<KeyUse, Waiting>()
  #closed = false

  constructor(clock: Clock, again: (use: KeyUse) => void) {
    this.#clock = clock
    this.#again = again
  }

  reasonOf(use: KeyUse): SwapReason | undefined {
    return this.#waiting.get(use)?.reason
  }

  later(use: KeyUse, reason: SwapReason): void {
    const last = this.#waiting.get(use)
    last?.timer.cancel()
    if (this.#closed) return
    const wait = last === undefined || reason.code === 'listen-failed' ? firstWait : milliseconds(Math.min(longestWait, last.wait * 2))
    this.#waiting.set(use, { reason, wait, timer: this.#clock.after(`serve ${use} again`, wait, () => this.#again(use)) })
  }

  clear(use: KeyUse): void {
    this.#waiting.get(use)?.timer.cancel()
    this.#waiting.delete(use)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#waiting.values()) timer.cancel()
  }
}
