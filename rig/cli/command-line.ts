import { Command, CommanderError } from 'commander'
import { asPlatenError, type ErrorCode } from '../../protocol/errors.js'
import type { RigPlatform } from '../platform/index.js'
import { exitCodes } from '../verdicts/index.js'
import { benchCommand } from './bench/index.js'
import { brokerFilesCommand } from './broker-files.js'
import { conformanceCommand } from './conformance.js'
import { consoleCommand } from './console.js'
import { demoCommand } from './demo/index.js'
import { issueCommand } from './issue.js'
import { exportCommand, importCommand } from './key-files.js'
import { listCommand } from './list.js'
import { replayCommand } from './replay.js'
import { runCommand } from './run.js'
import { soakCommand } from './soak.js'
import { scepServerCommand } from './scep-server.js'
import { watchCommand } from './watch.js'

const usage: ReadonlySet<ErrorCode> = new Set(['invalid-value', 'missing-field', 'unknown-field', 'config-invalid'])
const infrastructure: ReadonlySet<ErrorCode> = new Set(['connect-failed', 'timed-out', 'listen-failed', 'disk-failed', 'store-damaged', 'board-taken', 'board-broken', 'board-not-ready'])

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
  let outcome: number = exitCodes.pass
  const again = async (line: readonly string[]): Promise<void> => {
    await program.parseAsync(line, { from: 'user' })
  }
  const commands = [
    runCommand(platform, write, (code) => (outcome = code)), listCommand(write), replayCommand(platform, write, again),
    conformanceCommand(platform, write, (code) => (outcome = code)),
    demoCommand(platform, write), consoleCommand(platform, write),
    issueCommand(platform, write, (code) => (outcome = code)), watchCommand(platform, write), importCommand(platform, write), exportCommand(platform, write), scepServerCommand(platform, write), brokerFilesCommand(platform, write),
    soakCommand(platform, write, (code) => (outcome = code)),
    benchCommand(platform, write, (code) => (outcome = code)),
  ]
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program))
    for (const verb of command.commands) verb.copyInheritedSettings(command)
  }
  try {
    await program.parseAsync(words, { from: 'user' })
    return outcome
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage
    const { code, message, fix, cause } = asPlatenError(error)
    complain(`rig: ${message} [${code}]${fix === '' ? '' : `\n     ${fix}`}`)
    if (code === 'internal' && cause instanceof Error) complain(cause.stack ?? '')
    return usage.has(code) ? exitCodes.usage : infrastructure.has(code) ? exitCodes.infrastructure : exitCodes.fail
  }
}
