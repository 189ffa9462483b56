import test from 'ava'
import { outcomeOfScenario } from '../../rig/reports/index.js'
import { scenarios } from '../../rig/scenarios/index.js'
import { playSmall, spellVerdicts } from '../support/small-scenarios.js'

for (const { name, promise } of scenarios.filter(({ clocks }) => clocks.includes('virtual'))) {
  test.serial(`the firmware keeps its promise ${name}: ${promise}`, async (t) => {
    const result = await playSmall(name, { seed: 'fast' })
    t.true(result.verdicts.length > 0)
    t.is(outcomeOfScenario(result), 'pass', spellVerdicts(result))
  })
}

test.serial('a scenario is the same again with the same seed, and another with another', async (t) => {
  const samples = async (seed: string): Promise<readonly number[]> => (await playSmall('jitter-uniform', { seed, samples: 20 })).jitterSamples ?? []
  const first = await samples('one')
  t.is(first.length, 20)
  t.deepEqual(await samples('one'), first)
  t.notDeepEqual(await samples('two'), first)
})
