import { posix } from 'node:path'
import * as z from 'zod'
import { asPlatenError, type PlatenError } from '../../protocol/errors.js'
import type { Clock } from '../../protocol/time.js'
import { RecordFile, type Disk } from '../platform/index.js'
import type { PreviousRun } from './parent/index.js'

/** Who asked for a restart, and why; both as people read them. */
export interface RestartRequest {
  readonly by: string
  readonly why: string
}

/** Why this run began. */
export type BootReason =
  | { readonly kind: 'first-boot' }
  /** The run before ended without a word: power cut, or the whole machine was reset. */
  | { readonly kind: 'power-on' }
  | { readonly kind: 'clean-stop' }
  | ({ readonly kind: 'restart' } & RestartRequest)
  | ({ readonly kind: 'crash' | 'watchdog' } & PreviousRun)

const stored = z.strictObject({
  version: z.literal(1),
  bootId: z.string(),
  state: z.enum(['running', 'stopped', 'restarting']),
  request: z.strictObject({ by: z.string(), why: z.string() }).optional(),
  /** Wall ms at the last write with the clock set. */
  seen: z.number().optional(),
})
type Stored = z.infer<typeof stored>

/** What a run leaves behind for the next one: how it ended, or that nobody saw it end. */
export class RunRecord {
  readonly #file: RecordFile<Stored | undefined>
  readonly #clock: Pick<Clock, 'wall' | 'state'>

  private constructor(file: RecordFile<Stored | undefined>, clock: Pick<Clock, 'wall' | 'state'>) {
    this.#file = file
    this.#clock = clock
  }

  /** A damaged record counts as an end without a word, and is a problem. @throws disk-failed */
  static async open({ disk, directory, clock }: { readonly disk: Disk; readonly directory: string; readonly clock: Pick<Clock, 'wall' | 'state'> }): Promise<RunRecord> {
    return new RunRecord(await openFile(disk, directory), clock)
  }

  /**
   * The wall time (ms) that the runs before have seen last, for the clock of this run; undefined when nobody knows.
   * Nothing goes wrong here: the start of the board tells what is wrong with its data directory.
   */
  static async lastSeen(disk: Disk, directory: string): Promise<number | undefined> {
    const file = await openFile(disk, directory).catch(() => undefined)
    return file?.value?.seen
  }

  problems(): readonly PlatenError[] {
    return this.#file.problem === undefined ? [] : [this.#file.problem]
  }

  /**
   * Begins a run: tells why it began, and from now on a missing end is an end without a word. A disk that takes nothing
   * does not keep the board from starting: its keys serve all the same. What the next start says of this run may be
   * wrong then.
   * @param previous what the parent saw of the run before, when it ended badly
   */
  async begin(bootId: string, previous: PreviousRun | undefined): Promise<{ readonly reason: BootReason; readonly problem?: PlatenError }> {
    const reason = bootReason(this.#file.value, this.#file.problem !== undefined, previous)
    try {
      await this.#write(() => ({ bootId, state: 'running' }))
      return { reason }
    } catch (error) {
      return { reason, problem: asPlatenError(error) }
    }
  }

  /** Writes a restart down before it happens. @throws disk-failed */
  async restarting(request: RestartRequest): Promise<void> {
    await this.#write((run) => ({ bootId: run?.bootId ?? '', state: 'restarting', request: { by: request.by, why: request.why } }))
  }

  /** The run ended as it should; a restart that was written down stays written. @throws disk-failed */
  async stopped(): Promise<void> {
    if (this.#file.value?.state === 'restarting') return
    await this.#write((run) => ({ bootId: run?.bootId ?? '', state: 'stopped' }))
  }

  /** Keeps the wall time for a start whose clock has lost it. @throws disk-failed */
  async saveTime(): Promise<void> {
    await this.#write((run) => run ?? { bootId: '', state: 'running' })
  }

  #write(change: (run: Stored | undefined) => Omit<Stored, 'version' | 'seen'>): Promise<void> {
    return this.#file.update((run) => {
      const seen = this.#clock.state() === 'unset' ? run?.seen : this.#clock.wall()
      return { ...change(run), version: 1, ...(seen === undefined ? {} : { seen }) }
    })
  }
}

function openFile(disk: Disk, directory: string): Promise<RecordFile<Stored | undefined>> {
  return RecordFile.open<Stored | undefined>({
    disk,
    path: posix.join(directory, 'run.json'),
    check: (content) => stored.parse(content),
    empty: undefined,
  })
}

function bootReason(last: Stored | undefined, damaged: boolean, previous: PreviousRun | undefined): BootReason {
  // The parent saw it end badly; a restart that was asked for and then failed on its way is a crash as well.
  if (previous !== undefined) return { kind: previous.how === 'watchdog' ? 'watchdog' : 'crash', ...previous }
  if (last?.state === 'restarting' && last.request !== undefined) return { kind: 'restart', ...last.request }
  if (last?.state === 'stopped') return { kind: 'clean-stop' }
  return last === undefined && !damaged ? { kind: 'first-boot' } : { kind: 'power-on' }
}

/** The reason as one line for the log, the banner and the status. */
export function describeBootReason(reason: BootReason): string {
  switch (reason.kind) {
    case 'first-boot':
      return 'first boot'
    case 'power-on':
      return 'power on; the run before did not end cleanly'
    case 'clean-stop':
      return 'power on after a clean stop'
    case 'restart':
      return `restart asked for by ${reason.by}: ${reason.why}`
    case 'watchdog':
      return `watchdog: the board gave no sign of life and was ended${lastWords(reason)}`
    case 'crash':
      return `crash: ${reason.how}${lastWords(reason)}`
  }
}

function lastWords({ lastWords: words }: PreviousRun): string {
  return words === '' ? '' : `; last words: ${words}`
}
