/** A reply as the end of a console command: flat values on one line; what was printed above is only counted. */
import type { PlatenError } from '../errors.js'
import { lineName, type ResultLine } from './result-line.js'
import type { CommandName } from './table.js'
import { isRecordList } from './titles.js'

/** Single values as they are, lists of text with commas, lists of records and printed lines as their number. */
export function resultOf(name: CommandName, reply: Readonly<Record<string, unknown>>): ResultLine {
  const values = Object.entries(reply).flatMap(([field, value]) => (value === undefined ? [] : [[field, valueText(name, field, value)] as const]))
  return { ok: true, values: Object.fromEntries(values) }
}

export function errorResult(error: PlatenError): ResultLine {
  const facts = Object.entries(error.facts).map(([name, value]) => [lineName(name), String(value)] as const)
  return { ok: false, code: error.code, message: error.message, fix: error.fix, facts: Object.fromEntries(facts.filter(([name]) => name !== 'message' && name !== 'fix')) }
}

function valueText(name: CommandName, field: string, value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  return field === 'lines' || isRecordList(name, field) ? String(value.length) : value.join(',')
}
