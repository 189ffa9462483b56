import * as Plot from '@observablehq/plot'
import type { MeasuredInterval, Outcome } from '../../verdicts/index.js'
import { html, nothing, type Markup } from './markup.js'
import { axisUnit, spellNumber } from './numbers.js'
import { figure, fullWidth } from './plot.js'

const most = 30

/** Symbols that tell outcomes apart without colour. */
const symbols: Readonly<Record<Outcome, 'circle' | 'times' | 'diamond'>> = { pass: 'circle', fail: 'times', inconclusive: 'diamond' }
const colours: Readonly<Record<Outcome, string>> = { pass: 'var(--pass)', fail: 'var(--fail)', inconclusive: 'var(--open)' }

interface Row {
  readonly name: string
  readonly low: number
  readonly middle: number
  readonly high: number
  /** Width of the promise. */
  readonly room: number
  readonly outcome: Outcome
}

/** Each measured interval as a bar with its error, against what was promised for it. */
export function intervalFigure(intervals: readonly MeasuredInterval[]): Markup {
  if (intervals.length === 0) return nothing
  const chosen = mostTelling(intervals)
  const farthest = chosen.reduce((far, { measured, promise }) => Math.max(far, Math.abs(measured.low - promise.low), Math.abs(measured.high - promise.low), promise.high - promise.low), 0)
  const { unit, size } = axisUnit(farthest)
  const rows = chosen.map((interval): Row => row(interval, size, chosen))
  const counts = (['pass', 'fail', 'inconclusive'] as const).map((outcome) => intervals.filter((interval) => interval.outcome === outcome).length)
  const shown = intervals.length > chosen.length ? ` ${chosen.length} of ${spellNumber(intervals.length)} are drawn: those that did not pass, then those nearest to an edge.` : ''
  return figure(
    'Measured intervals against the promise',
    `${intervals.length} measured intervals with error bars: ${counts[0] ?? 0} inside the promise, ${counts[1] ?? 0} outside or not promised, ${counts[2] ?? 0} across an edge.`,
    html`Bars run over all that the error bound leaves possible. <span class="key band"></span> promised · <b class="is-pass">●</b> inside · <b class="is-fail">✕</b> outside, or not promised at all · <b class="is-inconclusive">◆</b> across an edge, inconclusive.${shown}`,
    fullWidth,
    (width) => ({
      height: 72 + rows.length * 26,
      marginLeft: width < 400 ? 84 : 150,
      marginBottom: 42,
      x: { labelOffset: 38, label: `${unit} after the earliest promised moment →`, grid: true, nice: true, ...(width < 400 ? { ticks: 4 } : {}) },
      y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0, tickFormat: (name: string) => (width < 400 && name.length > 13 ? `${name.slice(0, 12)}…` : name) },
      marks: [
        Plot.barX(rows, { y: 'name', x1: 0, x2: 'room', fill: 'var(--band)' }),
        Plot.ruleX([0], { stroke: 'var(--model)', strokeDasharray: '6 4' }),
        Plot.link(rows, { y1: 'name', y2: 'name', x1: 'low', x2: 'high', stroke: ({ outcome }: Row) => colours[outcome], strokeWidth: 3 }),
        Plot.tickX(rows, { y: 'name', x: 'low', stroke: ({ outcome }: Row) => colours[outcome], strokeWidth: 2, insetTop: 5, insetBottom: 5 }),
        Plot.tickX(rows, { y: 'name', x: 'high', stroke: ({ outcome }: Row) => colours[outcome], strokeWidth: 2, insetTop: 5, insetBottom: 5 }),
        ...(['pass', 'fail', 'inconclusive'] as const).map((outcome) =>
          Plot.dot(rows.filter((one) => one.outcome === outcome), { y: 'name', x: 'middle', symbol: symbols[outcome], r: 5, fill: outcome === 'fail' ? 'none' : colours[outcome], stroke: colours[outcome], strokeWidth: 2 })),
      ],
    }),
  )
}

function row({ label, board, measured, promise, outcome }: MeasuredInterval, size: number, all: readonly MeasuredInterval[]): Row {
  const boards = new Set(all.map((interval) => interval.board)).size
  const [low, high] = [(measured.low - promise.low) / size, (measured.high - promise.low) / size]
  return { name: boards > 1 && board !== undefined ? `${label}, ${board}` : label, low, middle: (low + high) / 2, high, room: (promise.high - promise.low) / size, outcome }
}

/** Those that did not pass, then the ones nearest to an edge of their promise; in the order they came. */
function mostTelling(intervals: readonly MeasuredInterval[]): readonly MeasuredInterval[] {
  const slack = ({ measured, promise, outcome }: MeasuredInterval): number =>
    (outcome === 'pass' ? Math.min(measured.low - promise.low, promise.high - measured.high) : -Infinity)
  const chosen = new Set([...intervals].sort((a, b) => slack(a) - slack(b)).slice(0, most))
  return intervals.filter((interval) => chosen.has(interval))
}
