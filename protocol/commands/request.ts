/** From what a person typed or a machine sent to a checked request; every refusal names the field, the limit and the fix. */
import { PlatenError } from '../errors.js'
import { fieldsOf, type CommandDefinition } from './definition.js'
import { notesOf } from './fields.js'
import { didYouMean } from './suggest.js'
import { commandNames, definitionOf, type CommandName, type RequestOf } from './table.js'
import { readWords, visible, writeWord, type Word } from './words.js'

/** A console line taken apart; nothing but the verb and the names of the fields is checked yet. */
export interface TypedCommand {
  readonly name: CommandName
  readonly fields: Readonly<Record<string, string>>
}

/**
 * Reads one console line: a verb of one or two words, then `name=value` and positional values.
 * @throws unknown-verb, unknown-field, invalid-value (also for a secret on the line)
 */
export function readCommandLine(line: string): TypedCommand {
  const words = readWords(line)
  if (typeof words === 'string') throw new PlatenError('invalid-value', `The line cannot be read: ${words}.`, { fix: 'Write name=value or name="value with spaces".' })
  const bare = words.findIndex(({ name }) => name !== undefined)
  const name = findCommand(words.slice(0, bare === -1 ? words.length : bare).map(({ value }) => value))
  const rest = words.slice(name.split(' ').length)
  return { name, fields: readFields(definitionOf(name), rest) }
}

/** The line that `readCommandLine` reads back; secrets are left out, the console asks for them. */
export function writeCommandLine(name: CommandName, fields: Readonly<Record<string, string | number | boolean | readonly string[]>> = {}): string {
  const hidden = new Set(definitionOf(name).secrets.map(({ field }) => field))
  const words = Object.entries(fields).filter(([field]) => !hidden.has(field)).map(([field, value]) => `${field}=${writeWord(typeof value === 'object' ? value.join(',') : String(value))}`)
  return [name, ...words].join(' ')
}

/**
 * The command that the first words name.
 * @throws unknown-verb with what is near
 */
export function findCommand(words: readonly string[]): CommandName {
  const [first = '', second = ''] = words.map((word) => word.toLowerCase())
  const group = commandNames.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1))
  // A second word after a verb that has a group (uses, uses probe) was meant for the group.
  const found = commandNames.find((name) => name === `${first} ${second}`) ?? commandNames.find((name) => name === first && (second === '' || group.length === 0))
  if (found !== undefined) return found
  if (group.length > 0 && second === '') throw new PlatenError('missing-field', `${first}: say what to do.`, { fix: `Write ${first} ${either(group)}.` })
  const guess = [`${first} ${second}`.trim(), first].map((typed) => didYouMean(typed, commandNames)).find((text) => text !== '')
  const typed = commandNames.some((name) => name.startsWith(`${first} `)) ? `${first} ${second}` : first
  throw new PlatenError('unknown-verb', `"${shorten(typed)}" is not a verb.`, { fix: [guess, 'Type help for the list.'].filter((part) => part !== undefined).join(' ') })
}

/**
 * Checks a request, from the console (all text) or from a machine (typed), against its schema.
 * @throws unknown-field, missing-field, invalid-value
 */
export function checkRequest<Name extends CommandName>(name: Name, given: unknown): RequestOf<Name> {
  const definition = definitionOf(name)
  const raw = given ?? {}
  // Our own text: the library's looks into the value for a name, which hostile values do not have.
  const result = definition.request.safeParse(raw, { error: () => 'refused' })
  if (result.success) return result.data as RequestOf<Name>
  const issue = result.error.issues[0]
  if (issue?.code === 'unrecognized_keys') throw unknownField(name, issue.keys[0] ?? '', Object.keys(fieldsOf(definition)))
  throw refusal(definition, issue?.path[0], raw)
}

function refusal(definition: CommandDefinition, path: PropertyKey | undefined, raw: unknown): PlatenError {
  if (path === undefined) return new PlatenError('invalid-value', `${definition.name}: a request is a set of named fields.`)
  const field = String(path)
  const schema = fieldsOf(definition)[field]
  const notes = schema === undefined ? { limits: 'another value', secret: true, about: '' } : notesOf(schema)
  const value = (raw as Readonly<Record<string, unknown>>)[field]
  if (value === undefined) return new PlatenError('missing-field', `${field} is missing: ${notes.about}.`, { facts: { field }, fix: `Give ${field}=… as ${notes.limits}.` })
  const given = notes.secret === true ? 'what was given' : shortened(value)
  return new PlatenError('invalid-value', `${field}: ${given} is not ${notes.limits}.`, { facts: { field }, fix: `Give ${field} as ${notes.limits}.` })
}

function shortened(value: unknown): string {
  if (Array.isArray(value)) return 'the list'
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `"${shorten(String(value))}"` : 'what was given'
}

function readFields(definition: CommandDefinition, words: readonly Word[]): Readonly<Record<string, string>> {
  const fields = new Map<string, string>()
  const named = words.filter((word) => word.name !== undefined)
  for (const { name = '', value } of named) add(definition, fields, name.toLowerCase(), value)
  const free = definition.positional.filter((field) => !fields.has(field))
  const bare = words.filter((word) => word.name === undefined).map(({ value }) => value)
  const values = definition.gathers && bare.length > free.length ? [...bare.slice(0, free.length - 1), bare.slice(free.length - 1).join(' ')] : bare
  values.forEach((value, index) => {
    const field = free[index]
    // It may be a secret that was typed in the wrong place.
    const what = definition.secrets.length > 0 ? 'A value without a name' : `"${shorten(value)}"`
    if (field === undefined) throw new PlatenError('unknown-field', `${what} is not expected here.`, { fix: `Write fields as name=value. ${fieldList(definition)}` })
    add(definition, fields, field, value)
  })
  return Object.fromEntries(fields)
}

function add(definition: CommandDefinition, fields: Map<string, string>, name: string, value: string): void {
  const known = Object.keys(fieldsOf(definition))
  if (!known.includes(name)) throw unknownField(definition.name, name, known)
  const asked = definition.secrets.find(({ field }) => field === name)
  if (asked?.paste !== undefined) {
    throw new PlatenError('invalid-value', `${name} has many lines and is not taken from the line.`, { facts: { field: name }, fix: `Leave ${name} out; it is asked for.` })
  }
  if (asked !== undefined) {
    throw new PlatenError('invalid-value', `${name} is secret and is not taken from the line, which is echoed.`, { facts: { field: name }, fix: `Leave ${name} out; it is asked for without echo.` })
  }
  if (fields.has(name)) throw new PlatenError('invalid-value', `${name} is given twice.`, { facts: { field: name }, fix: `Give ${name} once.` })
  fields.set(name, value)
}

function unknownField(command: string, field: string, known: readonly string[]): PlatenError {
  const guess = didYouMean(field, known)
  const fix = known.length === 0 ? `${command} takes no fields.` : `${guess === '' ? '' : `${guess} `}The fields of ${command}: ${known.join(', ')}.`
  return new PlatenError('unknown-field', `${command} has no field "${shorten(field)}".`, { facts: { field: shorten(field) }, fix })
}

function fieldList(definition: CommandDefinition): string {
  const names = Object.keys(fieldsOf(definition))
  return names.length === 0 ? `${definition.name} takes none.` : `The fields of ${definition.name}: ${names.join(', ')}.`
}

function either(names: readonly string[]): string {
  return names.length === 1 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`
}

function shorten(text: string): string {
  const shown = visible(text)
  return shown.length <= 40 ? shown : `${shown.slice(0, 39)}…`
}
