import { hasCode } from '../../protocol/errors.js'
import { eventLine, type BoardClient, type BoardEvent } from '../../protocol/smp/index.js'
import type { Clock } from '../../protocol/time.js'

/** How much of the log is read again after a pause; less when that does not fit into a reply. */
const caughtUp = [40, 10] as const

/** The log of a board as it comes by frames, with what was missed while nobody was signed in. */
export class BoardEvents {
  readonly #client: () => BoardClient
  readonly #clock: Clock
  readonly #onLog: (line: string, at: number) => void
  readonly #told = new Set<string>()

  /** @param onLog told each line once, with the rig's monotonic time at which it was seen */
  constructor(client: () => BoardClient, clock: Clock, onLog: (line: string, at: number) => void) {
    this.#client = client
    this.#clock = clock
    this.#onLog = onLog
  }

  take(event: BoardEvent): void {
    if (event.kind === 'log') this.#tell(eventLine(event), this.#clock.monotonic())
  }

  /** For somebody who is signed in. @throws not-signed-in, timed-out */
  async follow(): Promise<void> {
    await this.#client().subscribe('info')
    const lines = await this.#read()
    const now = this.#clock.monotonic()
    const newest = stampOf(lines.at(-1) ?? '')
    // What was written a while ago is taken as seen then.
    for (const line of lines) this.#tell(line, now - Math.max(0, newest - stampOf(line)))
  }

  async #read(): Promise<readonly string[]> {
    for (const lines of caughtUp) {
      try {
        return (await this.#client().command('log', { lines })).lines
      } catch (error) {
        if (!hasCode(error, 'response-too-large')) throw error
      }
    }
    return []
  }

  #tell(line: string, at: number): void {
    if (this.#told.has(line)) return
    this.#told.add(line)
    this.#onLog(line, at)
  }
}

function stampOf(line: string): number {
  return Number(/^\[(\d+),/u.exec(line)?.[1] ?? 0)
}
