import type { Readable } from 'node:stream'

/** Of one line, characters: what a program writes without an end must not fill the memory. */
const longestLine = 16 * 1024

/** Calls `onLine` for each line of a stream, without its line end; the rest of a line that is too long is left out. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let begun = ''
  const say = (line: string): void => onLine(line.replace(/\r$/u, ''))
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const [first = '', ...others] = text.split('\n')
    begun = (begun + first).slice(0, longestLine)
    for (const next of others) {
      say(begun)
      begun = next.slice(0, longestLine)
    }
  })
  stream.on('end', () => {
    if (begun !== '') say(begun)
  })
}
