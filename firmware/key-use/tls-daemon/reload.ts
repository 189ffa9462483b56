import { asPlatenError, hasCode, PlatenError } from '../../../protocol/errors.js'
import type { Processes } from '../../platform/index.js'
import type { TlsDaemonDeclaration } from './declaration.js'

/** Of what a program said, in an error: characters. */
const longestWords = 200

/** Tells the daemon that its files have changed, by the command that the config has for it. @throws use-cannot-serve with what the command said last */
export async function reload(processes: Processes, { reload: command, reloadTimeout }: Pick<TlsDaemonDeclaration, 'reload' | 'reloadTimeout'>): Promise<void> {
  const [program, ...args] = command ?? []
  if (program === undefined) return
  const { code, signal, lines } = await processes.run(program, args, reloadTimeout).catch((cause: unknown) => {
    throw failed(hasCode(cause, 'timed-out') ? `its reload command did not end within ${reloadTimeout / 1000} s, and was killed` : `its reload command: ${asPlatenError(cause).message}`, [], cause)
  })
  if (code !== 0) throw failed(`its reload command ended with ${code === undefined ? signal ?? 'a signal' : `exit code ${code}`}`, lines)
}

function failed(what: string, lines: readonly string[], cause?: unknown): PlatenError {
  const said = lastWords(lines)
  return new PlatenError('use-cannot-serve', said === '' ? what : `${what}: ${said}`, { fix: 'Run it by hand as the board\'s user, and see what it says.', ...(cause === undefined ? {} : { cause }) })
}

function lastWords(lines: readonly string[]): string {
  return (lines.findLast((line) => line.trim() !== '') ?? '').replace(/\p{Cc}/gu, ' ').trim().slice(0, longestWords)
}
