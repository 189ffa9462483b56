import { html, style, trusted, type Markup } from '../reports/index.js'
import type { CheckOutcome } from './check.js'
import { outcomeSigns, verdictOf, type CheckResult, type ConformanceRecord } from './record.js'

const own = `
.is-unobservable { color: var(--soft); --own-sheet: var(--sheet) }
pre { margin: 6px 0 0; padding: 8px 12px; background: var(--sheet); border: 1px solid var(--line); border-radius: 6px; font: .8rem/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere }
.check { border-top: 1px solid var(--line); padding: 12px 0 } .check:first-of-type { border-top: 0 } .check p { margin: 4px 0 0 }
`

/** The record as one page that needs nothing else: no script, no file beside it, no network. */
export function conformancePage(record: ConformanceRecord): string {
  const verdict = verdictOf(record)
  const { sign, word } = outcomeSigns[verdict]
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>${sign} SCEP conformance: ${word}</title><style>${trusted(style + own)}</style></head>
<body><header><div>
<h1>Platen rig: SCEP conformance</h1>
<div class="outcome is-${verdict}" role="status"><span aria-hidden="true">${sign}</span> ${headline(record)}</div>
<dl class="facts"><div class="whole"><dt>Client</dt><dd><code>${record.subject}</code></dd></div>
<div><dt>Date</dt><dd>${new Date(record.startedAt).toISOString().replace(/\.\d+Z/u, ' UTC').replace('T', ' ')}</dd></div><div><dt>Seed</dt><dd><code>${record.seed}</code></dd></div>
<div><dt>Took</dt><dd>${Math.round(record.took / 1000)} s</dd></div><div class="whole"><dt>Again</dt><dd><code>${record.replay}</code></dd></div></dl>
</div></header>
<main><section>${table(record)}</section>
${record.rules.map(({ rule, statement, outcome, checks }) => html`<section id="${rule}"><h2>${rule} ${chip(outcome)}</h2><p class="promise">${statement}</p>${checks.map(details)}</section>`)}
<footer>“Not observable” is what this client shows nothing of from outside; it counts neither for nor against it.</footer></main></body></html>
`.markup
}

function headline({ rules }: ConformanceRecord): string {
  const count = (outcome: CheckOutcome): number => rules.filter((rule) => rule.outcome === outcome).length
  const parts = (['pass', 'fail', 'inconclusive', 'unobservable'] as const).filter((outcome) => count(outcome) > 0)
  return `${rules.length} rules: ${parts.map((outcome) => `${count(outcome)} ${outcomeSigns[outcome].word}`).join(', ')}`
}

function table({ rules }: ConformanceRecord): Markup {
  return html`<table class="cards"><caption>The rules of scep.md</caption>
    <thead><tr><th scope="col">Rule</th><th scope="col">Outcome</th><th scope="col">Statement</th><th scope="col">Checks</th></tr></thead>
    <tbody>${rules.map(({ rule, outcome, statement, checks }) => html`<tr>
      <td data-head="Rule"><a href="#${rule}">${rule}</a></td><td data-head="Outcome">${chip(outcome)}</td><td data-head="Statement">${statement}</td>
      <td data-head="Checks">${checks.map((check) => html`<div><span aria-hidden="true">${outcomeSigns[check.outcome].sign}</span> ${check.name}</div>`)}</td></tr>`)}</tbody></table>`
}

function details({ name, outcome, expectation, reason, script, through, transcript }: CheckResult): Markup {
  return html`<div class="check"><h4>${name} ${chip(outcome)}</h4><p>${expectation}</p><p>Found: ${reason}</p>
    <p>The server: ${script === 'none' ? 'behaves' : html`<code>${script}</code>`}. Through: ${through}.</p>
    ${transcript.length === 0 ? html`` : html`<pre>${transcript.join('\n')}</pre>`}</div>`
}

function chip(outcome: CheckOutcome): Markup {
  const { sign, word } = outcomeSigns[outcome]
  return html`<span class="chip is-${outcome}"><span aria-hidden="true">${sign}</span> ${word}</span>`
}
