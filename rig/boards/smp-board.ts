import { definitionOf, errorResult, PROGRESS_MARK, readCommandLine, resultOf } from '../../protocol/commands/index.js'
import { hasCode, PlatenError } from '../../protocol/errors.js'
import type { Board, CommandOutcome } from './board.js'
import type { FrameLine } from './frame-line.js'

/** A board that is driven by frames on its serial line; its console stays free for a person. */
export class SmpBoard implements Pick<Board, 'name' | 'signIn' | 'attend' | 'command'> {
  readonly name: string
  readonly #line: FrameLine

  constructor(name: string, line: FrameLine) {
    this.name = name
    this.#line = line
  }

  async signIn(password: string): Promise<void> {
    try {
      await this.#line.client.signIn(password)
    } catch (error) {
      if (!hasCode(error, 'not-configured')) throw error
      await this.#line.client.signIn(password, { first: true })
    }
  }

  async attend(password: string): Promise<void> {
    const outcome = await this.command('whoami')
    if (!outcome.result.ok && outcome.result.code === 'not-signed-in') await this.signIn(password)
  }

  /** Takes the line of a console and gives the outcome that the console gives; tables in between are left out. */
  async command(...[line, { answers = {}, deadline } = {}]: Parameters<Board['command']>): Promise<CommandOutcome> {
    const lines: string[] = []
    try {
      const { name, fields } = readCommandLine(line)
      const secrets = definitionOf(name).secrets.flatMap(({ field, prompt }) => (answers[prompt] === undefined ? [] : [[field, answers[prompt]] as const]))
      const reply = await this.#line.client.command(name, { ...fields, ...Object.fromEntries(secrets) }, {
        progress: (text) => lines.push(PROGRESS_MARK + text),
        ...(deadline === undefined ? {} : { deadline }),
      })
      return { result: resultOf(name, reply), lines, reply }
    } catch (error) {
      // These two are of the line, not of the board, unless the board says so with the facts of a request.
      if (!(error instanceof PlatenError) || isOfTheLine(error)) throw error
      return { result: errorResult(error), lines }
    }
  }
}

function isOfTheLine(error: PlatenError): boolean {
  return (error.code === 'timed-out' || error.code === 'connect-failed' || error.code === 'bad-response') && error.facts['status'] === undefined
}
