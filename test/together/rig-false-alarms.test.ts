import { randomBytes } from 'node:crypto'
import test from 'ava'
import { outcomeOfScenario } from '../../rig/reports/index.js'
import { playSmall, spellVerdicts } from '../support/small-scenarios.js'

const seeds = 200

test('the real firmware passes the jitter scenario with 200 fresh seeds: no false alarm', async (t) => {
  t.timeout(600_000)
  const run = randomBytes(4).toString('hex')
  t.log(`seeds ${run} 1 to ${run} ${seeds}`)
  for (let number = 1; number <= seeds; number += 1) {
    const result = await playSmall('jitter-uniform', { seed: `${run} ${number}`, samples: 120, boards: 4 })
    t.is(outcomeOfScenario(result), 'pass', `seed ${run} ${number}\n${spellVerdicts(result)}`)
  }
})
