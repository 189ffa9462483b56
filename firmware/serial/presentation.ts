/** Replies as a person reads them at 80 columns: titled values, then tables. */
import { columnsOfList, isRecordList, titlesOf, type CommandName } from '../../protocol/commands/index.js'
import { columnsOf, pad, screenWidth, wrap } from './columns.js'

type Row = Readonly<Record<string, unknown>>

/** The lines above the result line. */
export function present(name: CommandName, reply: Row): readonly string[] {
  const titles = titlesOf(name)
  const pairs: (readonly [string, string])[] = []
  const blocks: (readonly string[])[] = []
  for (const [field, value] of Object.entries(reply)) {
    if (field === 'lines' && Array.isArray(value)) blocks.push(name === 'log' ? value.map(String) : value.flatMap((line) => wrapHelp(String(line))))
    else if (isRecordList(name, field) && isRows(value)) blocks.push(value.length === 0 ? ['(none)'] : table(columnsOfList(name, field), value))
    else if (value !== undefined && !(Array.isArray(value) && value.length === 0)) pairs.push([titles[field] ?? field, cell(value)])
  }
  return [...titled(pairs), ...blocks.flatMap((block, index) => (index === 0 && pairs.length === 0 ? block : ['', ...block]))]
}

function titled(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...pairs.map(([title]) => columnsOf(title)))
  return pairs.flatMap(([title, value]) => wrap(value, screenWidth - width - 2).map((line, index) => `${pad(index === 0 ? `${title}:` : '', width + 1)} ${line}`.trimEnd()))
}

/** Columns two spaces apart; cells that do not fit go on below. */
export function table(columns: readonly { readonly field: string; readonly title: string }[], rows: readonly Row[]): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ field }) => cell(row[field])))]
  const shown = columns.map((_, index) => index).filter((index) => index < 3 || cells.slice(1).some((row) => row[index] !== ''))
  const widths = fit(shown.map((index) => cells.map((row) => row[index] ?? '')))
  const lines = (row: readonly string[]): readonly string[] => {
    const wrapped = shown.map((index, column) => wrap(row[index] ?? '', widths[column] ?? 1))
    const height = Math.max(...wrapped.map((part) => part.length))
    return Array.from({ length: height }, (_, at) => wrapped.map((part, column) => pad(part[at] ?? '', widths[column] ?? 0)).join('  ').trimEnd())
  }
  const [head = [], ...body] = cells
  return [...lines(head), widths.map((width) => '-'.repeat(width)).join('  '), ...body.flatMap(lines)]
}

/** Words up to this long (a date in ISO 8601) are not broken while another column can give. */
const wholeWord = 20

/** Narrows the widest columns, step by step, until all fit: first those that can break at spaces or inside long words. */
function fit(columns: readonly (readonly string[])[]): readonly number[] {
  const widths = columns.map((cells) => Math.max(...cells.map(columnsOf)))
  const floors = columns.map((cells) => Math.min(wholeWord, Math.max(...cells.flatMap((text) => text.split(' ')).map(columnsOf))))
  const over = (): boolean => widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1) > screenWidth
  for (const lowest of [floors, widths.map(() => 4)]) {
    while (over()) {
      const room = widths.map((width, index) => (width > (lowest[index] ?? 0) ? width : 0))
      const widest = Math.max(...room)
      if (widest === 0) break
      widths[room.lastIndexOf(widest)] = widest - 1
    }
  }
  return widths
}

/** The second column of a list goes on under itself, an indented line a little further in. */
function wrapHelp(line: string): readonly string[] {
  const column = /^ {2}\S+ {2,}/.exec(line)?.[0].length ?? (/^ |=…/.test(line) ? 4 : 0)
  return wrap(line, screenWidth, ' '.repeat(column))
}

function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value)
}

function cell(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
