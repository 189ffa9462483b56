import { Command } from 'commander'
import { EXPORT_PASSWORD_AGAIN_PROMPT, EXPORT_PASSWORD_PROMPT, KEY_FILE_PASSWORD_PROMPT, titlesOf, type CommandName } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import type { FrameLine } from '../boards/index.js'
import type { RigPlatform } from '../platform/index.js'
import { secretFrom, type SecretSource } from './ask-hidden.js'
import { lineArgument, openBoardLine, passwordVariable, signInOn } from './board-line.js'

export const filePasswordVariable = 'PLATEN_FILE_PASSWORD'

type Write = (line: string) => void
type Environment = Readonly<Record<string, string | undefined>>

/** Puts a key, a CA certificate or a CRL from a file on a board. */
export function importCommand(platform: RigPlatform, write: Write, environment: Environment = process.env): Command {
  return new Command('import')
    .description('put a key with its certificates, a CA certificate or a CRL from a file on a board')
    .argument(...lineArgument)
    .argument('<name>', 'what it is to be called on the board; for a CRL, the name of its CA')
    .argument('<file>', 'PKCS#12 or PEM; with --ca a certificate or a CRL, PEM or DER')
    .option('--ca', 'the file is a CA certificate or a CRL')
    .addHelpText('after', help(['import /dev/ttyUSB0 office office.p12', 'import --ca tcp://192.0.2.20:2001 web web-root.pem']))
    .action(async (path: string, name: string, file: string, { ca = false }: { readonly ca?: boolean }) => {
      const data = await contentOf(platform, file)
      await onBoard(platform, path, environment, async (line, source) => {
        if (ca) tell('ca import', await line.client.command('ca import', { name, data }), write)
        else tell('keys import', await line.client.command('keys import', { name, data, password: await secretFrom(source, filePasswordVariable, KEY_FILE_PASSWORD_PROMPT) }), write)
      })
    })
}

/** Takes a key from a board as PKCS#12, or a CA certificate as PEM. */
export function exportCommand(platform: RigPlatform, write: Write, environment: Environment = process.env): Command {
  return new Command('export')
    .description('save a key of a board with its certificates as PKCS#12, or a CA certificate as PEM')
    .argument(...lineArgument)
    .argument('<name>', 'what it is called on the board')
    .argument('<file>', 'a new file')
    .option('--ca', 'a CA certificate')
    .addHelpText('after', help(['export /dev/ttyUSB0 office office.p12', 'export --ca /dev/ttyUSB0 web web-root.pem']))
    .action(async (path: string, name: string, file: string, { ca = false }: { readonly ca?: boolean }) => {
      if (await platform.files.exists(file)) throw new PlatenError('invalid-value', `${file} exists already.`, { facts: { file }, fix: 'Name a new file.' })
      await onBoard(platform, path, environment, async (line, source) => {
        const content = ca
          ? `${(await line.client.command('ca export', { name })).lines.join('\n')}\n`
          : Buffer.from((await line.client.command('keys export', { name, password: await newPassword(source) })).lines.join(''), 'base64')
        await platform.files.write(file, content)
        write(`Saved ${file}.`)
      })
    })
}

async function onBoard(platform: RigPlatform, path: string, environment: Environment, work: (line: FrameLine, source: SecretSource) => Promise<void>): Promise<void> {
  const source = { terminal: platform.terminal, environment }
  const line = await openBoardLine(platform, path)
  try {
    await signInOn(line, source)
    await work(line, source)
  } finally {
    line.close()
  }
}

async function contentOf({ files }: RigPlatform, file: string): Promise<Uint8Array> {
  const content = await files.read(file)
  if (content !== undefined) return content
  throw new PlatenError('invalid-value', `There is no file ${file}.`, { facts: { file }, fix: 'Give the path of a file.' })
}

async function newPassword(source: SecretSource): Promise<string> {
  const password = await secretFrom(source, filePasswordVariable, EXPORT_PASSWORD_PROMPT)
  if (source.environment[filePasswordVariable] === undefined && (await secretFrom(source, filePasswordVariable, EXPORT_PASSWORD_AGAIN_PROMPT)) !== password) {
    throw new PlatenError('invalid-value', 'The two are not the same; nothing was saved.', { fix: 'Type the same twice.' })
  }
  return password
}

function tell(name: CommandName, reply: Readonly<Record<string, string | number | undefined>>, write: Write): void {
  const titles = titlesOf(name)
  for (const [field, value] of Object.entries(reply)) if (value !== undefined) write(`${titles[field] ?? field}: ${value}`)
}

function help(examples: readonly string[]): string {
  return `
The password of the board and that of the file are asked for without echo, or taken from the environment variables
${passwordVariable} and ${filePasswordVariable}; never from the command line.

Examples:
${examples.map((example) => `  npm run rig -- ${example}`).join('\n')}`
}
