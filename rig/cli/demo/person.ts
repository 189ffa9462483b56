import { CHALLENGE_PROMPT, PROMPT } from '../../../protocol/commands/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import type { Board, CommandOutcome } from '../../boards/index.js'
import type { Note } from '../../steps/index.js'

/** Somebody at the serial console. What stands on the screen is shown by the board's console itself, as it comes. */
export class Person {
  readonly #board: Board
  readonly #show: Note

  /** @param show told each command line as it was meant: the board's editor scrolls long ones */
  constructor(board: Board, show: Note) {
    this.#board = board
    this.#show = show
  }

  /** Types a command and waits for its end, whatever it is. */
  types(line: string, challenge?: string): Promise<CommandOutcome> {
    this.#show(`${PROMPT}${line}`)
    return this.#board.command(line, challenge === undefined ? {} : { answers: { [CHALLENGE_PROMPT]: challenge } })
  }

  /**
   * Types a command that has to work.
   * @throws the board's own error
   */
  async does(line: string, challenge?: string): Promise<Readonly<Record<string, string>>> {
    const { result } = await this.types(line, challenge)
    if (!result.ok) throw new PlatenError(result.code, result.message, { fix: result.fix })
    return result.values
  }
}

/** Cuts a stream of text into lines, and hands each over when it is whole. */
export function byLine(take: (line: string) => void): (text: string) => void {
  let open = ''
  return (text) => {
    const lines = (open + text).split(/\r?\n/u)
    open = lines.pop() ?? ''
    lines.forEach(take)
  }
}
