import { Command, Option } from 'commander'
import { hasCode, PlatenError } from '../../protocol/errors.js'
import { eventLevels, eventLine, type BoardEvent } from '../../protocol/smp/index.js'
import { seconds, type Timer } from '../../protocol/time.js'
import type { FrameLine } from '../boards/index.js'
import type { RigPlatform } from '../platform/index.js'
import { lineArgument, openBoardLine, passwordVariable, signInOn } from './board-line.js'

type Level = BoardEvent['level']

/** How often the board is asked whether it is there; it would sign out a session that asks nothing. */
const heartbeat = seconds(10)
const heartbeatDeadline = seconds(8)

const examples = `
Each event is a line: [monotonic ms, boot id, level] text. When the board restarts, this signs in again and goes on.
The password is asked for without echo, or taken from the environment variable ${passwordVariable}. Ctrl-C ends it.

Examples:
  npm run rig -- watch /dev/ttyUSB0
  npm run rig -- watch unix:/run/board.sock --level warn`

export function watchCommand(platform: RigPlatform, write: (line: string) => void, environment: Readonly<Record<string, string | undefined>> = process.env): Command {
  return new Command('watch')
    .description("show a board's events as they come, by frames on its serial line")
    .argument(...lineArgument)
    .addOption(new Option('--level <level>', 'from which level on').choices(eventLevels).default('info'))
    .addHelpText('after', examples)
    .action(async (path: string, { level }: { readonly level: Level }) => {
      const told = new Tally(write)
      const line = await openBoardLine(platform, path, { onEvent: (event) => told.take(event) })
      try {
        const password = await signInOn(line, { terminal: platform.terminal, environment })
        await line.client.subscribe(level)
        write(`Watching ${path}; Ctrl-C ends.`)
        await Promise.race([platform.interrupted(), lineEnded(line, path), new Heart(platform, line, { password, level, write, told }).beating])
      } finally {
        line.close()
      }
    })
}

/** Writes the events, and says where some were lost. */
class Tally {
  readonly #write: (line: string) => void
  #next: number | undefined

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  take(event: BoardEvent): void {
    const lost = event.sequence - (this.#next ?? event.sequence)
    if (lost > 0) this.#write(`(${lost} ${lost === 1 ? 'event was' : 'events were'} lost)`)
    this.#next = event.sequence + 1
    this.#write(eventLine(event))
  }

  /** A new session counts anew. */
  restart(): void {
    this.#next = 0
  }
}

/** Asks the board again and again whether the session lives, and begins another when it does not. */
class Heart {
  /** Rejects with what makes watching pointless: the password is not taken any more. */
  readonly beating: Promise<never>
  readonly #line: FrameLine
  readonly #session: { readonly password: string; readonly level: Level; readonly write: (line: string) => void; readonly told: Tally }
  #silent = false

  constructor(platform: RigPlatform, line: FrameLine, session: { readonly password: string; readonly level: Level; readonly write: (line: string) => void; readonly told: Tally }) {
    this.#line = line
    this.#session = session
    this.beating = new Promise((_, reject) => {
      let timer: Timer | undefined
      const again = (): void => {
        timer = platform.clock.after('ask a watched board', heartbeat, () => void this.#beat().then(again, reject))
      }
      void line.ended.then(() => timer?.cancel())
      again()
    })
    // The race that it is in may be over before.
    this.beating.catch(() => undefined)
  }

  async #beat(): Promise<void> {
    try {
      await this.#line.client.command('whoami', {}, { deadline: heartbeatDeadline })
      if (this.#silent) this.#session.write('(the board answers again)')
      this.#silent = false
    } catch (error) {
      if (hasCode(error, 'not-signed-in')) await this.#signInAgain()
      else if (hasCode(error, 'timed-out')) {
        if (!this.#silent) this.#session.write('(the board does not answer; still trying)')
        this.#silent = true
      } else throw error
    }
  }

  async #signInAgain(): Promise<void> {
    const { password, level, write, told } = this.#session
    await this.#line.client.signIn(password)
    told.restart()
    await this.#line.client.subscribe(level)
    this.#silent = false
    write('(signed in again: the board was restarted, or the session was ended)')
  }
}

async function lineEnded(line: FrameLine, path: string): Promise<never> {
  await line.ended
  throw new PlatenError('connect-failed', `The line ${path} was closed from the other side.`, { facts: { path }, fix: 'Check the cable and that the board is on.' })
}
