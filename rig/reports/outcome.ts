import { combine, runOutcome, type Outcome, type RunOutcome } from '../verdicts/index.js'
import type { RunRecord, ScenarioResult } from './run-record.js'

export function outcomeOfScenario(scenario: ScenarioResult): RunOutcome {
  return runOutcome(scenario.verdicts.map(({ outcome }) => outcome), scenario.trouble === undefined ? 0 : 1)
}

/** A scenario without trouble counts as the combination of its verdicts, so that one without any is inconclusive. */
export function outcomeOfRun(run: RunRecord): RunOutcome {
  const outcomes = run.scenarios.flatMap((scenario): readonly Outcome[] =>
    scenario.trouble === undefined ? [combine(scenario.verdicts.map(({ outcome }) => outcome))] : scenario.verdicts.map(({ outcome }) => outcome))
  return runOutcome(outcomes, run.troubles.length + run.scenarios.filter(({ trouble }) => trouble !== undefined).length)
}

/** Outcomes in words, with a sign that does not need colour. */
export const outcomeWords = {
  pass: { sign: '✔', word: 'passed' },
  fail: { sign: '✘', word: 'failed' },
  inconclusive: { sign: '?', word: 'inconclusive' },
  infrastructure: { sign: '!', word: 'not judged: trouble with the rig' },
} as const satisfies Record<RunOutcome, { sign: string; word: string }>
