import test from 'ava'
import { linuxPlatform } from '../../rig/platform/index.js'
import { outcomeOfScenario } from '../../rig/reports/index.js'
import { play, ProcessWorld, scenarios } from '../../rig/scenarios/index.js'
import { spellVerdicts } from '../support/small-scenarios.js'

const platform = linuxPlatform()

for (const name of ['start-time-kept', 'polls-on-pending', 'restart-after-acquiring']) {
  test.serial(`the built firmware as a process keeps its promise in time scaled by 60: ${name}, with a bound that was measured`, async (t) => {
    const scenario = scenarios.find((one) => one.name === name)!
    const world = await ProcessWorld.open(platform, { kind: 'scaled', scale: 60 })
    const result = await play(scenario, world, { seed: 'scaled', replay: '', wall: platform.clock })
    t.is(result.trouble, undefined)
    t.true(result.bound.total > 0)
    t.log(spellVerdicts(result))
    // A busy host makes it inconclusive, and says so; it must never fail a board that keeps its promise.
    t.true(['pass', 'inconclusive'].includes(outcomeOfScenario(result)), spellVerdicts(result))
    t.false(result.verdicts.some(({ outcome, bound }) => outcome !== 'pass' && bound === undefined), spellVerdicts(result))
  })
}

test.serial('a scenario in real time, on the firmware as it is shipped', async (t) => {
  const scenario = scenarios.find((one) => one.name === 'limit-error')!
  const world = await ProcessWorld.open(platform, { kind: 'real', scale: 1 })
  const result = await play(scenario, world, { seed: 'real', replay: '', wall: platform.clock })
  t.is(outcomeOfScenario(result), 'pass', spellVerdicts(result))
})
