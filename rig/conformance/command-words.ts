import { PlatenError } from '../../protocol/errors.js'

export type Placeholders = Readonly<Record<'url' | 'challenge' | 'key' | 'certificate' | 'fingerprint' | 'ca', string>>

/**
 * Splits a command line at spaces, with quotes kept together, and puts the values in; no shell is asked.
 * @throws invalid-value for an unknown placeholder or an open quote
 */
export function commandWords(line: string, values: Placeholders): readonly string[] {
  const quoted = /"[^"]*"|'[^']*'/gu
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/gu) ?? []
  if (/["']/u.test(line.replace(quoted, ''))) throw new PlatenError('invalid-value', '--client: a quote is not closed')
  return words.map((word) => word.replace(/["']/gu, '').replace(/\{([a-z]+)\}/gu, (_whole, name: string) => {
    if (!Object.hasOwn(values, name)) throw new PlatenError('invalid-value', `--client: there is no placeholder {${name}}`, { fix: `The placeholders are ${Object.keys(values).map((known) => `{${known}}`).join(' ')}.` })
    return values[name as keyof Placeholders]
  }))
}

/** Whether the client can be told whom to trust. */
export function namesAuthority(line: string): boolean {
  return /\{(?:fingerprint|ca)\}/u.test(line)
}
