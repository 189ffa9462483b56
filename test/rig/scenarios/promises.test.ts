import test from 'ava'
import { VirtualClock } from '../../../rig/boards/index.js'
import { outcomeOfScenario } from '../../../rig/reports/index.js'
import { play, scenarios, VirtualWorld } from '../../../rig/scenarios/index.js'

for (const scenario of scenarios) {
  test(`the firmware keeps its promise: ${scenario.name}`, async (t) => {
    const result = await play(scenario, new VirtualWorld(`fast ${scenario.name}`), { seed: 'fast', replay: '', wall: new VirtualClock(0) })
    t.is(result.trouble, undefined)
    t.true(result.verdicts.length > 0)
    t.is(outcomeOfScenario(result), 'pass', result.verdicts.map(({ outcome, name, reason }) => `${outcome} ${name}: ${reason}`).join('\n'))
  })
}
