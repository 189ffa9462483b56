/** A reply as the end of a console command: flat values on one line; what was printed above is only counted. */
import type { PlatenError } from '../errors.js'
import { lineName, type ResultLine } from './result-line.js'

/** Single values as they are, lists of text with commas, lists of records and printed lines as their number. */
export function resultOf(reply: Readonly<Record<string, unknown>>): ResultLine {
  const values = Object.entries(reply).flatMap(([name, value]) => (value === undefined ? [] : [[name, valueText(name, value)] as const]))
  return { ok: true, values: Object.fromEntries(values) }
}

export function errorResult(error: PlatenError): ResultLine {
  const facts = Object.entries(error.facts).map(([name, value]) => [lineName(name), String(value)] as const)
  return { ok: false, code: error.code, message: error.message, fix: error.fix, facts: Object.fromEntries(facts.filter(([name]) => name !== 'message' && name !== 'fix')) }
}

function valueText(name: string, value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  return name === 'lines' || value.some((item) => typeof item === 'object') ? String(value.length) : value.join(',')
}
