import * as Plot from '@observablehq/plot'
import { spell, spellInterval } from '../../verdicts/index.js'
import type { SwapLoad, SwapTimeline } from '../run-record.js'
import { html, nothing, prose, type Markup } from './markup.js'
import { spellBound, spellNumber } from './numbers.js'
import { figure, fullWidth } from './plot.js'

/** A request shorter than this share of the axis could not be seen. */
const leastWidth = 1 / 400

type Ended = SwapLoad['requests'][number]['ended']

const colours: Readonly<Record<Ended, string>> = { old: 'var(--model)', new: 'var(--observed)', served: 'var(--observed)', lost: 'var(--fail)' }
/** Half a row from above or below, so that nothing is told by colour alone. */
const insets: Readonly<Record<Ended, { readonly insetTop: number; readonly insetBottom: number }>> = {
  old: { insetTop: 2, insetBottom: 17 }, new: { insetTop: 17, insetBottom: 2 }, served: { insetTop: 10, insetBottom: 10 }, lost: { insetTop: 2, insetBottom: 2 },
}

/** Every exchange that was watched: what it cost each load, and a drawing of each. */
export function swapSection(swaps: readonly SwapTimeline[]): Markup {
  if (swaps.length === 0) return nothing
  return html`${swapTable(swaps)}${swaps.map((swap, at) => swapFigure(swap, swaps.length > 1 ? ` (${at + 1})` : ''))}`
}

/** One row for each load of each exchange. */
function swapTable(swaps: readonly SwapTimeline[]): Markup {
  const rows = swaps.flatMap((swap) => swap.loads.map((load) => html`<tr>
    <td data-head="Use"><b>${swap.use}</b><p>${swap.board}, ${swap.outcome}</p></td>
    <td data-head="Serial numbers, old and new"><code>${swap.oldSerial}</code><p><code>${swap.newSerial}</code></p></td>
    <td data-head="Swap time">${swap.took === undefined ? 'no probe passed' : prose(spellInterval(tenths(swap.took)))}</td>
    <td data-head="Load">${load.name}<p>${prose(`${spellNumber(load.lost)} of ${spellNumber(load.asked)} requests lost`)}</p></td>
    <td data-head="Service gap">${prose(spellInterval(tenths(load.gap)))}<p class="bound">${prose(spellBound(load.bound))}</p></td>
  </tr>`))
  return html`<table class="cards"><caption>Exchanges of keys: swap time from certificate received to probe passed, and service gap</caption>
    <thead><tr><th scope="col">Use</th><th scope="col">Serials</th><th scope="col">Swap time</th><th scope="col">Load</th><th scope="col">Service gap</th></tr></thead>
    <tbody>${rows}</tbody></table>`
}

function swapFigure({ use, applied, probed, loads }: SwapTimeline, number: string): Markup {
  const requests = loads.flatMap(({ name, requests: own }) => own.map((request) => ({ row: name, ...request })))
  if (requests.length === 0) return nothing
  const [low, high] = [Math.min(0, ...requests.map(({ started }) => started)), Math.max(probed ?? 0, ...requests.map(({ started, took }) => started + took))]
  const least = (high - low) * leastWidth
  const lost = loads.reduce((sum, load) => sum + load.lost, 0)
  const gaps = loads.map(({ name, gap }) => `${name}: ${spellInterval(tenths(gap))}`).join('; ')
  const marks = [{ at: 0, word: 'received' }, ...(applied === undefined ? [] : [{ at: applied, word: 'applied' }]), ...(probed === undefined ? [] : [{ at: probed, word: 'probed' }])]
  return figure(
    `Exchange of the key of ${use}${number}`,
    `Requests of ${loads.length} loads around the moment at which the certificate was received; ${lost} were lost. Service gaps: ${gaps}.`,
    html`Each bar is a request. Above: served with the old certificate · <b class="is-observed">below: with the new</b> (in the middle where the peer does not tell) · <b class="is-fail">full height: lost</b> · <span class="key band"></span> the longest time in which nothing is known to be served. Lines: ${marks.map(({ at, word }) => `${word} ${spell(Number(at.toFixed(1)))}`).join(', ')}, by the board’s clock.`,
    fullWidth,
    (width) => ({
      height: 66 + loads.length * 36,
      marginLeft: width < 400 ? 100 : 150,
      marginBottom: 42,
      x: { domain: [low, high], labelOffset: 38, label: 'ms after the certificate was received →', grid: true, ...(width < 400 ? { ticks: 4 } : {}) },
      y: { label: null, domain: loads.map(({ name }) => name), tickSize: 0, tickFormat: (row: string) => (width < 400 && row.length > 16 ? `${row.slice(0, 15)}…` : row) },
      marks: [
        Plot.barX(loads.map(({ name, between }) => ({ row: name, from: Math.max(low, between.low), to: Math.min(high, between.high) })), { y: 'row', x1: 'from', x2: 'to', fill: 'var(--band)' }),
        ...(['old', 'new', 'served', 'lost'] as const).map((ended) => Plot.barX(requests.filter((request) => request.ended === ended), {
          y: 'row', x1: 'started', x2: ({ started, took }: { readonly started: number; readonly took: number }) => started + Math.max(least, took), fill: colours[ended], ...insets[ended],
        })),
        Plot.ruleX(marks, { x: 'at', stroke: 'currentColor', strokeWidth: 1.5, strokeDasharray: '5 3' }),
      ],
    }),
  )
}

function tenths({ low, high }: { readonly low: number; readonly high: number }): { readonly low: number; readonly high: number } {
  return { low: Math.floor(low * 10) / 10, high: Math.ceil(high * 10) / 10 }
}
