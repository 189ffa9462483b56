import { seconds, type Clock, type Duration, type Timer } from '../../../protocol/time.js'
import type { Child, ChildEnd, StartChild } from '../../platform/process/index.js'
import { nextStart } from './back-off.js'
import { exitCodes } from './exit-codes.js'
import { heartbeat, silenceLimit } from './heartbeat.js'
import { previousRunVariable, type PreviousRun } from './previous-run.js'

/** A stop takes at most 5 s in the board; what takes longer than this is ended by force. */
const stopLimit = seconds(8)

/** After silence, one more chance: a machine that slept wakes with the timer first and the beat behind it. */
const lastChance = seconds(2)

export interface ParentSurroundings {
  readonly clock: Clock
  readonly start: StartChild
  /** The arguments a board's process gets. */
  readonly arguments: readonly string[]
  readonly onTerminate: (run: () => void) => void
  /** Takes one line about what the parent does. */
  readonly say: (line: string) => void
}

/**
 * Keeps one board running: starts its process, starts it again when it asks or crashes, ends it when it hangs,
 * and passes the order to stop on. It decides nothing else and touches no file.
 * @returns the exit code of the whole program
 */
export async function supervise({ clock, start, arguments: given, onTerminate, say }: ParentSurroundings): Promise<number> {
  const stop = new StopOrder(onTerminate)
  let shortRuns = 0
  let previous: PreviousRun | undefined
  for (;;) {
    const startedAt = clock.monotonic()
    const end = await run({ clock, start, given, stop, previous })
    if (stop.isOrdered()) return end.code === exitCodes.stopped ? 0 : 1
    if (end.code === exitCodes.stopped || end.code === exitCodes.config) return end.code
    if (end.code === exitCodes.refused) return 1
    const requested = end.code === exitCodes.restart && !end.silent
    previous = requested ? undefined : { how: howItEnded(end), lastWords: end.lastWords }
    const next = nextStart(shortRuns, { ranFor: (clock.monotonic() - startedAt) as Duration, requested })
    shortRuns = next.shortRuns
    say(`the board ${requested ? 'asked for a restart' : `ended: ${howItEnded(end)}`}; starting it again ${next.wait === 0 ? 'now' : `in ${next.wait / 1000} s`}`)
    await pause(clock, next.wait, stop)
    if (stop.isOrdered()) return 0
  }
}

interface RunEnd extends ChildEnd {
  /** Ended by us because no heartbeat came. */
  readonly silent: boolean
}

interface Run extends Pick<ParentSurroundings, 'clock' | 'start'> {
  readonly given: readonly string[]
  readonly stop: StopOrder
  readonly previous: PreviousRun | undefined
}

async function run({ clock, start, given, stop, previous }: Run): Promise<RunEnd> {
  const watchdog = new Watchdog(clock, () => child.kill('SIGKILL'))
  const child: Child = start({
    arguments: given,
    environment: { [previousRunVariable]: previous === undefined ? '' : JSON.stringify(previous) },
    onMessage: (message) => {
      if (message === heartbeat) watchdog.fed()
    },
  })
  let force: Timer | undefined
  stop.whenOrdered(() => {
    child.kill('SIGTERM')
    force = clock.after('end the board by force', stopLimit, () => child.kill('SIGKILL'))
  })
  const end = await child.ended
  stop.whenOrdered(undefined)
  force?.cancel()
  watchdog.cancel()
  return { ...end, silent: watchdog.bit }
}

function howItEnded(end: RunEnd): string {
  if (end.silent) return 'watchdog'
  if (end.signal !== undefined) return `signal ${end.signal}`
  return end.code === undefined ? 'it could not be started' : `exit code ${end.code}`
}

function pause(clock: Clock, wait: Duration, stop: StopOrder): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after('start the board again', wait, () => {
      stop.whenOrdered(undefined)
      resolve()
    })
    stop.whenOrdered(() => {
      timer.cancel()
      resolve()
    })
  })
}

/** The operator's order to stop, and the one thing that is done when it comes. */
class StopOrder {
  #ordered = false
  #run: (() => void) | undefined

  constructor(onTerminate: (run: () => void) => void) {
    onTerminate(() => {
      if (this.#ordered) return
      this.#ordered = true
      this.#run?.()
    })
  }

  isOrdered(): boolean {
    return this.#ordered
  }

  /** Does `run` when the order comes, or at once when it has come; replaces what was to be done before. */
  whenOrdered(run: (() => void) | undefined): void {
    this.#run = run
    if (this.#ordered) run?.()
  }
}

class Watchdog {
  readonly #clock: Clock
  readonly #bite: () => void
  #timer: Timer
  #bit = false

  constructor(clock: Clock, bite: () => void) {
    this.#clock = clock
    this.#bite = bite
    this.#timer = this.#arm()
  }

  /** Whether it ended the board. */
  get bit(): boolean {
    return this.#bit
  }

  fed(): void {
    this.#timer.cancel()
    this.#timer = this.#arm()
  }

  cancel(): void {
    this.#timer.cancel()
  }

  #arm(): Timer {
    return this.#clock.after('watchdog', silenceLimit, () => {
      this.#timer = this.#clock.after('watchdog, last chance', lastChance, () => {
        this.#bit = true
        this.#bite()
      })
    })
  }
}
