import * as Plot from '@observablehq/plot'
import type { RequestTimeline } from '../run-record.js'
import { html, nothing, type Markup } from './markup.js'
import { axisUnit, spellNumber } from './numbers.js'
import { figure, fullWidth } from './plot.js'

const most = 24

interface Event {
  readonly row: string
  readonly at: number
}

/** A row for each request: due, jitter, sent, answered, polls; all counted from its own due time. */
export function requestFigure(requests: readonly RequestTimeline[]): Markup {
  if (requests.length === 0) return nothing
  const chosen = spread(requests)
  const name = namer(chosen)
  const last = (request: RequestTimeline): number => Math.max(0, ...[request.sent, request.answered, ...request.polls.flatMap((poll) => [poll.sent, poll.answered])].map((at) => (at ?? request.due) - request.due))
  const { unit, size } = axisUnit(Math.max(...chosen.map(last)))
  const events = (pick: (request: RequestTimeline) => readonly (number | undefined)[]): readonly Event[] =>
    chosen.flatMap((request) => pick(request).flatMap((at) => (at === undefined ? [] : [{ row: name(request), at: (at - request.due) / size }])))
  const waits = chosen.flatMap((request) => (request.sent === undefined ? [] : [{ row: name(request), to: (request.sent - request.due) / size }]))
  const follows = chosen.filter(({ polls }) => polls.length > 0).map((request) => ({ row: name(request), from: ((request.sent ?? request.due) - request.due) / size, to: last(request) / size }))
  const polls = requests.reduce((sum, request) => sum + request.polls.length, 0)
  const answeredPolls = events((request) => request.polls.filter(({ answered }) => answered !== undefined).map(({ sent }) => sent))
  const lonePolls = events((request) => request.polls.filter(({ answered }) => answered === undefined).map(({ sent }) => sent))
  const unsent = requests.filter(({ sent }) => sent === undefined).length
  return figure(
    'Requests, each from its due time',
    `Timelines of ${chosen.length} of ${requests.length} requests: due, jitter, sent, answered and ${polls} polls; ${unsent} were never sent.`,
    html`<span class="key line-due"></span> due · <span class="key line-model"></span> jitter · <b class="is-observed">●</b> sent · <b>○</b> answered · <b class="is-observed">◆</b> poll, answered · <b class="is-observed">◇</b> poll without an answer.${chosen.length < requests.length ? ` ${chosen.length} of ${spellNumber(requests.length)} requests are drawn, evenly chosen.` : ''}${unsent === 0 ? '' : ` ${spellNumber(unsent)} ${unsent === 1 ? 'was' : 'were'} never sent.`}`,
    fullWidth,
    (width) => ({
      height: 72 + chosen.length * 22,
      marginLeft: width < 400 ? 84 : 150,
      marginBottom: 42,
      x: { labelOffset: 38, label: `${unit} after the due time →`, grid: true, nice: true, zero: true, ...(width < 400 ? { ticks: 4 } : {}) },
      y: { label: null, domain: chosen.map(name), tickSize: 0, tickFormat: (row: string) => (width < 400 && row.length > 13 ? `${row.slice(0, 12)}…` : row) },
      marks: [
        Plot.ruleX([0], { strokeWidth: 2 }),
        Plot.link(waits, { y1: 'row', y2: 'row', x1: 0, x2: 'to', stroke: 'var(--model)', strokeDasharray: '4 3', strokeWidth: 1.5 }),
        Plot.link(follows, { y1: 'row', y2: 'row', x1: 'from', x2: 'to', stroke: 'var(--observed)', strokeWidth: 1 }),
        Plot.dot(events(({ answered }) => [answered]), { y: 'row', x: 'at', r: 6, stroke: 'currentColor', strokeWidth: 1.5 }),
        Plot.dot(events(({ sent }) => [sent]), { y: 'row', x: 'at', r: 3.5, fill: 'var(--observed)' }),
        Plot.dot(answeredPolls, { y: 'row', x: 'at', r: 4.5, symbol: 'diamond', fill: 'var(--observed)' }),
        Plot.dot(lonePolls, { y: 'row', x: 'at', r: 4.5, symbol: 'diamond', fill: 'var(--paper)', stroke: 'var(--observed)', strokeWidth: 1.5 }),
      ],
    }),
  )
}

/** Rows need names of their own, as short as they can be. */
function namer(requests: readonly RequestTimeline[]): (request: RequestTimeline) => string {
  const alone = (pick: (request: RequestTimeline) => string): boolean => new Set(requests.map(pick)).size === requests.length
  if (alone(({ label }) => label)) return ({ label }) => label
  if (alone(({ board }) => board)) return ({ board }) => board
  return (request) => `${request.board}, ${request.label}`
}

/** All that were never sent first, then evenly chosen ones, in the order they came. */
function spread(requests: readonly RequestTimeline[]): readonly RequestTimeline[] {
  if (requests.length <= most) return requests
  const missing = requests.filter(({ sent }) => sent === undefined).slice(0, most / 2)
  const rest = requests.filter(({ sent }) => sent !== undefined)
  const room = most - missing.length
  const chosen = new Set([...missing, ...Array.from({ length: Math.min(room, rest.length) }, (_, at) => rest[Math.floor((at * rest.length) / room)])])
  return requests.filter((request) => chosen.has(request))
}
