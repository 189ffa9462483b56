import { Command, InvalidArgumentError, Option } from 'commander'
import { PlatenError } from '../../protocol/errors.js'
import { days, minutes } from '../../protocol/time.js'
import type { Files, RigPlatform } from '../platform/index.js'
import { displayExchange, faultKinds, newChallenge, readScript, startScepServer, type ChallengePolicy, type PreparedScript, type RaForm } from '../scep-server/index.js'
import { openJsonLines } from './json-lines-file.js'
import { defaultVolume, serveContainer } from './scep-container.js'

interface Options {
  readonly port: number
  readonly address: string
  readonly directory?: string
  readonly keyBits: 2048 | 3072 | 4096
  readonly ra: RaForm
  readonly challengeMode: ChallengePolicy['mode']
  readonly challengeFile?: string
  readonly challengeMinutes: number
  readonly days: number
  readonly script?: string
  readonly transcript?: string
  readonly container: boolean
  readonly volume?: string
}

/** From this variable or from a file: an argument would show in the list of processes and in the shell's history. */
const challengeVariable = 'PLATEN_CHALLENGE'

const examples = `
The static challenge comes from --challenge-file, else from the environment variable ${challengeVariable}, else one is
made and printed once; it is never an argument.

A script is a YAML or JSON file:
  seed: 7
  faults:
    - fault: pending
      times: 2
    - fault: delay
      seconds: [1, 5]
      operation: PKIOperation
      every: 3
    - fault: fail
      info: badRequest
      text: not today
      after: 10
Any fault can have operation, message, after, first, every and chance. The faults:
${wrapped(Object.keys(faultKinds), 100)}

Examples:
  npm run rig -- scep-server --port 8080
  npm run rig -- scep-server --port 8080 --ra two --directory ./my-ca --challenge-file ./challenge.txt
  npm run rig -- scep-server --container --challenge-file ./challenge.txt
  npm run rig -- scep-server --challenge-mode none --script faults.yaml --transcript run.jsonl`

/** The rig's SCEP server as a program of its own. */
export function scepServerCommand(platform: RigPlatform, write: (line: string) => void, environment: Readonly<Record<string, string | undefined>> = process.env): Command {
  return new Command('scep-server')
    .description('a SCEP server that issues certificates, and misbehaves on demand')
    .option('--port <number>', 'TCP port; 0 lets the system choose', wholeNumber(0, 65535), 8080)
    .option('--address <address>', 'address to listen on', '127.0.0.1')
    .option('--directory <path>', 'keep the CA there, so that it is the same after a restart; else it lives in memory')
    .addOption(new Option('--key-bits <bits>', 'RSA key size of a new CA').choices(['2048', '3072', '4096']).default('2048'))
    .addOption(new Option('--ra <form>', 'RA certificates of a new CA: none, one for all, or two (signing, encryption)').choices(['none', 'one', 'two']).default('none'))
    .addOption(new Option('--challenge-mode <mode>', 'what a first request must show').choices(['static', 'one-time', 'none']).default('static'))
    .option('--challenge-file <path>', 'first line: the static challenge')
    .option('--challenge-minutes <number>', 'how long a one-time challenge is good for', wholeNumber(1, 1440), 60)
    .option('--days <number>', 'how long certificates are valid', wholeNumber(1, 3650), 365)
    .option('--script <path>', 'faults to act out')
    .option('--transcript <path>', 'append each exchange as a line of JSON')
    .option('--container', "Debian's scepserver in a container instead; on all addresses of this machine", false)
    .option('--volume <name>', `with --container: keeps the CA; default ${defaultVolume}`)
    .addHelpText('after', examples)
    .action((options: Omit<Options, 'keyBits'> & { readonly keyBits: string }, command: Command) => {
      checkTogether(options.container, command)
      return run(platform, { ...options, keyBits: Number(options.keyBits) as Options['keyBits'] }, write, environment[challengeVariable])
    })
}

/** What the container can be told; all else is for our own server. */
const forContainer: ReadonlySet<string> = new Set(['container', 'port', 'keyBits', 'challengeFile', 'volume'])

/** @throws invalid-value when an option would have no effect */
function checkTogether(container: boolean, command: Command): void {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
  const useless = given.find((option) => (container ? !forContainer.has(option.attributeName()) : option.attributeName() === 'volume'))
  if (useless !== undefined) throw new PlatenError('invalid-value', `${useless.long ?? ''} has no meaning ${container ? 'with' : 'without'} --container`, { fix: 'Leave one of the two out.' })
}

async function run(platform: RigPlatform, options: Options, write: (line: string) => void, inherited: string | undefined): Promise<void> {
  const script = options.script === undefined ? undefined : await loadScript(platform.files, options.script)
  const kept = await openJsonLines(platform.files, options.transcript, '--transcript')
  const challenge = await choosePolicy(platform, options, write, inherited)
  if (options.container) {
    if (challenge.mode !== 'static') throw new TypeError('a container takes a static challenge')
    return serveContainer(platform, { port: options.port, keyBits: options.keyBits, challenge: challenge.password, volume: options.volume ?? defaultVolume }, write)
  }
  const ended = platform.interrupted()
  const server = await startScepServer({
    platform, address: options.address, port: options.port, challenge,
    authority: { bits: options.keyBits, ra: options.ra, validity: days(options.days), ...options.directory === undefined ? {} : { directory: options.directory } },
    ...script === undefined ? {} : { script },
    onExchange: (record) => {
      write(displayExchange(record))
      kept.add(record)
      if (challenge.mode === 'one-time' && record.status === 'SUCCESS') write(`next one-time challenge: ${server.issueChallenge()}`)
    },
  })
  write(`SCEP server:    ${server.url}`)
  write(`CA fingerprint: ${server.fingerprint} (SHA-256)`)
  if (challenge.mode === 'one-time') write(`one-time challenge, good for ${options.challengeMinutes} min: ${server.issueChallenge()}`)
  write('Ctrl-C stops.')
  await Promise.race([ended, kept.failed])
  await server.close()
  await kept.settled()
  write(`Stopped after ${server.transcript.records.at(-1)?.sequence ?? 0} exchanges.`)
}

async function loadScript(files: Files, path: string): Promise<PreparedScript> {
  return readScript(await readText(files, '--script', path), path)
}

/** @throws invalid-value: which file it is was said on the command line */
async function readText(files: Files, option: string, path: string): Promise<string> {
  const bytes = await files.read(path)
  if (bytes === undefined) throw new PlatenError('invalid-value', `${option}: ${path} cannot be read`, { facts: { path }, fix: 'Check that the file exists and that you may read it.' })
  return Buffer.from(bytes).toString('utf8')
}

async function choosePolicy({ files, random }: RigPlatform, options: Options, write: (line: string) => void, inherited: string | undefined): Promise<ChallengePolicy> {
  const { challengeMode: mode, challengeFile, challengeMinutes } = options
  if (challengeFile !== undefined && mode !== 'static') {
    throw new PlatenError('invalid-value', `--challenge-file has no meaning with --challenge-mode ${mode}`, { fix: 'Leave one of the two out.' })
  }
  if (mode === 'none') return { mode }
  if (mode === 'one-time') return { mode, lifetime: minutes(challengeMinutes) }
  const given = challengeFile === undefined ? inherited : (await readText(files, '--challenge-file', challengeFile)).split(/\r?\n/)[0]
  if (given === '') throw new PlatenError('invalid-value', `${challengeFile ?? challengeVariable}: the challenge is empty`, { fix: 'Put it into the first line, or choose --challenge-mode none.' })
  const password = given ?? newChallenge(random)
  if (given === undefined) write(`challenge:      ${password} (made for this run; shown once)`)
  return { mode, password }
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`)
    return value
  }
}

function wrapped(words: readonly string[], width: number): string {
  return words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length + 2 <= width) return [...lines.slice(0, -1), `${last}, ${word}`]
    return [...lines, `  ${word}`]
  }, []).join('\n')
}
