import { errorResult, LINE_LIMIT, PASTE_LIMIT, PROGRESS_MARK, visible, writeResultLine, type ResultLine } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { columnsOf, screenWidth, wrap } from './columns.js'
import type { Question, Terminal, Typed } from './terminal.js'

/** The line is gone, or was taken from the person by this side: there is nobody to answer. */
export class Gone extends Error {
  override readonly name = 'Gone'
  readonly why: 'hung-up' | 'broken-off' | 'end-of-input'

  constructor(why: Gone['why']) {
    super(why)
    this.why = why
  }
}

/** What is said on the console, in the forms that a person knows and a driver can rely on. */
export class Dialogue {
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Lines for a person; none of them can be taken for a result. */
  say(lines: readonly string[]): void {
    for (const line of lines) this.#terminal.writeLine(line.startsWith('=') ? ` ${line}` : line)
  }

  /** What is being done, while it is being done. */
  progress(text: string): void {
    this.say(wrap(PROGRESS_MARK + visible(text.replace(/\s*…$/, '')), screenWidth, ' '.repeat(columnsOf(PROGRESS_MARK))))
  }

  /** The one line that ends a command. */
  end(result: ResultLine): void {
    this.#terminal.writeLine(writeResultLine(result))
  }

  fail(error: PlatenError): void {
    this.end(errorResult(error))
  }

  /**
   * Asks for one line.
   * @throws cancelled for Ctrl-C, invalid-value for a line that is too long; Gone when nobody answers any more
   */
  async ask(question: Question): Promise<string> {
    const typed: Typed = await this.#terminal.read(question)
    switch (typed.is) {
      case 'line':
        return typed.text
      case 'too-long':
        throw tooLong(question)
      case 'cancelled':
        throw cancelled()
      case 'end-of-input':
        if (question.hidden === true || question.paste !== undefined) throw cancelled()
        throw new Gone(typed.is)
      default:
        throw new Gone(typed.is)
    }
  }

  /**
   * Asks for a secret, without echo.
   * @param again prompt to ask a second time with
   * @throws invalid-value when the two differ, and what `ask` throws
   */
  async askSecret(prompt: string, again?: string): Promise<string> {
    const first = await this.ask({ prompt, hidden: true })
    if (again !== undefined && (await this.ask({ prompt: again, hidden: true })) !== first) {
      throw new PlatenError('invalid-value', 'The two are not the same; nothing was changed.', { fix: 'Type the same twice.' })
    }
    return first
  }
}

function tooLong({ paste }: Question): PlatenError {
  return paste === undefined
    ? new PlatenError('invalid-value', `The line is longer than ${LINE_LIMIT} bytes; nothing of it was used.`, { fix: 'Type a shorter one.' })
    : new PlatenError('invalid-value', `What was pasted has more than ${PASTE_LIMIT} characters; nothing of it was used.`, { fix: 'Paste the key with its own chain alone.' })
}

function cancelled(): PlatenError {
  return new PlatenError('cancelled', 'Cancelled; nothing was changed.')
}
