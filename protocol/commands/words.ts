/** Words on a console line: `bare`, `name=value`, and `name="value with spaces"`. One reader and one writer for both ways. */

/** One word of a line; `name` is there when it was written as `name=value`. */
export interface Word {
  readonly name?: string
  readonly value: string
}

const plain = /^[A-Za-z0-9_.:,/@+*~%#-]+$/
const namePattern = /^([A-Za-z][A-Za-z0-9-]*)=/

/** What would break the line, hide text or turn its direction: controls, format characters, separators, lone surrogates. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const escaped: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' }

/** Text with everything that a terminal would not show as a letter made visible: `\n`, `\u001b`. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => escapes[character] ?? [...utf16(character)].map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join(''))
}

/** A value as one word: bare where that is unambiguous, else in double quotes with escapes. */
export function writeWord(value: string): string {
  return plain.test(value) ? value : writeQuoted(value)
}

/** A value in double quotes, whatever it is. */
export function writeQuoted(value: string): string {
  return `"${visible(value.replace(/[\\"]/g, (character) => `\\${character}`))}"`
}

/**
 * Takes a line apart into its words.
 * @returns the words, or as text what is wrong with the line
 */
export function readWords(line: string): readonly Word[] | string {
  const words: Word[] = []
  let rest = line.trimStart()
  while (rest !== '') {
    const name = namePattern.exec(rest)?.[1]
    const start = name === undefined ? rest : rest.slice(name.length + 1)
    const read = start.startsWith('"') ? readQuoted(start) : readBare(start)
    if (typeof read === 'string') return read
    words.push(name === undefined ? { value: read.value } : { name, value: read.value })
    rest = read.rest.trimStart()
  }
  return words
}

interface Read {
  readonly value: string
  readonly rest: string
}

function readBare(text: string): Read | string {
  const value = /^\S*/.exec(text)?.[0] ?? ''
  return value.includes('"') ? 'a quote must stand at the start of a value' : { value, rest: text.slice(value.length) }
}

function readQuoted(text: string): Read | string {
  let value = ''
  for (let at = 1; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '"') {
      const rest = text.slice(at + 1)
      return rest === '' || /^\s/.test(rest) ? { value, rest } : 'a space is missing after the closing quote'
    }
    if (character !== '\\') {
      value += character
      continue
    }
    const long = /^u([0-9a-f]{4})/i.exec(text.slice(at + 1, at + 6))?.[1]
    const short = escaped[text.charAt(at + 1)]
    if (long === undefined && short === undefined) return 'after a backslash in quotes only \\ " n r t u are known'
    value += long === undefined ? short ?? '' : String.fromCharCode(Number.parseInt(long, 16))
    at += long === undefined ? 1 : 5
  }
  return 'the closing quote is missing'
}

function utf16(text: string): readonly number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
}
