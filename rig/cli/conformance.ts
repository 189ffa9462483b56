import { Command, InvalidArgumentError } from 'commander'
import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import { BoardSubject, commandWords, CommandSubject, conformancePage, markdown, namesAuthority, outcomeSigns, ruleNames, runConformance, verdictOf, type ConformanceRecord, type Rule, type Subject } from '../conformance/index.js'
import type { RigPlatform } from '../platform/index.js'
import { exitCode } from '../verdicts/index.js'
import { program } from './run.js'

interface ConformanceCliOptions {
  readonly client?: string
  readonly deadline: number
  readonly rule?: readonly Rule[]
  readonly seed?: string
  readonly out?: string
}

const examples = `
Without --client our own board is held against the rules: the built firmware as a process, through its console, and in
this process where a console cannot show a rule; the table says which. A client is a command line with placeholders:
  {url} {challenge} {key} {certificate} {fingerprint} {ca}
The last two are the SHA-256 of the CA certificate and a PEM file of it. A client enrolled when it ends with 0 and the
certificate's file holds a certificate. What cannot be observed from outside is said to be so, and is never a pass.
Exit codes: 0 passed, 1 a rule is broken, 2 usage, 3 trouble with the rig, 4 inconclusive.

Examples:
  npm run rig -- conformance --out report
  npm run rig -- conformance --rule C-8 C-9
  npm run rig -- conformance --client 'scepclient -server-url {url} -challenge {challenge} -private-key {key} -certificate {certificate}'`

/** @param finish takes the exit code of the run */
export function conformanceCommand(platform: RigPlatform, write: (line: string) => void, finish: (code: number) => void): Command {
  return new Command('conformance')
    .description('hold a SCEP client against every rule: our board, or any command line')
    .option('--client <line>', 'the client\'s command line, with placeholders')
    .option('--deadline <seconds>', 'a client that has not ended by then is ended', wholeSeconds, 45)
    .option('--rule <rule...>', 'check these rules alone', ruleList)
    .option('--seed <text>', 'default: a fresh one')
    .option('--out <directory>', 'write conformance.md, conformance.html and conformance.jsonl there')
    .addHelpText('after', examples)
    .action(async (options: ConformanceCliOptions) => finish(await conformance(platform, options, write)))
}

async function conformance(platform: RigPlatform, options: ConformanceCliOptions, write: (line: string) => void): Promise<number> {
  const seed = options.seed ?? Buffer.from(platform.random(5)).toString('hex')
  const replay = replayLine({ ...options, seed })
  write(`seed ${seed}`)
  const subject = await startSubject(platform, options)
  try {
    write(`client: ${subject.name}`)
    const record = await runConformance({
      platform, subject, seed, replay,
      canTrust: options.client === undefined || namesAuthority(options.client),
      ...(options.rule === undefined ? {} : { only: options.rule }),
      onResult: ({ rule, name, outcome, reason }, done, all) => write(`[${String(done).padStart(2)}/${all}] ${outcomeSigns[outcome].sign} ${rule} ${name}: ${outcomeSigns[outcome].word}. ${reason}`),
    })
    if (options.out !== undefined) await writeReports(platform, options.out, record, write)
    return conclude(record, write)
  } finally {
    await subject.close()
  }
}

async function startSubject(platform: RigPlatform, { client, deadline }: ConformanceCliOptions): Promise<Subject> {
  if (client === undefined) return BoardSubject.start(platform)
  const [name = ''] = commandWords(client, { url: '', challenge: '', key: '', certificate: '', fingerprint: '', ca: '' })
  if (name === '') throw new PlatenError('invalid-value', '--client: the command line is empty')
  if (!name.includes('/') && !await platform.processes.has(name)) throw new PlatenError('connect-failed', `--client: there is no program ${name}`, { fix: `Install ${name}, or give its path.` })
  return new CommandSubject({ platform, line: client, deadline: seconds(deadline) })
}

function conclude(record: ConformanceRecord, write: (line: string) => void): number {
  write('')
  for (const { rule, outcome, statement } of record.rules) write(`${outcomeSigns[outcome].sign} ${rule.padEnd(4)} ${outcomeSigns[outcome].word.padEnd(14)} ${statement}`)
  const verdict = verdictOf(record)
  const hidden = record.rules.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'unobservable').length
  write(`${outcomeSigns[verdict].sign} ${verdict}${hidden === 0 ? '' : `; ${hidden} checks were not observable`}`)
  write(`again: ${record.replay}`)
  return exitCode(verdict)
}

async function writeReports({ files }: RigPlatform, directory: string, record: ConformanceRecord, write: (line: string) => void): Promise<void> {
  await files.makeDirectory(directory)
  await files.write(`${directory}/conformance.md`, markdown(record))
  await files.write(`${directory}/conformance.html`, conformancePage(record))
  await files.write(`${directory}/conformance.jsonl`, record.rules.flatMap(({ checks }) => checks).map((check) => `${JSON.stringify(check)}\n`).join(''))
  write('')
  write(`Reports: ${directory}/conformance.html, ${directory}/conformance.md, ${directory}/conformance.jsonl`)
}

function replayLine({ client, rule, seed }: ConformanceCliOptions): string {
  return [program, 'conformance', ...(client === undefined ? [] : ['--client', `'${client.replaceAll('\'', '\'\\\'\'')}'`]), ...(rule === undefined ? [] : ['--rule', ...rule]), '--seed', seed ?? ''].join(' ')
}

function wholeSeconds(text: string): number {
  const value = /^\d+$/u.test(text) ? Number(text) : NaN
  if (!(value >= 1 && value <= 3600)) throw new InvalidArgumentError('It must be a whole number from 1 to 3600.')
  return value
}

function ruleList(text: string, before: readonly Rule[] = []): readonly Rule[] {
  const rule = ruleNames.find((known) => known === text.toUpperCase())
  if (rule === undefined) throw new InvalidArgumentError(`The rules are ${ruleNames.join(', ')}.`)
  return [...before, rule]
}
