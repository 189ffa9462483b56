/** How a step of the scheduler moves the rows of the status table (device.md section 5). Pure. */
import { PlatenError } from '../../protocol/errors.js'
import { isoDate } from '../../protocol/commands/index.js'
import type { AutomaticSettings } from '../settings/index.js'
import { explain } from './details.js'
import type { HistoryEntry, Move, Row } from './history.js'
import { failed, succeeded, withoutOutcome, type Failure, type Success } from './outcome.js'
import { viewOf, without, type Attempt, type Effect, type ScheduleState, type ScheduleView, type Step, type World } from './schedule/index.js'

/** What the step is about: the row as its request has moved it, and how the request ended. */
export interface RowChange {
  readonly row: Row
  readonly failure?: Failure
  readonly success?: Success
}

/** The rows after a step, for the one record that they share with the new state. */
export function moveRows(rows: readonly Row[], before: ScheduleState, { state, effects }: Step, change: RowChange | undefined, world: World): Move {
  const replaced: Row[] = []
  const ends = effects.find((effect) => effect.do === 'finish')
  const moved = change === undefined ? rows.find(({ attempt }) => attempt !== undefined && attempt === before.attempt?.number) : outcomeOf(change)
  if (moved !== undefined) {
    if (ends !== undefined) replaced.push(ended(moved, ends, viewOf(state, world)))
    else if (state.attempt !== undefined) replaced.push(underWay(moved, state.attempt, world.settings))
  }
  const begun = state.attempt !== undefined && state.attempt.number !== before.attempt?.number
  return { schedule: state, replaced, ...(begun ? { added: newRow(state.attempt, world.settings) } : {}) }
}

function outcomeOf({ row, failure, success }: RowChange): Row {
  if (success !== undefined) return succeeded(row, success)
  return failure === undefined ? row : failed(row, failure)
}

function newRow({ number, begunAt }: Attempt, { request }: AutomaticSettings): Omit<Row, 'id'> {
  const { keyName = '', use } = request ?? {}
  return { requestedAt: begunAt, status: 'Processing...', details: '', extra: use === undefined ? {} : { use }, keyName, attempt: number }
}

/** One row from begin to end: while the server is asked again it shows why, and when the next time is. */
function underWay(row: Row, attempt: Attempt, { polling }: AutomaticSettings): Row {
  const { transaction, ...rest } = attempt.reason === undefined ? withoutOutcome(row) : row
  const { again } = attempt
  const counted = again?.counts === true && polling !== undefined ? `, poll ${attempt.polls + 1} of ${polling.count}` : ''
  return {
    ...rest,
    status: 'Processing...',
    extra: { ...without(rest.extra, 'next'), ...(again === undefined ? {} : { next: `The server is asked again at ${isoDate(again.wall)}${counted}.` }) },
    ...(transaction !== undefined && transaction.transactionId === attempt.transactionId ? { transaction } : {}),
  }
}

function ended(row: Row, { status, code }: Effect & { readonly do: 'finish' }, { nextAt }: ScheduleView): Row {
  const rest = without(row, 'transaction')
  const own = row.issuedAt === undefined ? 'The request has ended.' : row.extra.next
  const next = [own, nextAt === undefined ? undefined : `The next request goes out at ${isoDate(nextAt)}.`].filter((part) => part !== undefined).join(' ')
  return { ...rest, status, ...(code === undefined || row.code !== undefined ? {} : { code }), extra: { ...rest.extra, ...(next === '' ? {} : { next }) } }
}

/** The rows as they are shown: the open one as the clock allows, else the next request on top. */
export function shownRows(rows: readonly Row[], state: ScheduleState, world: Pick<World, 'clock' | 'settings'>, nextId: number): readonly Row[] {
  const view = viewOf(state, world)
  if (view.status === undefined) return rows
  const held = view.reason === 'clock-not-set' ? clockNotSet() : {}
  if (view.attempt !== undefined) return rows.map((row) => (row.attempt === view.attempt && view.status === 'To Be Processed' ? { ...row, status: view.status, ...held } : row))
  const { keyName = '', use } = world.settings.request ?? {}
  const coming: Row = {
    id: nextId,
    ...(view.nextAt === undefined ? {} : { requestedAt: view.nextAt }),
    status: 'To Be Processed',
    details: `Next Request Date/Time ${isoDate(view.nextAt)}`,
    extra: use === undefined ? {} : { use },
    keyName,
    ...held,
  }
  return [coming, ...rows]
}

function clockNotSet(): Pick<HistoryEntry, 'details' | 'code'> {
  const { details, code } = explain(new PlatenError('clock-not-set', ''), { transactionKept: false })
  return { details, code }
}
