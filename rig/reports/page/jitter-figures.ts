import * as Plot from '@observablehq/plot'
import { binCounts, jitterBins, jitterRange, ksCritical, spellChance } from '../../verdicts/index.js'
import { html, type Markup } from './markup.js'
import { spellNumber } from './numbers.js'
import { figure, halfWidth } from './plot.js'

const span = jitterRange.high
const axis = { labelOffset: 38, label: 'jitter, s →', domain: [0, span], ticks: [0, 100, 200, 300, 400, 500, 600] }

/** How the samples lie against the model: distribution function with its band, and histogram. */
export function jitterFigures(samples: readonly number[], alpha: number): Markup {
  return html`<div class="pair">${distribution(samples, alpha)}${histogram(samples)}</div>`
}

function distribution(samples: readonly number[], alpha: number): Markup {
  const reach = ksCritical(samples.length, alpha)
  const steps = ecdf(samples)
  const inside = steps.every(({ jitter, share }) => Math.abs(share - Math.min(span, Math.max(0, jitter)) / span) <= reach)
  // Corners where the band meets 0 and 1, so that it is cut off there, not bent.
  const band = [0, reach * span, (1 - reach) * span, span].filter((corner) => corner >= 0 && corner <= span).sort((a, b) => a - b).map((jitter) => ({ jitter, low: Math.max(0, jitter / span - reach), high: Math.min(1, jitter / span + reach) }))
  const says = inside ? 'The samples stay inside the band.' : 'The samples leave the band.'
  return figure(
    'Share of samples up to a jitter',
    `Empirical distribution function of ${samples.length} jitters from 0 to 600 seconds against the uniform model. ${says}`,
    html`<span class="key line-observed"></span> samples, n = ${spellNumber(samples.length)} · <span class="key line-model"></span> uniform model · <span class="key band"></span> where a fair board stays except with chance <span class="whole-word">α ${spellChance(alpha)}</span> (KS). ${says}`,
    halfWidth,
    (width) => ({
      height: Math.min(300, width * 0.8),
      marginLeft: 44,
      marginBottom: 42,
      x: axis,
      y: { label: '↑ share of samples', domain: [0, 1], grid: true },
      marks: [
        Plot.areaY(band, { x: 'jitter', y1: 'low', y2: 'high', fill: 'var(--band)' }),
        Plot.line(band, { x: 'jitter', y: ({ jitter }: { jitter: number }) => jitter / span, stroke: 'var(--model)', strokeDasharray: '6 4', strokeWidth: 1.5 }),
        Plot.line(steps, { x: 'jitter', y: 'share', curve: 'step-after', stroke: 'var(--observed)', strokeWidth: 2 }),
      ],
    }),
  )
}

function ecdf(samples: readonly number[]): readonly { readonly jitter: number; readonly share: number }[] {
  const sorted = [...samples].sort((a, b) => a - b)
  const steps = sorted.flatMap((jitter, at) => (sorted[at + 1] === jitter ? [] : [{ jitter, share: (at + 1) / sorted.length }]))
  return [{ jitter: 0, share: 0 }, ...steps, { jitter: span, share: steps.at(-1)?.share ?? 0 }]
}

function histogram(samples: readonly number[]): Markup {
  const width = span / jitterBins
  const counts = binCounts(samples.map((sample) => Math.min(span, Math.max(1, Math.round(sample)))))
  const bins = counts.map((count, at) => ({ from: at * width, to: (at + 1) * width, count }))
  const expected = samples.length / jitterBins
  return figure(
    `Samples in ${jitterBins} equal bins`,
    `Histogram of the jitters in ${jitterBins} bins of ${width} seconds: from ${Math.min(...counts)} to ${Math.max(...counts)} samples in a bin, ${expected.toFixed(1)} expected.`,
    html`<span class="key bar"></span> samples in each ${width} s · <span class="key line-model"></span> expected: ${spellNumber(expected)}. Fewest ${Math.min(...counts)}, most ${Math.max(...counts)}.`,
    halfWidth,
    (drawn) => ({
      height: Math.min(300, drawn * 0.8),
      marginLeft: 44,
      marginBottom: 42,
      x: axis,
      y: { label: '↑ samples', grid: true, nice: true },
      marks: [
        Plot.rectY(bins, { x1: 'from', x2: 'to', y: 'count', fill: 'var(--bar)', insetLeft: 0.5, insetRight: 0.5 }),
        Plot.ruleY([expected], { stroke: 'var(--model)', strokeDasharray: '6 4', strokeWidth: 1.5 }),
        Plot.ruleY([0]),
      ],
    }),
  )
}
