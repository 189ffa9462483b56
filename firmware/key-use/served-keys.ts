import { posix } from 'node:path'
import { z } from 'zod'
import type { PlatenError } from '../../protocol/errors.js'
import { parseKeyUse, type KeyUse } from '../../protocol/key-use.js'
import type { KeyId } from '../key-store/index.js'
import { RecordFile, type Disk } from '../platform/index.js'

/** Which key a use was last seen to serve with, and which one before that. */
export interface Served {
  readonly key: KeyId
  readonly before?: KeyId
  /** A key that somebody has assigned while the function was off: it was never seen to serve, and is wanted all the same. */
  readonly accepted?: KeyId
}

/** Remembers which keys were seen to serve: what a swap commits. The assignments are the key store's. */
export interface ServedKeys {
  get(use: KeyUse): Served | undefined
  /** Durable when it resolves. @throws disk-failed */
  served(use: KeyUse, key: KeyId): Promise<void>
  /** The use has this key on somebody's word; undefined: it has none. Durable when it resolves. @throws disk-failed */
  accept(use: KeyUse, key: KeyId | undefined): Promise<void>
}

const id = z.string().transform((text) => text as KeyId)
const stored = z.strictObject({ version: z.literal(1), uses: z.record(z.string().transform(parseKeyUse), z.strictObject({ key: id, before: id.optional(), accepted: id.optional() })) })

interface Stored {
  readonly version: 1
  readonly uses: Readonly<Partial<Record<KeyUse, Served>>>
}

/** In the file `served-keys.json`. Losing it costs the way back to the key before, and nothing else. */
export class ServedKeysFile implements ServedKeys {
  readonly #file: RecordFile<Stored>

  private constructor(file: RecordFile<Stored>) {
    this.#file = file
  }

  /** @throws disk-failed */
  static async open({ disk, directory }: { readonly disk: Disk; readonly directory: string }): Promise<ServedKeysFile> {
    return new ServedKeysFile(await RecordFile.open<Stored>({
      disk,
      path: posix.join(directory, 'served-keys.json'),
      check: (content) => stored.parse(content) as Stored,
      empty: { version: 1, uses: {} },
    }))
  }

  /** Code `store-damaged`; undefined when all is well. */
  get problem(): PlatenError | undefined {
    return this.#file.problem
  }

  get(use: KeyUse): Served | undefined {
    return this.#file.value.uses[use]
  }

  async served(use: KeyUse, key: KeyId): Promise<void> {
    await this.#note(use, following(this.get(use), key))
  }

  async accept(use: KeyUse, key: KeyId | undefined): Promise<void> {
    await this.#note(use, accepting(this.get(use), key))
  }

  async #note(use: KeyUse, next: Served | undefined): Promise<void> {
    if (next === this.get(use)) return
    await this.#file.update(({ uses }) => {
      const others = Object.fromEntries(Object.entries(uses).filter(([name]) => name !== use))
      return { version: 1, uses: next === undefined ? others : { ...others, [use]: next } }
    })
  }
}

/** The same for as long as the board runs. */
export class ServedKeysInMemory implements ServedKeys {
  readonly #uses = new Map<KeyUse, Served>()

  get(use: KeyUse): Served | undefined {
    return this.#uses.get(use)
  }

  served(use: KeyUse, key: KeyId): Promise<void> {
    return this.#note(use, following(this.#uses.get(use), key))
  }

  accept(use: KeyUse, key: KeyId | undefined): Promise<void> {
    return this.#note(use, accepting(this.#uses.get(use), key))
  }

  #note(use: KeyUse, next: Served | undefined): Promise<void> {
    if (next === undefined) this.#uses.delete(use)
    else this.#uses.set(use, next)
    return Promise.resolve()
  }
}

function following(last: Served | undefined, key: KeyId): Served {
  if (last === undefined) return { key }
  return last.key === key && last.accepted === undefined ? last : { key, ...(last.key === key ? given(last.before) : { before: last.key }) }
}

function accepting(last: Served | undefined, key: KeyId | undefined): Served | undefined {
  return last === undefined || key === undefined ? undefined : { ...last, accepted: key }
}

function given(before: KeyId | undefined): { readonly before?: KeyId } {
  return before === undefined ? {} : { before }
}
