import { Command, CommanderError } from 'commander'
import { asPlatenError, type ErrorCode } from '../../protocol/errors.js'
import type { RigPlatform } from '../platform/index.js'
import { consoleCommand } from './console.js'
import { demoCommand } from './demo/index.js'
import { scepServerCommand } from './scep-server.js'

/** rig.md, Runs and reports. */
const exitCodes = { passed: 0, failed: 1, usage: 2, infrastructure: 3 } as const

const usage: ReadonlySet<ErrorCode> = new Set(['invalid-value', 'missing-field', 'config-invalid'])
const infrastructure: ReadonlySet<ErrorCode> = new Set(['connect-failed', 'listen-failed', 'disk-failed', 'store-damaged'])

interface Output {
  /** Takes whole lines, for standard output. */
  readonly write: (line: string) => void
  /** Takes whole lines, for standard error. */
  readonly complain: (line: string) => void
}

/**
 * Runs one command of the rig.
 * @param words the command line without the program
 * @returns the exit code of the process
 */
export async function runCommandLine(platform: RigPlatform, words: readonly string[], { write, complain }: Output): Promise<number> {
  const program = new Command('rig')
    .description("Platen's rig: drives boards and proves promises")
    .exitOverride()
    .configureOutput({ writeOut: (text) => write(text.trimEnd()), writeErr: (text) => complain(text.trimEnd()) })
    .showSuggestionAfterError()
  // A command made elsewhere takes over none of the settings of its parent by itself.
  for (const command of [demoCommand(platform, write), consoleCommand(platform, write), scepServerCommand(platform, write)]) program.addCommand(command.copyInheritedSettings(program))
  try {
    await program.parseAsync(words, { from: 'user' })
    return exitCodes.passed
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.usage
    const { code, message, fix, cause } = asPlatenError(error)
    complain(`rig: ${message} [${code}]${fix === '' ? '' : `\n     ${fix}`}`)
    if (code === 'internal' && cause instanceof Error) complain(cause.stack ?? '')
    return usage.has(code) ? exitCodes.usage : infrastructure.has(code) ? exitCodes.infrastructure : exitCodes.failed
  }
}
