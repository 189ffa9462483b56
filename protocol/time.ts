/** The one way to say time: durations are milliseconds with a name, and every clock is passed in. */

/** A length of time in milliseconds. */
export type Duration = number & { readonly __unit: 'ms' }

export const milliseconds = (count: number): Duration => count as Duration
export const seconds = (count: number): Duration => milliseconds(count * 1000)
export const minutes = (count: number): Duration => seconds(count * 60)
export const hours = (count: number): Duration => minutes(count * 60)
export const days = (count: number): Duration => hours(count * 24)

/**
 * How far the wall time can be believed. `unset`: before the firmware's build date or the last saved time;
 * `held`: plausible, kept by the board alone; `synced`: disciplined by a time server.
 */
export type ClockState = 'unset' | 'held' | 'synced'

/** A running timer; it fires once. */
export interface Timer {
  readonly name: string
  /** Does nothing when it has fired or was cancelled before. */
  cancel(): void
}

export interface Clock {
  /** Milliseconds since an arbitrary origin; never steps, never goes back. For durations and schedules. */
  monotonic(): number
  /** Milliseconds since 1970-01-01T00:00Z. Only where a date is shown or compared. */
  wall(): number
  state(): ClockState
  /**
   * Calls `run` once, never before `delay` has passed on the monotonic clock. Any delay is fine: long ones re-arm.
   * @param name what the timer is for; running timers are listed by it
   */
  after(name: string, delay: Duration, run: () => void): Timer
  /**
   * Calls `listener` each time the wall time has jumped against the monotonic clock, or `state()` has changed: at
   * once where the clock is told, within half a minute where it has to look. A jump smaller than a second is not told.
   * Whoever waits for a wall time listens here and looks again, so that no long timer sleeps through a step.
   * @returns stops listening
   */
  onStep(listener: () => void): () => void
  /** The running timers, by due time (monotonic ms). */
  timers(): readonly { readonly name: string; readonly due: number }[]
}
