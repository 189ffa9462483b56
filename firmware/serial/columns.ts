/** How many columns text takes on a terminal, and how it is fitted into 80 of them. */

/** Columns of a terminal that everybody has. */
export const screenWidth = 80

const wide = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]$/u
const none = /^\p{M}$/u

/** Columns of one character: 0 for a combining mark, 2 for a wide one. */
export function columnsOfCharacter(character: string): number {
  if (character <= '~') return 1
  return none.test(character) ? 0 : wide.test(character) ? 2 : 1
}

export function columnsOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + columnsOfCharacter(character), 0)
}

/** Fills up with spaces to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)))
}

/**
 * Breaks text into lines of at most `width` columns, at spaces where it can.
 * @param indent put before every line after the first
 */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = []
  let rest = text
  while (columnsOf(rest) > width) {
    const cut = breakAt(rest, width, lines.length === 0 ? 0 : indent.length)
    lines.push(rest.slice(0, cut).trimEnd())
    rest = indent + rest.slice(cut).trimStart()
  }
  return [...lines, rest]
}

/** Index behind the last space that fits; else where the width is full, one character beyond `from` at least. */
function breakAt(text: string, width: number, from: number): number {
  const leading = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0)
  let columns = 0
  let index = 0
  let space = -1
  for (const character of text) {
    columns += columnsOfCharacter(character)
    if (columns > width && index > from) break
    if (character === ' ' && index > leading) space = index
    index += character.length
  }
  // The character that did not fit may be the very space between two words.
  if (text.charAt(index) === ' ') return index
  return space > 0 ? space + 1 : index
}
