import { posix } from 'node:path'
import { PlatenError, asPlatenError } from '../../protocol/errors.js'
import { ensureDirectory, readJson, replaceJson } from './durable-file.js'
import type { Disk } from './ports.js'

interface RecordFileOptions<Value> {
  readonly disk: Disk
  /** Its directory is made when it is missing; the parent of that must be there. */
  readonly path: string
  /** Turns what was read into a value; whatever it throws means that the file is damaged. */
  readonly check: (content: unknown) => Value
  /** The value while nothing (or nothing sound) is stored. */
  readonly empty: Value
}

/**
 * One value in one JSON file, saved whole and durably. Memory follows the disk: a save that fails changes nothing.
 * A damaged file is never believed and never lost: it is reported, stays as it is until somebody saves, and is
 * then set aside as `<path>.damaged`.
 */
export class RecordFile<Value> {
  readonly #disk: Disk
  readonly #path: string
  #value: Value
  #problem: PlatenError | undefined
  #saving: Promise<void> = Promise.resolve()

  private constructor(options: RecordFileOptions<Value>, value: Value, problem: PlatenError | undefined) {
    this.#disk = options.disk
    this.#path = options.path
    this.#value = value
    this.#problem = problem
  }

  /** @throws disk-failed */
  static async open<Value>(options: RecordFileOptions<Value>): Promise<RecordFile<Value>> {
    await ensureDirectory(options.disk, posix.dirname(options.path))
    try {
      const content = await readJson(options.disk, options.path)
      return new RecordFile(options, content === undefined ? options.empty : options.check(content), undefined)
    } catch (cause) {
      const error = asPlatenError(cause)
      if (error.code === 'disk-failed') throw error
      return new RecordFile(options, options.empty, damaged(options.path, error))
    }
  }

  get value(): Value {
    return this.#value
  }

  /** Why the stored content is not in use: code `store-damaged`. Undefined when all is well. */
  get problem(): PlatenError | undefined {
    return this.#problem
  }

  /**
   * Saves what `change` makes of the value at its turn; saves run one after the other.
   * @throws disk-failed, and whatever `change` throws; the value is then as before
   */
  update(change: (value: Value) => Value): Promise<void> {
    const turn = this.#saving.then(async () => {
      const next = change(this.#value)
      if (this.#problem !== undefined) await this.#setAside()
      await replaceJson(this.#disk, this.#path, next)
      this.#value = next
    })
    this.#saving = turn.catch(() => undefined)
    return turn
  }

  async #setAside(): Promise<void> {
    await this.#disk.rename(this.#path, `${this.#path}.damaged`)
    await this.#disk.syncDirectory(posix.dirname(this.#path))
    this.#problem = undefined
  }
}

function damaged(path: string, cause: PlatenError): PlatenError {
  if (cause.code === 'store-damaged') return cause
  return new PlatenError('store-damaged', `${path} is damaged: its content is not what this firmware writes`, {
    facts: { path }, cause,
    fix: `Restore ${path} from a backup, or set what it held again.`,
  })
}
