import type { Station } from './station.js'

/** A row of the request status as it stands on the console. */
export interface HistoryRow {
  readonly requestedAt: string
  readonly status: string
}

const row = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) +(To Be Processed|Processing\.\.\.|Error|Successful)/u

/** What `history` shows, newest first. */
export async function historyOf(station: Station): Promise<readonly HistoryRow[]> {
  const { lines, reply } = await station.asks('history')
  if (reply !== undefined) return rowsOf(reply['entries']).map((entry) => ({ requestedAt: entry['requested-at'] ?? '', status: entry['status'] ?? '' }))
  return lines.flatMap((line) => {
    const [, requestedAt, status] = row.exec(line) ?? []
    return requestedAt === undefined || status === undefined ? [] : [{ requestedAt, status }]
  })
}

/** Status and Details of the newest request, verbatim. */
export async function newestRequest(station: Station): Promise<{ readonly status: string; readonly details: string }> {
  const values = await station.does('status')
  return { status: values['request-status'] ?? '', details: values['request-details'] ?? '' }
}

/** The names of its keys that begin so. @param prefix without spaces */
export async function keysOf(station: Station, prefix: string): Promise<readonly string[]> {
  const { lines, reply } = await station.asks('keys list')
  const names = reply === undefined ? lines.map((line) => line.split('  ', 1)[0] ?? '') : rowsOf(reply['keys']).map(({ name = '' }) => name)
  return names.filter((name) => name.startsWith(prefix))
}

function rowsOf(list: unknown): readonly Readonly<Record<string, string>>[] {
  return Array.isArray(list) ? list as readonly Readonly<Record<string, string>>[] : []
}
