import type { Step } from '../../steps/index.js'
import { combine, spell, spellChance, spellInterval, type MeasuredInterval, type RunOutcome, type Verdict } from '../../verdicts/index.js'
import { outcomeOfScenario, outcomeWords } from '../outcome.js'
import type { RequestTimeline, RunRecord, ScenarioResult } from '../run-record.js'
import { html, nothing, prose, type Markup } from './markup.js'
import { countOf, spellBound, spellNumber } from './numbers.js'

/** Longer tables are cut: all of it is in the JSON lines. */
const most = 200

export function chip(outcome: RunOutcome): Markup {
  const { sign, word } = outcomeWords[outcome]
  return html`<span class="chip is-${outcome}"><span aria-hidden="true">${sign}</span> ${outcome === 'infrastructure' ? 'not judged' : word}</span>`
}

/** A command line that wraps between its words only. */
export function command(line: string): Markup {
  return html`<code class="command">${line.split(' ').map((word) => html`<span>${word}</span> `)}</code>`
}

/** One row a scenario: outcome, what was found, seed and the line to replay it. */
export function summaryTable(run: RunRecord): Markup {
  const rows = run.scenarios.map((scenario, at) => html`<tr>
    <td data-head="Outcome">${chip(outcomeOfScenario(scenario))}</td>
    <td data-head="Promise"><a href="#s${at + 1}">${scenario.name}</a><p>${scenario.promise}</p></td>
    <td data-head="Found">${found(scenario)}</td>
    <td data-head="Seed"><code>${scenario.seed}</code></td>
    <td data-head="Replay">${command(scenario.replay)}</td>
  </tr>`)
  return html`<table class="cards"><caption>All scenarios of this run</caption>
    <thead><tr><th scope="col">Outcome</th><th scope="col">Promise</th><th scope="col">Found</th><th scope="col">Seed</th><th scope="col">Replay</th></tr></thead>
    <tbody>${rows}</tbody></table>`
}

function found(scenario: ScenarioResult): Markup {
  if (scenario.trouble !== undefined) return html`${scenario.trouble.message}`
  const outcome = combine(scenario.verdicts.map((verdict) => verdict.outcome))
  const telling = scenario.verdicts.find((verdict) => verdict.outcome === outcome)
  if (telling === undefined) return html`no verdict was given`
  const sure = scenario.verdicts.filter((verdict) => verdict.outcome === 'pass').length
  return html`${prose(telling.reason)}<p>${sure} of ${countOf(scenario.verdicts.length, 'verdict')} passed</p>`
}

/** What was judged, one row a verdict, with the numbers that decided. */
export function verdictTable(verdicts: readonly Verdict[]): Markup {
  if (verdicts.length === 0) return html`<p>No verdict was given.</p>`
  return html`<table class="cards"><caption>Verdicts</caption>
    <thead><tr><th scope="col">Outcome</th><th scope="col">Promise</th><th scope="col">Found</th><th scope="col">Numbers</th><th scope="col">Certainty</th></tr></thead>
    <tbody>${verdicts.map(verdictRow)}</tbody></table>`
}

function verdictRow(verdict: Verdict): Markup {
  const numbers = Object.entries(verdict.evidence).map(([name, value]) => html`<div><dt>${name}</dt><dd>${spellNumber(value)}</dd></div>`)
  return html`<tr>
    <td data-head="Outcome">${chip(verdict.outcome)}</td>
    <td data-head="Promise"><b>${verdict.name}</b><p>${prose(verdict.promise)}</p></td>
    <td data-head="Found">${prose(verdict.reason)}</td>
    <td data-head="Numbers"><dl class="numbers">${numbers}</dl></td>
    <td data-head="Certainty">${certainty(verdict)}</td>
  </tr>`
}

function certainty({ bound, test, power }: Verdict): Markup {
  const powers = (power ?? []).map(({ alternative, chance }) => html`<div><dt>catches ${alternative}</dt><dd>${spellPower(chance)}</dd></div>`)
  const levels = test === undefined ? nothing : html`
    <div><dt>p-value</dt><dd>${spellChance(test.pValue).replace('= ', '')}</dd></div>
    <div><dt>Holm’s level</dt><dd>${spellNumber(test.level)}</dd></div>`
  return html`${bound === undefined ? nothing : html`<p class="bound">Error bound: ${spellBound(bound)}</p>`}<dl class="numbers">${levels}${powers}</dl>`
}

function spellPower(chance: number): string {
  if (chance >= 0.9999) return '> 99.99 %'
  return chance < 0.0001 ? '< 0.01 %' : `${(chance * 100).toFixed(chance > 0.99 ? 2 : 1)} %`
}

export function intervalTable(intervals: readonly MeasuredInterval[]): Markup {
  return folded('Measured intervals', intervals, ['Outcome', 'Interval', 'Board', 'Measured', 'Promised', 'Error bound'], ({ outcome, label, board, measured, promise, bound }) =>
    html`<tr><td>${chip(outcome)}</td><td>${label}</td><td>${board ?? ''}</td><td>${spellInterval(measured)}</td><td>${spellInterval(promise)}</td><td>${spellBound(bound)}</td></tr>`)
}

export function requestTable(requests: readonly RequestTimeline[]): Markup {
  return folded('Requests', requests, ['Board', 'Request', 'Due', 'Jitter', 'Sent', 'Answered after', 'Polls', 'Result'], ({ board, label, due, jitter, sent, answered, polls, result }) =>
    html`<tr><td>${board}</td><td>${label}</td><td>${spell(due)}</td><td>${jitter === undefined ? 'none' : spellInterval(jitter)}</td><td>${sent === undefined ? 'never' : spell(sent)}</td><td>${sent === undefined || answered === undefined ? 'no answer' : spell(answered - sent)}</td><td>${polls.length}</td><td>${result}</td></tr>`)
}

export function stepTable(steps: readonly Step[]): Markup {
  return folded('Steps', steps, ['No.', 'At', 'Step', 'Outcome', 'Took', 'Shown'], ({ number, startedAt, name, facts, outcome, took, notes, error }) => {
    const given = Object.entries(facts).map(([key, value]) => `${key} ${value}`).join(', ')
    return html`<tr><td>${number}</td><td>${spell(startedAt)}</td><td>${name}${given === '' ? '' : ` (${given})`}</td><td>${chip(outcome === 'passed' ? 'pass' : outcome === 'failed' ? 'fail' : 'inconclusive')}</td><td>${spell(took)}</td><td>${[...notes, ...(error === undefined ? [] : [`${error.message} [${error.code}]`])].join('; ')}</td></tr>`
  })
}

/** A table that a reader opens when it is wanted, and that scrolls in its own box. */
function folded<Row>(name: string, rows: readonly Row[], heads: readonly string[], row: (value: Row) => Markup): Markup {
  if (rows.length === 0) return nothing
  const cut = rows.length > most ? html`<p>The first ${most} of ${spellNumber(rows.length)}; all of them are in the JSON lines.</p>` : nothing
  return html`<details><summary>${name} (${spellNumber(rows.length)})</summary>${cut}<div class="scroll" tabindex="0" role="region" aria-label="${name}">
    <table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.slice(0, most).map(row)}</tbody></table></div></details>`
}
