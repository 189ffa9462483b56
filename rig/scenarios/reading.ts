import type { Station } from './station.js'

/** A row of the request status as it stands on the console. */
export interface HistoryRow {
  readonly requestedAt: string
  readonly status: string
}

const row = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) +(To Be Processed|Processing\.\.\.|Error|Successful)/u

/** What `history` shows, newest first. */
export async function historyOf(station: Station): Promise<readonly HistoryRow[]> {
  const { lines } = await station.types('history')
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
