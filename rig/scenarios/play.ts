import { asPlatenError, type ErrorCode, type PlatenError } from '../../protocol/errors.js'
import type { Clock } from '../../protocol/time.js'
import { needParts } from '../peers/index.js'
import type { ScenarioResult, Trouble } from '../reports/index.js'
import { StepRecorder, type StepListener } from '../steps/index.js'
import { errorBound, type Verdict } from '../verdicts/index.js'
import { Bench } from './bench.js'
import type { Findings, Scenario } from './scenario.js'
import { witnessesAgree } from './witnesses.js'
import type { World } from './world.js'

export interface PlayOptions {
  readonly seed: string
  /** Default: what the scenario takes. */
  readonly boards?: number
  /** The command line that plays exactly this again. */
  readonly replay: string
  /** The clock on the wall of whoever waits for the result. */
  readonly wall: Clock
  readonly listeners?: readonly StepListener[]
  /** Told what ended the scenario before its end. */
  readonly onFailure?: (error: PlatenError) => void
}

/** What kept the rig from judging. All else that a board does is for the board to answer for. */
const troubles: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['connect-failed', 'listen-failed', 'disk-failed', 'board-not-ready', 'not-configured', 'internal'])

const nothing: Findings = { verdicts: [] }

/** Plays one scenario in a world of its own, which is closed afterwards. */
export async function play(scenario: Scenario, world: World, options: PlayOptions): Promise<ScenarioResult> {
  const { seed, replay, wall, boards = scenario.boards, listeners = [] } = options
  const [from, simulatedFrom] = [wall.monotonic(), world.time.monotonic()]
  const steps = new StepRecorder(world.time, ...listeners)
  let bench: Bench | undefined
  let findings = nothing
  let trouble: Trouble | undefined
  const verdicts: Verdict[] = []
  try {
    bench = await Bench.open(world, { seed, boards, steps })
    if (scenario.parts !== undefined) await needParts(bench.machine, scenario.parts)
    findings = await scenario.run(bench)
    await bench.heard()
    verdicts.push(...findings.verdicts, ...witnessesAgree(bench.stations, world.witness))
    await bench.tidy()
  } catch (error) {
    const failure = asPlatenError(error)
    const { code, message, fix, cause } = failure
    options.onFailure?.(failure)
    if (troubles.has(code)) trouble = { code, message: code === 'internal' && cause instanceof Error ? `${message}: ${cause.stack ?? cause.message}` : message, fix }
    else verdicts.push({ name: 'can be played', promise: 'the board does what it is told', outcome: 'fail', reason: `${message} [${code}]`, evidence: {} })
  }
  await (bench?.close() ?? world.close())
  const simulated = world.time.monotonic() - simulatedFrom
  return {
    name: scenario.name, promise: scenario.promise, clock: world.clock, bound: errorBound(world.witness, simulated),
    seed, replay, boards: bench?.stations.map(({ name }) => name) ?? [],
    took: wall.monotonic() - from, simulated,
    steps: steps.steps, verdicts, requests: findings.requests ?? [], intervals: findings.intervals ?? [],
    ...(findings.swaps === undefined ? {} : { swaps: findings.swaps }),
    ...(findings.jitterSamples === undefined ? {} : { jitterSamples: findings.jitterSamples }),
    ...(trouble === undefined ? {} : { trouble }),
  }
}
