import ava, { type ExecutionContext } from 'ava'
import { missingParts } from '../../rig/peers/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { outcomeOfScenario, type ScenarioResult } from '../../rig/reports/index.js'
import { play, ProcessWorld, scenarios } from '../../rig/scenarios/index.js'
import { spellVerdicts } from './small-scenarios.js'

const platform = linuxPlatform()

/** Looked for once, before any test is declared. */
const missingHere = await Promise.all([...new Set(scenarios.flatMap(({ parts = [] }) => parts))].map(async (part) => ({ part, what: await missingParts(platform, [part]) })))

/** Plays a scenario in real time. @param firmware another than the built one: its entry point and words for it */
export async function playReal(name: string, firmware?: readonly string[]): Promise<ScenarioResult> {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new TypeError(`there is no scenario ${name}`)
  return play(scenario, await ProcessWorld.open(platform, { kind: 'real', scale: 1 }, firmware), { seed: 'test', replay: '', wall: platform.clock })
}

/**
 * A test that plays a use scenario and wants it passed, after `more`. Where something is missing that the scenario
 * needs it is skipped by name; with CI=true that is a failure.
 * @param turn `beside` for scenarios that mostly wait: they are played at the same time
 */
export function useTest(name: string, more: (t: ExecutionContext, result: ScenarioResult) => void = () => undefined, turn: 'alone' | 'beside' = 'alone'): void {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new TypeError(`there is no scenario ${name}`)
  const missing = missingHere.filter(({ part }) => scenario.parts?.includes(part)).flatMap(({ what }) => what)
  const title = `${name}: ${scenario.promise}`
  if (missing.length > 0 && process.env['CI'] !== 'true') {
    ava.serial.skip(`${title} (needs ${missing.join(', ')})`, () => undefined)
    return
  }
  const declare = turn === 'alone' ? ava.serial : ava
  declare(title, async (t) => {
    // On a busy machine the witnesses' stamps may be too far apart to say anything; then it is played again.
    let result = await playReal(name)
    for (let tries = 1; tries < 3 && outcomeOfScenario(result) === 'inconclusive'; tries += 1) result = await playReal(name)
    t.log(spellVerdicts(result))
    more(t, result)
    // A busy host makes what is measured inconclusive, and says so; it must never fail a board that keeps its promise.
    t.true(['pass', 'inconclusive'].includes(outcomeOfScenario(result)), spellVerdicts(result))
    t.false(result.verdicts.some(({ outcome, bound }) => outcome !== 'pass' && bound === undefined), spellVerdicts(result))
  })
}
