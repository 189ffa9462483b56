import type { Duplex } from 'node:stream'
import { asPlatenError } from '../protocol/errors.js'
import { seconds, type Clock, type Duration, type Timer } from '../protocol/time.js'
import type { Log, SerialPorts } from './platform/index.js'
import type { SerialConsole } from './serial/index.js'

/** Waits before a line that hung up is opened again, by how often that failed in a row; the last one repeats. */
const waits: readonly Duration[] = [
  seconds(1), //  sum  1 s
  seconds(2), //  sum  3 s
  seconds(5), //  sum  8 s
  seconds(10), // sum 18 s
  seconds(30), // sum 48 s, and 30 s more with each
]

/** A line that lasted this long was a good one; the next hang-up begins a new count. */
const goodLine = seconds(10)

/** How long what was written may take to leave at the end; the other side may not read. */
const flushLimit = seconds(1)

export interface SerialLineOptions {
  readonly serial: SerialPorts
  readonly path: string
  readonly baudRate: number
  readonly console: SerialConsole
  readonly clock: Clock
  readonly log: Log
}

/** Keeps the console on its line: opens it, and opens it again after a hang-up. */
export class SerialLine {
  readonly #options: SerialLineOptions
  #line: Duplex | undefined
  #closed = false
  #wake: (() => void) | undefined

  private constructor(options: SerialLineOptions) {
    this.#options = options
  }

  /** @throws connect-failed when the line cannot be opened the first time */
  static async open(options: SerialLineOptions): Promise<SerialLine> {
    const line = new SerialLine(options)
    const { serial, path, baudRate } = options
    void line.#keepServing(await serial.open(path, baudRate))
    return line
  }

  /** Says why on the line, lets it flush, and ends it. */
  async close(reason: string): Promise<void> {
    this.#closed = true
    this.#wake?.()
    this.#options.console.close(reason)
    const line = this.#line
    if (line === undefined || line.destroyed) return
    await flushed(line, this.#options.clock)
    line.destroy()
  }

  async #keepServing(first: Duplex): Promise<void> {
    const { clock, log, console } = this.#options
    let shortLines = 0
    for (let line: Duplex | undefined = first; line !== undefined; line = await this.#again(shortLines)) {
      this.#line = line
      const from = clock.monotonic()
      await console.serve(line)
      if (this.#closed) return
      line.destroy()
      log.warn('the serial line hung up; it is opened again')
      shortLines = clock.monotonic() - from < goodLine ? shortLines + 1 : 0
    }
  }

  /** @returns undefined when the board stops */
  async #again(shortLines: number): Promise<Duplex | undefined> {
    const { serial, path, baudRate, log } = this.#options
    for (let step = Math.max(0, shortLines - 1); ; step += 1) {
      await this.#pause(waits[Math.min(step, waits.length - 1)] ?? seconds(0))
      if (this.#closed) return undefined
      try {
        return await serial.open(path, baudRate)
      } catch (error) {
        log.debug('the serial line cannot be opened', { reason: asPlatenError(error).message })
      }
    }
  }

  #pause(wait: Duration): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after('open the serial line again', wait, resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

function flushed(line: Duplex, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      resolve()
    }
    const timer: Timer = clock.after('flush the serial line', flushLimit, done)
    line.once('error', done)
    line.once('close', done)
    line.end(done)
  })
}
