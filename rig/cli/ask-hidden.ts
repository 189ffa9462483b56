import { StringDecoder } from 'node:string_decoder'
import { PlatenError } from '../../protocol/errors.js'
import type { Terminal } from '../platform/index.js'

/** Longest answer, characters. */
const longest = 255

/**
 * Asks a person at the terminal for a secret, without echo.
 * @throws cancelled for Ctrl-C and Ctrl-D
 */
export async function askHidden(terminal: Terminal, prompt: string): Promise<string> {
  const decoder = new StringDecoder('utf8')
  let typed: readonly string[] = []
  return new Promise((resolve, reject) => {
    const screen = terminal.takeOver((bytes) => {
      for (const key of decoder.write(Buffer.from(bytes))) {
        if (key === '\r' || key === '\n') {
          end(() => resolve(typed.join('')))
          return
        }
        if (key === '\u0003' || key === '\u0004') {
          end(() => reject(new PlatenError('cancelled', 'Cancelled; nothing was sent.')))
          return
        }
        if (key === '\u007f' || key === '\b') typed = typed.slice(0, -1)
        else if (key === '\u0015') typed = []
        else if (key >= ' ' && typed.length < longest) typed = [...typed, key]
      }
    })
    const end = (settle: () => void): void => {
      screen.show(Buffer.from('\r\n'))
      screen.release()
      settle()
    }
    screen.show(Buffer.from(prompt))
  })
}

/** Where a secret comes from: the environment, for scripts; else a person at the terminal. */
export interface SecretSource {
  readonly terminal: Terminal | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** @throws invalid-value when there is neither the variable nor a terminal; cancelled */
export async function secretFrom({ terminal, environment }: SecretSource, variable: string, prompt: string): Promise<string> {
  const given = environment[variable]
  if (given !== undefined) return given
  if (terminal !== undefined) return askHidden(terminal, prompt)
  throw new PlatenError('invalid-value', `There is no terminal to ask on, and ${variable} is not set.`, { facts: { variable }, fix: `Set ${variable}, or run it from a terminal.` })
}
