import { definitionOf, PROMPT, readCommandLine, resultOf, type CommandName } from '../../protocol/commands/index.js'
import { asPlatenError } from '../../protocol/errors.js'
import { milliseconds, minutes, type Clock, type Timer } from '../../protocol/time.js'
import type { Actor, CommandRunner } from '../commands/index.js'
import { Gone, type Dialogue } from './dialogue.js'
import { LineHistory } from './line-history.js'
import { present } from './presentation.js'
import type { Terminal } from './terminal.js'

/** A session without a key for so long is signed out. */
export const idleLimit = minutes(15)

/** One person's signed-in time at the prompt: lines in, commands run, results out. */
export class Session {
  readonly #terminal: Terminal
  readonly #dialogue: Dialogue
  readonly #commands: Pick<CommandRunner, 'run'>
  readonly #clock: Clock
  readonly #actor: Actor
  readonly #history = new LineHistory()
  #lastKey: number
  #idle: Timer | undefined

  constructor(options: { readonly terminal: Terminal; readonly dialogue: Dialogue; readonly commands: Pick<CommandRunner, 'run'>; readonly clock: Clock; readonly actor: Actor }) {
    this.#terminal = options.terminal
    this.#dialogue = options.dialogue
    this.#commands = options.commands
    this.#clock = options.clock
    this.#actor = options.actor
    this.#lastKey = options.clock.monotonic()
  }

  /** Runs until the person signs out, hangs up, or falls silent. */
  async run(): Promise<void> {
    this.#terminal.onKey = () => (this.#lastKey = this.#clock.monotonic())
    try {
      for (let on = true; on;) on = await this.#next()
    } catch (error) {
      if (!(error instanceof Gone)) throw error
    } finally {
      this.#terminal.onKey = () => undefined
      this.#idle?.cancel()
    }
  }

  /** @returns whether the session goes on */
  async #next(): Promise<boolean> {
    try {
      const line = await this.#typing(() => this.#dialogue.ask({ prompt: PROMPT, history: this.#history.lines }))
      if (line.trim() === '') return true
      this.#history.add(line)
      const { name, fields } = readCommandLine(line)
      const secrets = await this.#typing(() => this.#askSecrets(name, fields))
      await this.#run(name, { ...fields, ...secrets })
      return name !== 'logout'
    } catch (error) {
      if (error instanceof Gone) throw error
      this.#dialogue.fail(asPlatenError(error))
      return true
    }
  }

  async #run(name: CommandName, request: Readonly<Record<string, unknown>>): Promise<void> {
    const stop = new AbortController()
    this.#terminal.onInterrupt = () => {
      stop.abort()
      this.#dialogue.progress('Asked to stop; what is under way comes to its end first')
    }
    try {
      const reply = await this.#commands.run(name, request, {
        actor: this.#actor, front: 'serial console', signal: stop.signal, progress: (text) => this.#dialogue.progress(text),
      })
      this.#dialogue.say(present(name, reply))
      this.#dialogue.end(resultOf(name, reply))
    } finally {
      this.#terminal.onInterrupt = () => undefined
      this.#lastKey = this.#clock.monotonic()
    }
  }

  async #askSecrets(name: CommandName, fields: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    const answers: Record<string, string> = {}
    for (const { field, prompt, again, paste } of definitionOf(name).secrets) {
      if (!(field in fields)) answers[field] = paste === undefined ? await this.#dialogue.askSecret(prompt, again) : await this.#dialogue.ask({ prompt, paste })
    }
    return answers
  }

  /** The idle time runs only while a person is waited for: a long command is no silence. */
  async #typing<Result>(ask: () => Promise<Result>): Promise<Result> {
    this.#watch()
    try {
      return await ask()
    } finally {
      this.#idle?.cancel()
    }
  }

  #watch(): void {
    const left = milliseconds(this.#lastKey + idleLimit - this.#clock.monotonic())
    this.#idle = this.#clock.after('console idle', left, () => {
      if (this.#clock.monotonic() < this.#lastKey + idleLimit) this.#watch()
      else {
        this.#terminal.breakOff()
        this.#dialogue.say(['Signed out after 15 minutes without a key.'])
      }
    })
  }
}
