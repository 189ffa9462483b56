import { asPlatenError } from '../../protocol/errors.js'
import type { Disk, Log } from '../platform/index.js'
import type { KeyId } from './entries.js'
import { removeGeneration } from './generation.js'
import type { Journal } from './journal.js'
import type { StorePaths } from './paths.js'
import type { NewEvent, StoreEvent } from './record.js'
import { forgetRemoved } from './recovery.js'
import { apply, snapshot, type StoreState } from './state.js'

const defaultCompactFrom = 128 * 1024

/** Compaction must win something: it waits until the journal is this many times what it would become. */
const compactionGain = 4

export interface LedgerOptions {
  readonly disk: Disk
  readonly log: Log
  /** Size in bytes from which the journal is compacted. Default 128 KiB. */
  readonly compactFrom?: number
}

/** Keeps the state and the journal in step: the journal first, and what follows from it after. */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #paths: StorePaths
  readonly #journal: Journal
  readonly #state: StoreState
  /** Journal size right after the last compaction. */
  #compactedSize = 0

  constructor(options: LedgerOptions, paths: StorePaths, journal: Journal, state: StoreState) {
    this.#options = options
    this.#paths = paths
    this.#journal = journal
    this.#state = state
  }

  /** One event, wholly: on return it outlives a power cut and the state shows it. @throws disk-failed; then nothing changed */
  async commit(event: NewEvent): Promise<StoreEvent> {
    await this.#compactIfLarge()
    const record = await this.#journal.append(event)
    apply(this.#state, record)
    return record
  }

  /** Takes the files of a dropped generation away; what stays goes at the next start. */
  clear(id: KeyId): Promise<void> {
    return this.afterCommit('remove a deleted key', () => removeGeneration(this.#options.disk, this.#paths.generations, id))
  }

  /** Work that the outcome of a call does not hang on: a failure is told and put right later. */
  async afterCommit(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      this.#options.log.warn(`key store: cannot ${what}: ${asPlatenError(error).message}`)
    }
  }

  async #compactIfLarge(): Promise<void> {
    if (this.#journal.size < Math.max(this.#options.compactFrom ?? defaultCompactFrom, compactionGain * this.#compactedSize)) return
    await this.afterCommit('compact the journal', async () => {
      await forgetRemoved(this.#options.disk, this.#paths.generations, this.#state)
      await this.#journal.rewrite(snapshot(this.#state))
      this.#compactedSize = this.#journal.size
    })
  }
}
