import { dirname, isAbsolute, resolve } from 'node:path'
import { LineCounter, parseDocument, type Document, type YAMLMap, isMap, isNode, isPair, isScalar } from 'yaml'
import { z } from 'zod'
import { didYouMean } from '../protocol/commands/index.js'
import { PlatenError } from '../protocol/errors.js'

const linePath = z.string().regex(/^(?:\/.|unix:.|tcp:\/\/[^/:]+:\d+$|tcp:\/\/\[[^\]]+\]:\d+$)/, 'must be a device like /dev/ttyAMA0, "unix:/path" or "tcp://host:port"')
const oneLine = z.string().min(1, 'must not be empty').max(64, 'must have at most 64 characters').regex(/^[^\p{Cc}]*$/u, 'must not have control characters')

const sections = {
  serial: z.strictObject({
    path: linePath,
    baudRate: z.int().min(50).max(4_000_000).default(115_200),
  }),
  https: z.strictObject({
    address: z.union([z.ipv4(), z.ipv6()], 'must be an IP address, for example "::" or "0.0.0.0"').default('::'),
    port: z.int().min(0).max(65_535).default(443),
  }),
  // The model profile: at least the default key and one more.
  model: z.strictObject({
    name: oneLine.default('Platen'),
    maxKeys: z.int().min(2).max(1000).default(8),
    maxCaCertificates: z.int().min(1).max(1000).default(16),
  }),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }),
}

const schema = z.strictObject({
  data: z.string('must be a path').min(1, 'must not be empty'),
  serial: sections.serial,
  https: sections.https.prefault({}),
  model: sections.model.prefault({}),
  log: sections.log.prefault({}),
})

/** What a board is told by its one file; everything else it is told on its console. */
export type BoardConfig = z.infer<typeof schema>

/** Largest config file, bytes. */
export const configLimit = 64 * 1024

const example = 'Start from systemd/board.example.yaml.'

/**
 * Reads a board's YAML config.
 * @param file where it was read from: named in errors, and a relative `data` or `unix:` path starts at its folder
 * @throws config-invalid with the path, line and column of the first fault
 */
export function readConfig(bytes: Uint8Array, file: string): BoardConfig {
  const lines = new LineCounter()
  const document = parseDocument(new TextDecoder().decode(bytes), { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    throw invalid(file, { line, col }, '', `is no valid YAML: ${broken.message}`, example)
  }
  if (document.contents === null) throw invalid(file, undefined, '', 'is empty', example)
  const result = schema.safeParse(plain(document, file))
  if (result.success) return located(result.data, file)
  throw firstFault(result.error, document, lines, file)
}

/** An alias without its anchor, or a bomb of aliases, shows only here. */
function plain(document: ConfigDocument, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 })
  } catch (cause) {
    throw invalid(file, undefined, '', `is no valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`, example)
  }
}

function located(config: BoardConfig, file: string): BoardConfig {
  const from = dirname(resolve(file))
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(from, path))
  const { path } = config.serial
  return { ...config, data: at(config.data), serial: { ...config.serial, path: path.startsWith('unix:') ? `unix:${at(path.slice('unix:'.length))}` : path } }
}

type Position = { readonly line: number; readonly col: number }
type ConfigDocument = Document.Parsed

function firstFault(error: z.ZodError, document: ConfigDocument, lines: LineCounter, file: string): PlatenError {
  const faults = error.issues.map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    const path = [...issue.path.map(String), ...unknown]
    const offset = offsetOf(document, path)
    return { path, offset: offset ?? Infinity, ...problemOf(issue, path, offset !== undefined), position: offset === undefined ? undefined : lines.linePos(offset) }
  })
  // A misspelt setting is also a missing one; the word that stands there says more than the one that does not.
  const [fault] = faults.sort((a, b) => a.offset - b.offset)
  if (fault === undefined) throw new TypeError('a schema error without an issue')
  return invalid(file, fault.position, fault.path.join('.'), fault.problem, fault.fix)
}

type Issue = z.ZodError['issues'][number]

function problemOf(issue: Issue, path: readonly string[], present: boolean): { readonly problem: string; readonly fix: string } {
  if (issue.code === 'unrecognized_keys') {
    const known = settingsAt(path.slice(0, -1))
    return { problem: 'is no setting of a board', fix: didYouMean(path.at(-1) ?? '', known) || `Known here: ${known.join(', ')}.` }
  }
  if (!present) return { problem: 'is missing', fix: example }
  return { problem: phrase(issue), fix: `Correct it; systemd/board.example.yaml shows each setting with its meaning.` }
}

function settingsAt([section]: readonly string[]): readonly string[] {
  if (section === undefined) return Object.keys(schema.shape)
  return section in sections ? Object.keys(sections[section as keyof typeof sections].shape) : []
}

/** What the library says in its own words, in ours. */
function phrase(issue: Issue): string {
  if (issue.message.startsWith('must ')) return issue.message
  switch (issue.code) {
    case 'too_small':
      return `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'invalid_type':
      return `must be ${typeNames.get(issue.expected) ?? issue.expected}`
    default:
      return `is wrong: ${issue.message}`
  }
}

const typeNames: ReadonlyMap<string, string> = new Map([
  ['object', 'a group of settings, one on each line below it'],
  ['int', 'a whole number'],
  ['number', 'a number'],
  ['string', 'a text'],
])

function invalid(file: string, position: Position | undefined, path: string, problem: string, fix: string): PlatenError {
  const where = position === undefined ? file : `${file} line ${position.line} column ${position.col}`
  return new PlatenError('config-invalid', path === '' ? `${where}: the config ${problem}` : `${where}: ${path} ${problem}`, {
    facts: { file, path, ...(position === undefined ? {} : { line: position.line, column: position.col }) },
    fix,
  })
}

/** Where the value, or for an unknown key the key itself, stands in the text. */
function offsetOf(document: ConfigDocument, path: readonly string[]): number | undefined {
  if (path.length === 0) return 0
  const map: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(map)) return undefined
  const pair = (map as YAMLMap.Parsed).items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1))
  const key: unknown = pair?.key
  return isNode(key) ? key.range?.[0] : undefined
}
