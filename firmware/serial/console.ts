import type { Duplex } from 'node:stream'
import { ADMINISTRATOR, LOGIN_PROMPT, NEW_PASSWORD_AGAIN_PROMPT, NEW_PASSWORD_PROMPT, PASSWORD_MINIMUM, PASSWORD_PROMPT } from '../../protocol/commands/index.js'
import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { LineSplitter, writeFrames } from '../../protocol/smp/index.js'
import type { Clock } from '../../protocol/time.js'
import type { Access, Actor, BoardFacts, CommandRunner } from '../commands/index.js'
import type { Log, LogBook } from '../platform/index.js'
import { columnsOf, screenWidth, wrap } from './columns.js'
import { Dialogue, Gone } from './dialogue.js'
import { Machines, requestLimit } from './machines.js'
import { Session } from './session.js'
import { Terminal } from './terminal.js'

export interface SerialConsoleOptions {
  readonly board: Pick<BoardFacts, 'product' | 'version' | 'bootId' | 'restartReason'>
  readonly access: Pick<Access, 'isNew' | 'signIn' | 'setFirstPassword'>
  readonly commands: Pick<CommandRunner, 'run'>
  readonly clock: Clock
  readonly log: Log & Pick<LogBook, 'subscribe'>
  /** For the sessions of machines. */
  readonly random: RandomBytes
}

/**
 * A serial line that people and machines share: for people a console with who the board is, sign-in, and the commands;
 * for machines the same sign-in and commands by SMP frames.
 */
export class SerialConsole {
  readonly #options: SerialConsoleOptions
  #terminal: Terminal | undefined

  constructor(options: SerialConsoleOptions) {
    this.#options = options
  }

  /**
   * Serves one line until it hangs up; whoever was signed in is then signed out. A command under way comes to its
   * end first. The caller opens the line again and calls again.
   */
  async serve(line: Duplex): Promise<void> {
    if (this.#terminal !== undefined) throw new TypeError('a line is being served already')
    const terminal = new Terminal(line)
    this.#terminal = terminal
    const machines = this.#share(line, terminal)
    try {
      const dialogue = new Dialogue(terminal)
      this.#greet(dialogue)
      while (terminal.open && this.#terminal === terminal) await this.#visit(terminal, dialogue)
    } finally {
      this.#terminal = undefined
      machines.close()
    }
  }

  /** Takes the line apart into a person's keys and a machine's packets. */
  #share(line: Duplex, terminal: Terminal): { close(): void } {
    const machines = new Machines({
      ...this.#options,
      congestion: () => terminal.congestion,
      send: (packet) => terminal.interject(writeFrames(packet)),
    })
    const splitter = new LineSplitter({
      clock: this.#options.clock,
      limit: requestLimit,
      onText: (bytes) => terminal.take(bytes),
      onPacket: (packet) => machines.take(packet),
    })
    line.on('data', (bytes: Uint8Array) => splitter.take(bytes))
    const close = (): void => {
      splitter.close()
      machines.close()
    }
    line.once('close', close)
    return { close }
  }

  /** Says why, and ends the serving; the line itself is the caller's to close. */
  close(reason: string): void {
    const terminal = this.#terminal
    if (terminal === undefined) return
    this.#terminal = undefined
    terminal.breakOff()
    terminal.writeLine(reason)
  }

  #greet(dialogue: Dialogue): void {
    const { product, version, bootId, restartReason } = this.#options.board
    const head = product === 'Platen' ? `Platen ${version}` : `Platen ${version} on ${product}`
    dialogue.say(['', head, ...wrap(`Boot ${bootId}. Last restart: ${restartReason}`, screenWidth, ' '.repeat(columnsOf('  ')))])
    if (this.#options.access.isNew()) dialogue.say([`This board has no password yet: sign in as ${ADMINISTRATOR} and choose one.`])
  }

  /** From the login prompt to the end of the session. */
  async #visit(terminal: Terminal, dialogue: Dialogue): Promise<void> {
    const actor = await this.#signIn(dialogue)
    if (actor === undefined) return
    const { commands, clock, log } = this.#options
    log.info('console: a session begins', { account: actor.account })
    await new Session({ terminal, dialogue, commands, clock, actor }).run()
    log.info('console: the session ended', { account: actor.account })
  }

  /** @returns undefined when nobody signed in this time */
  async #signIn(dialogue: Dialogue): Promise<Actor | undefined> {
    try {
      const account = (await dialogue.ask({ prompt: LOGIN_PROMPT })).trim()
      if (account === '') return undefined
      if (account !== ADMINISTRATOR) throw new PlatenError('wrong-password', 'There is no such account.', { fix: `The account of this board is ${ADMINISTRATOR}.` })
      const actor = await this.#prove(dialogue, account)
      dialogue.say(['Type help for the verbs.'])
      dialogue.end({ ok: true, values: { account: actor.account } })
      return actor
    } catch (error) {
      if (!(error instanceof Gone)) dialogue.fail(this.#told(error))
      return undefined
    }
  }

  async #prove(dialogue: Dialogue, account: string): Promise<Actor> {
    const { access } = this.#options
    if (!access.isNew()) return access.signIn(account, await dialogue.askSecret(PASSWORD_PROMPT))
    dialogue.say([`Choose a password of at least ${PASSWORD_MINIMUM} characters.`])
    return access.setFirstPassword(await dialogue.askSecret(NEW_PASSWORD_PROMPT, NEW_PASSWORD_AGAIN_PROMPT))
  }

  #told(error: unknown): PlatenError {
    const known = asPlatenError(error)
    if (known.code !== 'internal') return known
    this.#options.log.error('console: sign-in failed by a mistake of the firmware', { error: known.message })
    return new PlatenError('internal', 'The firmware made a mistake; nobody was signed in.', { fix: 'Restart the board, and report it.', cause: error })
  }
}
