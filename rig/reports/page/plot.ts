import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { html, trusted, type Markup } from './markup.js'

/** Widths in px that a figure is drawn for; the page shows the one that fits, so that its text keeps its size. */
export interface Widths {
  readonly wide: number
  readonly narrow: number
}

export const fullWidth: Widths = { wide: 1040, narrow: 330 }
export const halfWidth: Widths = { wide: 505, narrow: 330 }

/** Draws one figure. What it shows must also be said in `label`, for those who do not see it. */
export function figure(title: string, label: string, caption: Markup, widths: Widths, options: (width: number) => Plot.PlotOptions): Markup {
  const drawing = (kind: 'wide' | 'narrow'): Markup => html`<div class="${kind}">${draw(options(widths[kind]), widths[kind], label)}</div>`
  return html`<figure><h4>${title}</h4>${drawing('wide')}${drawing('narrow')}<figcaption>${caption}</figcaption></figure>`
}

function draw(options: Plot.PlotOptions, width: number, label: string): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({ ...options, width, document, style: { fontSize: '12px' } })
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  svg.querySelector('style')?.remove()
  return trusted(shorten(svg.outerHTML))
}

/** Two decimals are enough for a pixel; the page is a third of the size. Only attributes of numbers are touched. */
function shorten(svg: string): string {
  return svg.replace(/ (d|transform|x|y|x1|x2|y1|y2|width|height|cx|cy|r)="([^"]*)"/g, (_, name: string, value: string) =>
    ` ${name}="${value.replace(/\d+\.\d{3,}/g, (digits) => Number(digits).toFixed(2))}"`)
}
