import { VirtualClock, type VaryPlatform } from '../../rig/boards/index.js'
import type { ScenarioResult } from '../../rig/reports/index.js'
import { jitterUniformOver, play, scenarios, VirtualWorld } from '../../rig/scenarios/index.js'

export interface SmallPlay {
  readonly seed: string
  readonly vary?: VaryPlatform
  /** Of jitter-uniform, all boards together; default 240. */
  readonly samples?: number
  readonly boards?: number
}

/** Plays a scenario in virtual time, with no more samples and boards than its verdicts need. */
export function playSmall(name: string, { seed, vary, samples = 240, boards = name === 'outage-without-burst' ? 30 : undefined }: SmallPlay): Promise<ScenarioResult> {
  const scenario = name === 'jitter-uniform' ? jitterUniformOver(samples) : scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new TypeError(`there is no scenario ${name}`)
  return play(scenario, new VirtualWorld(`${seed} ${name}`, vary), { seed, replay: '', wall: new VirtualClock(0), ...(boards === undefined ? {} : { boards }) })
}

/** The verdicts as lines, for a test that fails. */
export function spellVerdicts({ verdicts, trouble }: ScenarioResult): string {
  return [...verdicts.map(({ outcome, name, reason }) => `${outcome} ${name}: ${reason}`), ...(trouble === undefined ? [] : [trouble.message])].join('\n')
}
