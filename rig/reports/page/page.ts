import { spell, spellChance, type RunOutcome } from '../../verdicts/index.js'
import { outcomeOfRun, outcomeOfScenario, outcomeWords } from '../outcome.js'
import type { RunRecord, ScenarioResult, Trouble } from '../run-record.js'
import { intervalFigure } from './interval-figure.js'
import { jitterFigures } from './jitter-figures.js'
import { html, nothing, trusted, type Markup } from './markup.js'
import { countOf, spellBound, spellClock, spellDate, spellNumber } from './numbers.js'
import { requestFigure } from './request-figure.js'
import { style } from './style.js'
import { swapSection } from './swap-figure.js'
import { chip, command, intervalTable, requestTable, stepTable, summaryTable, verdictTable } from './tables.js'

/**
 * The run as one HTML page that needs nothing else: no script, no file beside it, no network. Made only from the
 * record, so that the same record gives the same page.
 */
export function htmlPage(run: RunRecord): string {
  const outcome = outcomeOfRun(run)
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>${outcomeWords[outcome].sign} ${run.title}: ${outcomeWords[outcome].word}</title><style>${trusted(style)}</style></head>
<body><header><div>
<h1>Platen rig report: ${run.title}</h1>
<div class="outcome is-${outcome}" role="status"><span aria-hidden="true">${outcomeWords[outcome].sign}</span> ${headline(run, outcome)}${tally(run)}</div>
${runFacts(run)}
</div></header>
<main>${run.troubles.map(troubleBox)}
<section>${summaryTable(run)}</section>
${run.scenarios.map((scenario, at) => scenarioSection(run, scenario, at + 1))}
<footer>Made from the record of this run alone. The JSON lines beside this page hold every number.</footer></main></body></html>
`
  return page.markup
}

function headline(run: RunRecord, outcome: RunOutcome): string {
  const all = run.scenarios.length
  const such = run.scenarios.filter((scenario) => outcomeOfScenario(scenario) === outcome).length
  if (all === 0 && outcome !== 'infrastructure') return 'Nothing was judged.'
  const one = { pass: 'The promise was kept.', fail: 'The promise was broken.', inconclusive: 'The promise could not be decided.', infrastructure: 'The promise could not be judged: trouble with the rig.' }
  if (all === 1 && such === 1) return one[outcome]
  switch (outcome) {
    case 'pass':
      return `All ${spellNumber(all)} promises were kept.`
    case 'fail':
      return `${spellNumber(such)} of ${countOf(all, 'promise')} ${such === 1 ? 'was' : 'were'} broken.`
    case 'inconclusive':
      return `${spellNumber(such)} of ${countOf(all, 'promise')} could not be decided.`
    case 'infrastructure':
      return such === 0 ? 'The rig had trouble, so this run decides nothing.' : `${spellNumber(such)} of ${countOf(all, 'promise')} could not be judged: trouble with the rig.`
  }
}

function tally(run: RunRecord): Markup {
  const parts = (['fail', 'infrastructure', 'inconclusive', 'pass'] as const).flatMap((outcome) => {
    const such = run.scenarios.filter((scenario) => outcomeOfScenario(scenario) === outcome)
    if (such.length === 0) return []
    const word = outcome === 'infrastructure' ? 'not judged' : outcomeWords[outcome].word
    return [`${spellNumber(such.length)} ${word}${outcome === 'pass' ? '' : ` (${such.map(({ name }) => name).join(', ')})`}`]
  })
  return parts.length === 0 ? nothing : html`<p>${parts.join(' · ')}</p>`
}

function runFacts(run: RunRecord): Markup {
  const worst = run.scenarios.map(({ bound }) => bound).sort((a, b) => b.total - a.total)[0]
  return factList([
    ['Started', spellDate(run.startedAt)],
    ['Took', spell(run.took)],
    ['Clock', spellClock(run.clock)],
    ['Largest error bound', worst === undefined ? 'nothing was measured' : spellBound(worst)],
    ['Chance of a false alarm', `α ${spellChance(run.alpha)} for the whole run`],
    ['Seed', html`<code>${run.seed}</code>`],
    ...Object.entries(run.host).map(([name, value]) => [name, value] as const),
  ], run.replay)
}

function scenarioSection(run: RunRecord, scenario: ScenarioResult, number: number): Markup {
  const { name, promise, clock, bound, seed, boards, replay, took, simulated, trouble, verdicts, jitterSamples, intervals, requests, swaps = [], steps } = scenario
  return html`<section id="s${number}" aria-labelledby="h${number}"><h2 id="h${number}">${name} ${chip(outcomeOfScenario(scenario))}</h2>
<p class="promise">${promise}</p>
${factList([
    ['Clock', spellClock(clock)],
    ['Error bound', spellBound(bound)],
    ['Boards', boards.length <= 3 ? boards.join(', ') : `${spellNumber(boards.length)}, ${boards[0] ?? ''} to ${boards.at(-1) ?? ''}`],
    ['Time covered', `${spell(simulated)} in ${spell(took)}`],
    ['Seed', html`<code>${seed}</code>`],
  ], replay)}
${trouble === undefined ? nothing : troubleBox(trouble)}
${trouble !== undefined && verdicts.length === 0 ? nothing : verdictTable(verdicts)}
${jitterSamples === undefined || jitterSamples.length === 0 ? nothing : jitterFigures(jitterSamples, run.alpha)}
${swapSection(swaps)}
${intervalFigure(intervals)}${requestFigure(requests)}
${intervalTable(intervals)}${requestTable(requests)}${stepTable(steps)}
</section>`
}

function troubleBox({ code, message, fix }: Trouble): Markup {
  return html`<div class="trouble is-infrastructure"><b><span aria-hidden="true">!</span> Trouble with the rig, not with the board</b><p>${message} <code>[${code}]</code></p>${fix === '' ? nothing : html`<p>${fix}</p>`}</div>`
}

function factList(facts: readonly (readonly [string, string | Markup])[], replay: string): Markup {
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}<div class="whole"><dt>Run exactly this again</dt><dd>${command(replay)}</dd></div></dl>`
}
