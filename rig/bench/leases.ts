import { z } from 'zod'
import { PlatenError } from '../../protocol/errors.js'
import { milliseconds, type Clock, type Duration } from '../../protocol/time.js'
import type { RigPlatform, SharedFiles, ThisProcess } from '../platform/index.js'

const record = z.strictObject({ host: z.string(), pid: z.int(), run: z.string(), until: z.number(), released: z.boolean() })

/** Who has a board, and until when (wall ms): a process that died or hangs does not keep it for ever. */
export type LeaseRecord = Readonly<z.infer<typeof record>>

interface Newest {
  readonly generation: number
  /** Undefined when no one can read it. */
  readonly lease: LeaseRecord | undefined
}

/**
 * Who may use which board, among processes that share a folder.
 *
 * Each taking of a board is a file of its own, `board.<generation>.lease`, made under a name that only one can make. The
 * newest counts and is never deleted, so that nobody can take away a lease that is not his: whoever finds the newest
 * one stale makes the next, and whoever then sees a newer one than his has lost.
 */
export class Leases {
  readonly #clock: Clock
  readonly #files: SharedFiles
  readonly #process: ThisProcess
  readonly #directory: string

  constructor({ clock, sharedFiles, thisProcess }: Pick<RigPlatform, 'clock' | 'sharedFiles' | 'thisProcess'>, directory: string) {
    this.#clock = clock
    this.#files = sharedFiles
    this.#process = thisProcess
    this.#directory = directory
  }

  /** @throws board-taken with who has it and until when */
  async take(board: string, { run, duration }: { readonly run: string; readonly duration: Duration }): Promise<Lease> {
    await this.#files.makeDirectory(this.#directory)
    const newest = await this.#newest(board)
    const holder = newest === undefined ? undefined : this.#holder(newest)
    if (holder !== undefined) throw taken(board, holder)
    const generation = (newest?.generation ?? 0) + 1
    const mine = (until: number, released: boolean): string => `${JSON.stringify({ host: this.#process.host, pid: this.#process.pid, run, until, released } satisfies LeaseRecord)}\n`
    const path = this.#path(board, generation)
    const created = await this.#files.create(path, mine(this.#clock.wall() + duration, false))
    // Others may have taken and given back the board in between, and tidied up: then this name was free again.
    if (!created || (await this.#newest(board))?.generation !== generation) {
      if (created) await this.#files.remove(path)
      throw taken(board, undefined)
    }
    await this.#tidy(board, generation)
    const renew = async (until: number, released: boolean): Promise<void> => {
      if ((await this.#newest(board))?.generation !== generation) throw lost(board)
      await this.#files.replace(path, mine(until, released))
    }
    return new Lease(this.#clock, board, duration, renew)
  }

  /** Undefined when the board is free. */
  async holder(board: string): Promise<LeaseRecord | undefined> {
    await this.#files.makeDirectory(this.#directory)
    const newest = await this.#newest(board)
    return newest === undefined ? undefined : this.#holder(newest)
  }

  #holder({ lease }: Newest): LeaseRecord | undefined {
    if (lease === undefined || lease.released || lease.until <= this.#clock.wall()) return undefined
    return lease.host === this.#process.host && !this.#process.isAlive(lease.pid) ? undefined : lease
  }

  async #newest(board: string): Promise<Newest | undefined> {
    const generation = (await this.#generations(board)).at(-1)
    if (generation === undefined) return undefined
    const text = await this.#files.read(this.#path(board, generation))
    return { generation, lease: text === undefined ? undefined : record.safeParse(parsed(text)).data }
  }

  async #generations(board: string): Promise<readonly number[]> {
    const names = await this.#files.names(this.#directory)
    return names.flatMap((name) => {
      const [, of, generation] = /^(.+)\.(\d+)\.lease$/u.exec(name) ?? []
      return of === board ? [Number(generation)] : []
    }).sort((a, b) => a - b)
  }

  async #tidy(board: string, generation: number): Promise<void> {
    for (const old of await this.#generations(board)) if (old < generation) await this.#files.remove(this.#path(board, old))
  }

  #path(board: string, generation: number): string {
    return `${this.#directory}/${board}.${generation}.lease`
  }
}

/** A board in hand. It is renewed by itself until it is released or lost. */
export class Lease {
  readonly board: string
  readonly #clock: Clock
  readonly #duration: Duration
  readonly #write: (until: number, released: boolean) => Promise<void>
  #timer: { cancel(): void } | undefined
  #lost: PlatenError | undefined

  constructor(clock: Clock, board: string, duration: Duration, write: (until: number, released: boolean) => Promise<void>) {
    this.board = board
    this.#clock = clock
    this.#duration = duration
    this.#write = write
    this.#arm()
  }

  /** @throws board-taken when another has the board by now */
  async renew(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
    await this.#write(this.#clock.wall() + this.#duration, false)
  }

  /** Gives the board back; does nothing when it was lost. */
  async release(): Promise<void> {
    this.#timer?.cancel()
    await this.#write(0, true).catch((error: unknown) => {
      if (!(error instanceof PlatenError && error.code === 'board-taken')) throw error
    })
  }

  /** A third: two renewals may fail before it is stale. */
  #arm(): void {
    this.#timer = this.#clock.after('bench-lease', milliseconds(this.#duration / 3), () => {
      this.#arm()
      this.renew().catch((error: unknown) => {
        if (error instanceof PlatenError && error.code === 'board-taken') {
          this.#lost = error
          this.#timer?.cancel()
        }
      })
    })
  }
}

function taken(board: string, holder: LeaseRecord | undefined): PlatenError {
  const by = holder === undefined ? 'another run' : `run ${holder.run} (process ${holder.pid} on ${holder.host}) until ${new Date(holder.until).toISOString()}`
  return new PlatenError('board-taken', `the board ${board} is in use by ${by}`, { facts: { board }, fix: 'Wait for it, or choose another board.' })
}

function lost(board: string): PlatenError {
  return new PlatenError('board-taken', `the lease of the board ${board} ran out and another run took it`, { facts: { board }, fix: 'See why this run stood still.' })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
