import {
  ADMINISTRATOR,
  LOGIN_PROMPT,
  NEW_PASSWORD_AGAIN_PROMPT,
  NEW_PASSWORD_PROMPT,
  parseResultLine,
  PASSWORD_PROMPT,
  PROMPT,
} from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { seconds, type Duration } from '../../protocol/time.js'
import type { CommandOutcome } from './board.js'
import type { ConsoleSession } from './console-session.js'

const promptDeadline = seconds(30)
/** The longest command makes a 4096-bit key on a small board and waits for a server. */
const commandDeadline = seconds(120)

const resultLine = /^= (?:ok|error)[^\n]*\r?\n/mu

/** Types at the console as a person does, and reads it by prompts and result lines. */
export class ConsoleDriver {
  readonly #session: ConsoleSession

  constructor(session: ConsoleSession) {
    this.#session = session
  }

  /** Presses Enter until the console shows its login or its prompt. */
  async awake(deadline: Duration = promptDeadline): Promise<void> {
    this.#session.skip()
    this.#session.type('\r')
    await this.#session.until(either(LOGIN_PROMPT, PROMPT), deadline)
  }

  /** Signs in unless somebody is: a board signs out by itself who types nothing for some time. */
  async attend(password: string): Promise<void> {
    // Only the prompt that comes now tells whether somebody is signed in.
    this.#session.skip()
    this.#session.type('\r')
    const seen = await this.#session.until(either(LOGIN_PROMPT, PROMPT), promptDeadline)
    if (seen.endsWith(LOGIN_PROMPT)) await this.signIn(password)
  }

  async signIn(password: string): Promise<void> {
    this.#session.type(`${ADMINISTRATOR}\r`)
    const asked = await this.#session.until(either(NEW_PASSWORD_PROMPT, PASSWORD_PROMPT), promptDeadline)
    this.#session.type(`${password}\r`)
    if (asked.endsWith(NEW_PASSWORD_PROMPT)) {
      await this.#session.until(either(NEW_PASSWORD_AGAIN_PROMPT), promptDeadline)
      this.#session.type(`${password}\r`)
    }
    const { result } = outcomeOf(await this.#session.until(resultLine, promptDeadline))
    if (!result.ok) throw new PlatenError(result.code, result.message, { fix: result.fix })
    await this.#session.until(either(PROMPT), promptDeadline)
  }

  async command(line: string, options: { readonly answers?: Readonly<Record<string, string>>; readonly deadline?: Duration } = {}): Promise<CommandOutcome> {
    const deadline = options.deadline ?? commandDeadline
    const answers = options.answers ?? {}
    this.#session.type(`${line}\r`)
    let text = await this.#session.until(untilAny(Object.keys(answers)), deadline)
    for (let asked = promptAtEnd(text, answers); asked !== undefined; asked = promptAtEnd(text, answers)) {
      this.#session.type(`${answers[asked] ?? ''}\r`)
      const rest = await this.#session.until(untilAny(Object.keys(answers)), deadline)
      // The answer is hidden: what comes first is the end of the prompt's own line.
      text = text.slice(0, -asked.length) + rest.replace(/^\r?\n/u, '')
    }
    // The console is ready for the next command when it shows a prompt again: its own, or the login after a sign-out.
    await this.#session.until(either(PROMPT, LOGIN_PROMPT), promptDeadline)
    return outcomeOf(text)
  }
}

function either(...texts: readonly string[]): RegExp {
  return new RegExp(texts.map((text) => `(?:${escaped(text)})`).join('|'), 'u')
}

function untilAny(prompts: readonly string[]): RegExp {
  return prompts.length === 0 ? resultLine : new RegExp(`${resultLine.source}|${either(...prompts).source}`, 'mu')
}

function promptAtEnd(text: string, answers: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(answers).find((prompt) => text.endsWith(prompt))
}

/** The first line is the echo of what was typed. */
function outcomeOf(text: string): CommandOutcome {
  const [, ...lines] = text.trimEnd().split(/\r?\n/u)
  const last = lines.pop() ?? text
  const result = parseResultLine(last)
  if (result === undefined) throw new PlatenError('bad-response', `the board ended a command with a line that is no result: ${JSON.stringify(last)}`)
  return { result, lines }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&')
}
