import { CHALLENGE_PROMPT } from '../../../protocol/commands/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import type { Board, CommandOutcome } from '../../boards/index.js'
import type { Note } from '../../steps/index.js'

/** Somebody at the serial console: what is typed and what comes back is shown as it would stand on the screen. */
export class Person {
  readonly #board: Board

  constructor(board: Board) {
    this.#board = board
  }

  /** Types a command and shows the answer, whatever it is. */
  async types(note: Note, line: string, challenge?: string): Promise<CommandOutcome> {
    note(`platen> ${line}`)
    const answers = challenge === undefined ? {} : { [CHALLENGE_PROMPT]: challenge }
    if (challenge !== undefined) note(`${CHALLENGE_PROMPT}(typed hidden)`)
    const outcome = await this.#board.command(line, { answers })
    outcome.lines.forEach(note)
    note(outcome.result.ok ? '= ok' : `= error ${outcome.result.code}  ${outcome.result.message}`)
    return outcome
  }

  /**
   * Types a command that has to work.
   * @throws the board's own error
   */
  async does(note: Note, line: string, challenge?: string): Promise<Readonly<Record<string, string>>> {
    const { result } = await this.types(note, line, challenge)
    if (!result.ok) throw new PlatenError(result.code, result.message, { fix: result.fix })
    return result.values
  }
}
