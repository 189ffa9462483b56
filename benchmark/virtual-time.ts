import type { ScenarioResult } from '../rig/reports/index.js'
import { outcomeOfScenario } from '../rig/reports/index.js'
import { linuxPlatform } from '../rig/platform/index.js'
import { play, ProcessWorld, scenarios, VirtualWorld, type World } from '../rig/scenarios/index.js'

/** A scenario: how much time passed on its clock and on the wall, and what it found. */
export interface VirtualTimeRow {
  readonly what: string
  readonly outcome: string
  /** Error bound of its measurements, ms. */
  readonly bound: number
  /** Seconds on the scenario's clock. */
  readonly simulated: number
  /** Seconds on the wall. */
  readonly wall: number
  readonly ratio: number
}

const platform = linuxPlatform()

/** Bench 5: how much faster than real time the rig proves a promise; the ratio is virtual : wall. Needs the build. */
export async function measureVirtualTime(): Promise<readonly VirtualTimeRow[]> {
  return [
    row('2,000 jitter samples, 20 boards, virtual', await playNamed('jitter-uniform', new VirtualWorld('bench'))),
    row('a year of one board, a renewal every 30 days, virtual', await playNamed('periodic', new VirtualWorld('bench'))),
    row('polling at 1 s real intervals (1 min, scale 60)', await playNamed('polls-on-pending', await ProcessWorld.open(platform, { kind: 'scaled', scale: 60 }))),
  ]
}

async function playNamed(name: string, world: World): Promise<ScenarioResult> {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new TypeError(`there is no scenario ${name}`)
  return play(scenario, world, { seed: 'bench', replay: '', wall: platform.clock })
}

function row(what: string, result: ScenarioResult): VirtualTimeRow {
  const { simulated, took, bound, trouble } = result
  return { what, outcome: trouble?.message ?? outcomeOfScenario(result), bound: bound.total, simulated: simulated / 1000, wall: took / 1000, ratio: simulated / took }
}
