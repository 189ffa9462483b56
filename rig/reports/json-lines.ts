import type { Step, StepListener } from '../steps/index.js'
import { exitCode } from '../verdicts/index.js'
import { outcomeOfRun, outcomeOfScenario } from './outcome.js'
import type { RunRecord, ScenarioResult } from './run-record.js'

/**
 * The run as JSON lines, for machines. Each line has `kind`; lines of a scenario have its name as `scenario`:
 * `run` (first), `step`, `verdict`, `interval`, `request`, `swap`, `scenario` (its end), `trouble`, `end` (last, with the exit code).
 * Lengths of time are milliseconds; `startedAt` of the run is milliseconds since 1970, of a step since the scenario began.
 */
export type LineKind = 'run' | 'step' | 'verdict' | 'interval' | 'request' | 'swap' | 'scenario' | 'trouble' | 'end'

/** Writes a line for each step as it ends. */
export function stepLines(scenario: string, write: (line: string) => void): StepListener {
  return (step, event) => {
    if (event === 'ended') write(stepLine(scenario, step))
  }
}

/** The first line of a run. */
export function runLine({ title, startedAt, seed, clock, alpha, replay, host }: Omit<RunRecord, 'scenarios' | 'troubles' | 'took'>): string {
  return line('run', { title, startedAt, seed, clock, alpha, replay, host })
}

/** All of a scenario but its steps: verdicts, what was measured, and its end. */
export function scenarioLines(result: ScenarioResult): readonly string[] {
  const { name: scenario, verdicts, intervals, requests, swaps = [], promise, clock, bound, seed, boards, replay, took, simulated, trouble } = result
  return [
    ...verdicts.map((verdict) => line('verdict', { scenario, ...verdict, seed, replay })),
    ...intervals.map((interval) => line('interval', { scenario, ...interval })),
    ...requests.map((request) => line('request', { scenario, ...request })),
    ...swaps.map((swap) => line('swap', { scenario, ...swap })),
    line('scenario', { scenario, outcome: outcomeOfScenario(result), promise, clock, bound, seed, boards, replay, took, simulated, ...(trouble === undefined ? {} : { trouble }) }),
  ]
}

/** The last lines of a run. */
export function endLines(run: RunRecord): readonly string[] {
  const outcome = outcomeOfRun(run)
  return [...run.troubles.map((trouble) => line('trouble', { ...trouble })), line('end', { outcome, exitCode: exitCode(outcome), took: run.took })]
}

/** The whole run at once, each line without its line end. */
export function runLines(run: RunRecord): readonly string[] {
  return [
    runLine(run),
    ...run.scenarios.flatMap((result) => [...result.steps.map((step) => stepLine(result.name, step)), ...scenarioLines(result)]),
    ...endLines(run),
  ]
}

function stepLine(scenario: string, step: Step): string {
  return line('step', { scenario, ...step })
}

function line(kind: LineKind, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ kind, ...fields })
}
