import type { ResultLine } from '../../protocol/commands/index.js'
import type { Duration } from '../../protocol/time.js'

/** How a command on a board ended, with what it showed before its last line. */
export interface CommandOutcome {
  readonly result: ResultLine
  /** The lines between the command and its result: progress and tables. */
  readonly lines: readonly string[]
  /** All of it as it came, where a machine asked; tables and lists are then here, and not in `lines`. */
  readonly reply?: Readonly<Record<string, unknown>>
}

/** What the rig can do with a board, whatever it is made of: a process, a board on a bench, modules in this process. */
export interface Board {
  readonly name: string
  /** Switches it on and waits until its console answers. */
  powerOn(): Promise<void>
  /** Asks it to stop, and waits until it has. */
  powerOff(): Promise<void>
  /** Takes its power away at once. */
  cutPower(): Promise<void>
  /**
   * Signs in as the administrator; on a new board this sets the password.
   * @throws wrong-password, locked-out, timed-out
   */
  signIn(password: string): Promise<void>
  /** Signs in when nobody is: a board signs out by itself who types nothing for some time. @throws as `signIn` */
  attend(password: string): Promise<void>
  /**
   * Types one command and reads up to its result line; an error of the board is a result, not a throw.
   * @param answers what to type at a hidden prompt, by the prompt
   * @throws timed-out, connect-failed
   */
  command(line: string, options?: { readonly answers?: Readonly<Record<string, string>>; readonly deadline?: Duration }): Promise<CommandOutcome>
  /** Waits until a restart that was asked for is over and the console answers again. */
  restarted(): Promise<void>
  /** Where its HTTPS listener is reached. */
  readonly https: { readonly host: string; readonly port: number }
}
