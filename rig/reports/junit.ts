import { create } from 'xmlbuilder2'
import { spell, spellInterval, type Verdict } from '../verdicts/index.js'
import type { RunRecord, ScenarioResult, SwapTimeline, Trouble } from './run-record.js'

type Element = Readonly<Record<string, unknown>>

/**
 * The run as JUnit XML: a scenario is a suite, a verdict a test case.
 *
 * - a promise that was not kept is a `failure` of type `fail`;
 * - what could not be decided is a `failure` of type `inconclusive`: `skipped` would show as green in most viewers, and
 *   what is not proven must never look like a pass;
 * - trouble with the rig is an `error` with the trouble's code as its type, not a failure.
 */
export function junit(run: RunRecord): string {
  const startedAt = new Date(run.startedAt).toISOString().slice(0, 19)
  const suites = run.scenarios.map((scenario, id) => suite(run, scenario, id, startedAt))
  const own = run.troubles.length === 0 ? [] : [troubleSuite(run, suites.length, startedAt)]
  const root = { testsuites: { testsuite: [...suites, ...own] } }
  return `${create({ version: '1.0', encoding: 'UTF-8' }, clean(root) as Element).end({ prettyPrint: true })}\n`
}

function suite(run: RunRecord, scenario: ScenarioResult, id: number, startedAt: string): Element {
  const failures = scenario.verdicts.filter(({ outcome }) => outcome !== 'pass').length
  const troubled = scenario.trouble === undefined ? [] : [troubleCase(scenario.name, scenario.trouble)]
  const empty = scenario.verdicts.length === 0 && scenario.trouble === undefined
  const cases = [...scenario.verdicts.map((verdict) => verdictCase(scenario, verdict)), ...troubled, ...(empty ? [emptyCase(scenario.name)] : [])]
  const properties = { promise: scenario.promise, clock: `${scenario.clock.kind} ×${scenario.clock.scale}`, 'error bound, ms': scenario.bound.total, seed: scenario.seed, boards: scenario.boards.length, replay: scenario.replay, alpha: run.alpha }
  const output = scenario.steps.map((step) => `${spell(step.startedAt)}  ${step.outcome}  ${step.name}${step.error === undefined ? '' : `: ${step.error.message} [${step.error.code}]`}`)
  output.push(...(scenario.swaps ?? []).flatMap(swapLines))
  return suiteElement({ id, name: scenario.name, startedAt, cases, failures: failures + (empty ? 1 : 0), errors: troubled.length, took: scenario.took, properties, output })
}

/** What an exchange of keys cost, for those who read no more than the XML. */
function swapLines({ use, board, oldSerial, newSerial, took, outcome, loads }: SwapTimeline): readonly string[] {
  return [
    `exchange of keys: ${use} of ${board}, ${oldSerial} to ${newSerial}: ${outcome}, certificate received to probe passed ${took === undefined ? 'never' : spellInterval(took)}`,
    ...loads.map(({ name, gap, bound, lost, asked }) => `  ${name}: ${lost} of ${asked} requests lost, service gap ${spellInterval(gap)} (error ±${spell(bound.total)})`),
  ]
}

function troubleSuite(run: RunRecord, id: number, startedAt: string): Element {
  const cases = run.troubles.map((trouble) => troubleCase('rig', trouble))
  return suiteElement({ id, name: 'rig', startedAt, cases, failures: 0, errors: cases.length, took: run.took, properties: { ...run.host, replay: run.replay }, output: [] })
}

interface SuiteFacts {
  readonly id: number
  readonly name: string
  readonly startedAt: string
  readonly cases: readonly Element[]
  readonly failures: number
  readonly errors: number
  readonly took: number
  readonly properties: Readonly<Record<string, string | number>>
  readonly output: readonly string[]
}

function suiteElement({ id, name, startedAt, cases, failures, errors, took, properties, output }: SuiteFacts): Element {
  return {
    '@': { id, package: 'platen.rig', name, timestamp: startedAt, hostname: 'localhost', tests: cases.length, failures, errors, skipped: 0, time: inSeconds(took) },
    properties: { property: Object.entries(properties).map(([key, value]) => ({ '@': { name: key, value: String(value) } })) },
    testcase: cases,
    'system-out': output.join('\n'),
    'system-err': '',
  }
}

function verdictCase(scenario: ScenarioResult, verdict: Verdict): Element {
  const failure = verdict.outcome === 'pass' ? {} : {
    failure: { '@': { message: verdict.reason, type: verdict.outcome }, '#': details(scenario, verdict) },
  }
  return { '@': { name: verdict.name, classname: scenario.name, time: inSeconds(0) }, ...failure }
}

function details(scenario: ScenarioResult, { promise, bound, evidence }: Verdict): string {
  const lines = [
    `promised: ${promise}`,
    `clock: ${scenario.clock.kind}, error bound ±${spell((bound ?? scenario.bound).total)}`,
    ...Object.entries(evidence).map(([name, value]) => `${name}: ${value}`),
    `seed: ${scenario.seed}`,
    `again: ${scenario.replay}`,
  ]
  return lines.join('\n')
}

function troubleCase(classname: string, { code, message, fix }: Trouble): Element {
  return { '@': { name: 'the rig can judge', classname, time: inSeconds(0) }, error: { '@': { message, type: code }, '#': fix } }
}

function emptyCase(classname: string): Element {
  return { '@': { name: 'the scenario judges something', classname, time: inSeconds(0) }, failure: { '@': { message: 'the scenario gave no verdict', type: 'inconclusive' }, '#': '' } }
}

function inSeconds(duration: number): string {
  return (duration / 1000).toFixed(3)
}

/** What a board sends may hold characters that XML 1.0 (section 2.2) has no way to write. */
function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clean(item)]))
  return value
}
