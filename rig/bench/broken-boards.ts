import { z } from 'zod'
import { PlatenError } from '../../protocol/errors.js'
import type { RigPlatform, SharedFiles } from '../platform/index.js'

const record = z.strictObject({ run: z.string(), at: z.number(), code: z.string(), message: z.string() })

/** The first failure of a board since it was last whole; later ones are its consequences. */
export type FirstFailure = Readonly<z.infer<typeof record>>

/** A board that broke stays broken until a person has looked at it: trying again would hide what happened. */
export class BrokenBoards {
  readonly #clock: RigPlatform['clock']
  readonly #files: SharedFiles
  readonly #directory: string

  constructor({ clock, sharedFiles }: Pick<RigPlatform, 'clock' | 'sharedFiles'>, directory: string) {
    this.#clock = clock
    this.#files = sharedFiles
    this.#directory = directory
  }

  /** Does nothing when it is marked already. */
  async mark(board: string, run: string, { code, message }: PlatenError): Promise<void> {
    await this.#files.makeDirectory(this.#directory)
    await this.#files.create(this.#path(board), `${JSON.stringify({ run, at: this.#clock.wall(), code, message } satisfies FirstFailure)}\n`)
  }

  /** Undefined when it is whole. */
  async failure(board: string): Promise<FirstFailure | undefined> {
    const text = await this.#files.read(this.#path(board))
    if (text === undefined) return undefined
    return record.safeParse(JSON.parse(text)).data ?? { run: '?', at: 0, code: '?', message: 'its mark cannot be read' }
  }

  /** @throws board-broken */
  async mustBeWhole(board: string): Promise<void> {
    const failure = await this.failure(board)
    if (failure !== undefined) throw new PlatenError('board-broken', `the board ${board} broke in run ${failure.run}: ${failure.message} [${failure.code}]`, { facts: { board }, fix: `When it is mended: npm run rig -- bench mend ${board}.` })
  }

  async mend(board: string): Promise<void> {
    await this.#files.remove(this.#path(board))
  }

  #path(board: string): string {
    return `${this.#directory}/${board}.broken`
  }
}
