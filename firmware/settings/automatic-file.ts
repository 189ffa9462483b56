import { posix } from 'node:path'
import type { PlatenError } from '../../protocol/errors.js'
import type { Clock } from '../../protocol/time.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'
import { automaticInForce, storedAutomatic, withAutomaticUpdate, type AutomaticSettings, type AutomaticUpdate, type StoredAutomatic } from './automatic.js'
import type { Protector } from './protector.js'

export interface AutomaticFileOptions {
  readonly disk: Disk
  readonly directory: string
  /** Keeps the challenge; it is in clear in no file. */
  readonly protector: Protector
  readonly clock: Pick<Clock, 'wall' | 'state'>
  readonly log: Log
}

/** The settings of the timer, kept in one file. An update is in force when it is durable, and not before. */
export class AutomaticSettingsFile {
  readonly #file: RecordFile<StoredAutomatic>
  readonly #options: AutomaticFileOptions

  private constructor(file: RecordFile<StoredAutomatic>, options: AutomaticFileOptions) {
    this.#file = file
    this.#options = options
  }

  /**
   * A damaged file gives the defaults, under which the timer is off, and a problem.
   * @throws disk-failed
   */
  static async open(options: AutomaticFileOptions): Promise<AutomaticSettingsFile> {
    const file = await RecordFile.open<StoredAutomatic>({
      disk: options.disk,
      path: posix.join(options.directory, 'automatic.json'),
      check: (content) => storedAutomatic.parse(content),
      empty: { version: 1, revision: 0, items: {} },
    })
    if (file.problem !== undefined) options.log.error(`settings: ${file.problem.message}; the timer is off`)
    return new AutomaticSettingsFile(file, options)
  }

  /** What is wrong with the stored settings: codes `store-damaged`. */
  problems(): readonly PlatenError[] {
    return this.#file.problem === undefined ? [] : [this.#file.problem]
  }

  get(): AutomaticSettings {
    return automaticInForce(this.#file.value)
  }

  /**
   * Changes the items given; an item given as undefined goes back to its default. All of it or nothing.
   * @throws invalid-value, unknown-field, missing-field (facts.field names the item), disk-failed
   */
  async update(update: AutomaticUpdate): Promise<AutomaticSettings> {
    const { clock, protector } = this.#options
    await this.#file.update((value) => withAutomaticUpdate(value, update, { wall: clock.wall(), clock: clock.state(), seal: (challenge) => protector.seal(challenge, purpose) }))
    return this.get()
  }

  /**
   * For the one who builds the CSR, and for nobody else. Undefined when none is stored.
   * @throws store-damaged when the seal does not hold
   */
  challenge(): string | undefined {
    const sealed = this.#file.value.items.challenge
    return sealed === undefined ? undefined : this.#options.protector.open(sealed, purpose)
  }
}

const purpose = 'Challenge Password'
