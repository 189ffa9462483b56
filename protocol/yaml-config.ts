/** Files that a person writes: YAML, checked by a schema, with the place of the first fault and a word on what to do. */
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { didYouMean } from './commands/index.js'
import { PlatenError } from './errors.js'

/** A serial line, wherever it is named: a device, or the same bytes through a socket. */
export const linePath = z.string().regex(/^(?:\/.|unix:.|tcp:\/\/[^/:]+:\d+$|tcp:\/\/\[[^\]]+\]:\d+$)/, 'must be a device like /dev/ttyAMA0, "unix:/path" or "tcp://host:port"')

export interface YamlForm<Schema extends z.ZodType> {
  readonly schema: Schema
  /** What the file describes, as in "is no setting of a board". */
  readonly subject: string
  /** A file that shows each setting with its meaning. */
  readonly example: string
}

/**
 * @param file where it was read from: named in errors
 * @throws config-invalid with the path, line and column of the first fault
 */
export function readYamlConfig<Schema extends z.ZodType>(bytes: Uint8Array, file: string, form: YamlForm<Schema>): z.output<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(new TextDecoder().decode(bytes), { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    throw invalid(file, { line, col }, '', `is no valid YAML: ${broken.message}`, startFrom(form.example))
  }
  if (document.contents === null) throw invalid(file, undefined, '', 'is empty', startFrom(form.example))
  const result = form.schema.safeParse(plain(document, file, form.example))
  if (result.success) return result.data
  throw firstFault(result.error, document, lines, file, form)
}

/** An alias without its anchor, or a bomb of aliases, shows only here. */
function plain(document: ConfigDocument, file: string, example: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 })
  } catch (cause) {
    throw invalid(file, undefined, '', `is no valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`, startFrom(example))
  }
}

type Position = { readonly line: number; readonly col: number }
type ConfigDocument = Document.Parsed

function firstFault(error: z.ZodError, document: ConfigDocument, lines: LineCounter, file: string, form: YamlForm<z.ZodType>): PlatenError {
  const faults = error.issues.map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    const path = written(document, [...issue.path.map(String), ...unknown])
    const offset = offsetOf(document, path)
    return { path, whole: issue.code === 'custom' ? 1 : 0, offset: offset ?? Infinity, ...problemOf(issue, path, offset !== undefined, form), position: offset === undefined ? undefined : lines.linePos(offset) }
  })
  // A misspelt setting is also a missing one, and makes its group wrong as a whole; the word that stands there says more.
  const [fault] = faults.sort((a, b) => a.whole - b.whole || a.offset - b.offset)
  if (fault === undefined) throw new TypeError('a schema error without an issue')
  return invalid(file, fault.position, fault.path.join('.'), fault.problem, fault.fix)
}

/** A single word may stand for a group of settings; a fault inside the group is then a fault of the word. */
function written(document: ConfigDocument, path: readonly string[]): readonly string[] {
  const word = path.findIndex((_, index) => index > 0 && isWord(document.getIn(path.slice(0, index), true)))
  return word === -1 ? path : path.slice(0, word)
}

function isWord(node: unknown): boolean {
  return isScalar(node) && node.value !== null
}

type Issue = z.ZodError['issues'][number]

function problemOf(issue: Issue, path: readonly string[], present: boolean, { schema, subject, example }: YamlForm<z.ZodType>): { readonly problem: string; readonly fix: string } {
  if (issue.code === 'unrecognized_keys') {
    const known = settingsAt(schema, path.slice(0, -1))
    return { problem: `is no setting of a ${subject}`, fix: didYouMean(path.at(-1) ?? '', known) || `Known here: ${known.join(', ')}.` }
  }
  if (!present) return { problem: 'is missing', fix: startFrom(example) }
  return { problem: phrase(issue), fix: `Correct it; ${example} shows each setting with its meaning.` }
}

/** The settings that a schema knows at a path. */
function settingsAt(schema: z.core.$ZodType, path: readonly string[]): readonly string[] {
  const [name, ...rest] = path
  const bare = unwrapped(schema)
  if (bare instanceof z.ZodRecord && name !== undefined) return settingsAt(bare.valueType, rest)
  if (bare instanceof z.ZodArray && name !== undefined) return settingsAt(bare.element, rest)
  if (!(bare instanceof z.ZodObject)) return []
  const shape: Readonly<Record<string, z.core.$ZodType>> = bare.shape
  if (name === undefined) return Object.keys(shape)
  const inner = shape[name]
  return inner === undefined ? [] : settingsAt(inner, rest)
}

/** Without what says only when it may be left out, or how its short form reads. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrapped(schema.unwrap())
  return schema instanceof z.ZodPipe ? unwrapped(schema.out instanceof z.ZodTransform ? schema.in : schema.out) : schema
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
  ['record', 'a group of settings, one on each line below it'],
  ['array', 'a list'],
  ['int', 'a whole number'],
  ['number', 'a number'],
  ['string', 'a text'],
])

function startFrom(example: string): string {
  return `Start from ${example}.`
}

function invalid(file: string, position: Position | undefined, path: string, problem: string, fix: string): PlatenError {
  const where = position === undefined ? file : `${file} line ${position.line} column ${position.col}`
  return new PlatenError('config-invalid', path === '' ? `${where}: the config ${problem}` : `${where}: ${path} ${problem}`, {
    facts: { file, path, ...(position === undefined ? {} : { line: position.line, column: position.col }) },
    fix,
  })
}

/** Where the key of a setting, or an item of a list, stands in the text. */
function offsetOf(document: ConfigDocument, path: readonly string[]): number | undefined {
  if (path.length === 0) return 0
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (isSeq(parent)) return startOf(parent.items[Number(path.at(-1))])
  if (!isMap(parent)) return undefined
  return startOf(parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1))?.key)
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
