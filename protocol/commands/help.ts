/** Help made from the table: for the console at 80 columns, and as Markdown for the README. */
import { fieldsOf, type CommandDefinition } from './definition.js'
import { defaultOf, isOptional, notesOf } from './fields.js'
import { commandNames, definitionOf, type CommandName } from './table.js'

/** The list of verbs, one line each. */
export function helpOverview(): readonly string[] {
  const width = Math.max(...commandNames.map((name) => name.length))
  return [
    ...commandNames.map((name) => `  ${name.padEnd(width)}  ${definitionOf(name).summary}`),
    '',
    'help <verb> explains one. Fields are written name=value, or name="with spaces".',
  ]
}

/** Everything about one verb; lines are not wrapped. */
export function helpFor(name: CommandName): readonly string[] {
  const definition = definitionOf(name)
  const fields = visibleFields(definition)
  const width = Math.max(0, ...fields.map(({ field }) => field.length))
  return [
    usageOf(name),
    '',
    ...[`${definition.summary[0]?.toUpperCase() ?? ''}${definition.summary.slice(1)}.`, ...definition.help],
    ...(fields.length === 0 ? [] : ['', 'Fields:', ...fields.map(({ field, text }) => `  ${field.padEnd(width)}  ${text}`)]),
    '',
    'Examples:',
    ...definition.examples.map((example) => `  ${example}`),
  ]
}

/** `keys assign <name> <use>`; optional fields stand in brackets. */
export function usageOf(name: CommandName): string {
  const definition = definitionOf(name)
  const words = visibleFields(definition).map(({ field, optional }) => {
    const word = definition.positional.includes(field) ? `<${field}>` : `${field}=…`
    return optional ? `[${word}]` : word
  })
  return [name, ...words].join(' ')
}

/** The verbs as a Markdown table; README holds exactly this text. */
export function commandTable(): string {
  const rows = commandNames.map((name) => {
    const { privilege, summary } = definitionOf(name)
    return `| \`${usageOf(name)}\` | ${summary} | ${privilege} |`
  })
  return ['| verb | what it does | needs |', '|---|---|---|', ...rows].join('\n')
}

function visibleFields(definition: CommandDefinition) {
  const hidden = new Set(definition.secrets.map(({ field }) => field))
  return Object.entries(fieldsOf(definition)).filter(([field]) => !hidden.has(field)).map(([field, schema]) => {
    const { about, limits } = notesOf(schema)
    const fallback = defaultOf(schema)
    const default_ = fallback === undefined || fallback === '' ? '' : ` (default ${fallback})`
    return { field, optional: isOptional(schema), text: `${about}: ${limits}${default_}` }
  })
}
