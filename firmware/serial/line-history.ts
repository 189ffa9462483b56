/** The lines that a person can call back with the arrow keys; none that may hold a secret. */
import { commandNames, definitionOf, nearest, readCommandLine } from '../../protocol/commands/index.js'

const kept = 50
const secretNames = [...new Set([...commandNames.flatMap((name) => definitionOf(name).secrets.map(({ field }) => field)), 'password', 'passphrase', 'secret'])]

export class LineHistory {
  readonly lines: string[] = []

  /** Keeps the line unless it is the same as the last one, or a secret may stand in it. */
  add(line: string): void {
    const text = line.trim()
    if (text === '' || text === this.lines.at(-1) || !isSafe(text)) return
    this.lines.push(text)
    if (this.lines.length > kept) this.lines.shift()
  }
}

/**
 * A line that reads as a command holds no secret: fields that do are refused. A line with a slip is kept so that it
 * can be put right, unless a name in it is like that of a secret or a stray value may be one.
 */
function isSafe(line: string): boolean {
  try {
    readCommandLine(line)
    return true
  } catch {
    const words = line.split(/\s+/)
    const names = words.filter((word) => word.includes('=')).map((word) => word.slice(0, word.indexOf('=')))
    const bare = words.length - names.length
    return bare <= 2 && !line.includes('"') && !words.slice(0, 1).some(looksSecret) && !names.some(looksSecret)
  }
}

function looksSecret(name: string): boolean {
  return nearest(name, secretNames).length > 0 || secretNames.some((secret) => secret.length > 3 && name.toLowerCase().includes(secret))
}
