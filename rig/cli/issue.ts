import { Command } from 'commander'
import { CHALLENGE_PROMPT, checkRequest, commands, definitionOf, notesOf, readCommandLine, titlesOf, writeCommandLine, type ReplyOf } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { minutes } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { exitCodes } from '../verdicts/index.js'
import { secretFrom } from './ask-hidden.js'
import { lineArgument, openBoardLine, passwordVariable, signInOn } from './board-line.js'

export const challengeVariable = 'PLATEN_CHALLENGE'

/** A 4096-bit key on a small board and a slow server. */
const issueDeadline = minutes(5)

/** @param finish takes the exit code */
export function issueCommand(platform: RigPlatform, write: (line: string) => void, finish: (code: number) => void, environment: Readonly<Record<string, string | undefined>> = process.env): Command {
  return new Command('issue')
    .description('request a certificate on a board by frames on its serial line, and wait for the result')
    .argument(...lineArgument)
    .argument('<field...>', 'the fields of the request as name=value')
    .addHelpText('after', helpText())
    .action(async (path: string, words: readonly string[]) => finish(await issue(platform, path, words, write, environment)))
}

async function issue(platform: RigPlatform, path: string, words: readonly string[], write: (line: string) => void, environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  // Before anything is opened or asked: what is wrong with the request.
  const fields = readFields(words)
  checkRequest('request', fields)
  const source = { terminal: platform.terminal, environment }
  const line = await openBoardLine(platform, path)
  try {
    await signInOn(line, source)
    const challenge = await secretFrom(source, challengeVariable, CHALLENGE_PROMPT)
    const work = line.client.command('request', { ...fields, ...(challenge === '' ? {} : { challenge }) }, { deadline: issueDeadline, progress: write })
    const reply = await Promise.race([work, interrupted(platform)])
    tell(reply, write)
    return reply.status === 'Successful' ? exitCodes.pass : exitCodes.inconclusive
  } finally {
    line.close()
  }
}

/** Words of a shell, which may have spaces in their values. */
function readFields(words: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 1) throw new PlatenError('invalid-value', `"${word}" is not a field.`, { fix: 'Write fields as name=value, for example cn=printer.example.com.' })
    const name = word.slice(0, at).toLowerCase()
    if (definitionOf('request').secrets.some(({ field }) => field === name)) {
      throw new PlatenError('invalid-value', `${name} is secret and is not taken from the command line, which others can see.`, { facts: { field: name }, fix: `Leave ${name} out; it is asked for, or taken from ${challengeVariable}.` })
    }
    if (name in fields) throw new PlatenError('invalid-value', `${name} is given twice.`, { facts: { field: name }, fix: `Give ${name} once.` })
    fields[name] = word.slice(at + 1)
  }
  return readCommandLine(writeCommandLine('request', fields)).fields
}

function tell(reply: ReplyOf<'request'>, write: (line: string) => void): void {
  const titles = titlesOf('request')
  for (const [field, value] of Object.entries(reply)) {
    if (value !== '') write(`${titles[field] ?? field}: ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)}`)
  }
}

async function interrupted(platform: RigPlatform): Promise<never> {
  const signal = await platform.interrupted()
  throw new PlatenError('cancelled', `${signal}: this side stopped waiting. The board brings what is under way to its end.`, { fix: 'Look at its history for the result.' })
}

function helpText(): string {
  const { request, secrets } = commands.request
  const fields = Object.entries(request.shape).filter(([name]) => !secrets.some(({ field }) => field === name))
  const rows = fields.map(([name, schema]) => {
    const { about, limits } = notesOf(schema)
    return `  ${name.padEnd(14)}${about}: ${limits}`
  })
  return `
Fields:
${rows.join('\n')}

The password of the board and the Challenge Password are asked for without echo, or taken from the environment
variables ${passwordVariable} and ${challengeVariable}; never from the command line.
Exit codes: 0 issued, 1 refused or failed, 2 usage, 3 the line or the server was not reached, 4 deferred.

Examples:
  npm run rig -- issue /dev/ttyUSB0 key-name=office cn=printer.example.com use=tls
  npm run rig -- issue tcp://192.0.2.20:2001 key-name=lan cn=192.0.2.10 "organization=Example Ltd" key-length=3072`
}
