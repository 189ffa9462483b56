/**
 * A table of the console breaks long cells over several lines, one under the other: this puts each cell together again.
 * @param lines as the console wrote them, with a line of dashes under the head of a table
 * @returns the same lines; those of a table as its cells, each in one piece
 */
export function wholeCells(lines: readonly string[]): readonly string[] {
  const whole: string[] = []
  let columns: readonly number[] = []
  let row: string[] = []
  const end = (): void => {
    whole.push(...row.filter((cell) => cell !== ''))
    row = []
  }
  for (const line of lines) {
    if (/^-+(?: {2}-+)+$/u.test(line)) {
      columns = [...line.matchAll(/-+/gu)].map(({ index }) => index)
      continue
    }
    if (line.trim() === '' || line.startsWith('=')) columns = []
    if (columns.length === 0 || !line.startsWith(' ')) end()
    if (columns.length === 0) whole.push(line)
    else row = columns.map((from, index) => [row[index] ?? '', line.slice(from, columns[index + 1]).trim()].filter((part) => part !== '').join(' '))
  }
  end()
  return whole
}
