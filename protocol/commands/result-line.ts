/**
 * The one line that ends each command on the serial console, made for machines that drive it:
 * `= ok name=value …` or `= error <code> message="…" fix="…" name=value …`.
 */
import type { ErrorCode } from '../errors.js'
import { readWords, writeQuoted, writeWord, type Word } from './words.js'

/** How a command ended. Values are text here; machine channels carry them typed. */
export type ResultLine =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly fix: string; readonly facts: Readonly<Record<string, string>> }

/** Always one line without its end, whatever the values hold; names are lower-case words joined by hyphens. */
export function writeResultLine(result: ResultLine): string {
  if (result.ok) return ['= ok', ...pairs(result.values)].join(' ')
  return [`= error ${result.code}`, `message=${writeQuoted(result.message)}`, `fix=${writeQuoted(result.fix)}`, ...pairs(result.facts)].join(' ')
}

/**
 * Reads what `writeResultLine` wrote.
 * @param line one line, with or without its end
 * @returns undefined when it is any other line, or a damaged one
 */
export function parseResultLine(line: string): ResultLine | undefined {
  const match = /^= (?:(ok)|error ([a-z0-9-]+))(?: (.*))?$/su.exec(line.replace(/\r?\n?$/, ''))
  if (match === null) return undefined
  const values = named(readWords(match[3] ?? ''))
  if (values === undefined) return undefined
  if (match[1] === 'ok') return { ok: true, values }
  const { message, fix, ...facts } = values
  return message === undefined || fix === undefined ? undefined : { ok: false, code: match[2] as ErrorCode, message, fix, facts }
}

/** A name as it stands on the line: `failInfoText` becomes `fail-info-text`. */
export function lineName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function pairs(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `${name}=${writeWord(value)}`)
}

function named(words: readonly Word[] | string): Record<string, string> | undefined {
  if (typeof words === 'string') return undefined
  const values = new Map<string, string>()
  for (const { name, value } of words) {
    if (name === undefined || values.has(name)) return undefined
    values.set(name, value)
  }
  return Object.fromEntries(values)
}
