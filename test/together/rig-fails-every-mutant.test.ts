import test from 'ava'
import { mutants } from '../../rig/mutants/index.js'
import { playSmall, spellVerdicts } from '../support/small-scenarios.js'

/** What catches each for sure, with a margin; rig.md, "Verdict on jitter", 3. */
const samples: Readonly<Record<string, number>> = { 'constant': 60, 'shifted by 600': 20, 'seed from boot time': 100, 'truncated at 540': 800 }

for (const { name, flaw, scenario, verdict, vary } of mutants) {
  // firmware-keeps-its-promises.test.ts shows that the real firmware passes the same scenarios.
  test.serial(`rig.md, verdict 6: ${scenario} fails the mutant "${name}" (${flaw})`, async (t) => {
    const asked = samples[name]
    const result = await playSmall(scenario, { seed: `mutant ${name}`, vary, ...(asked === undefined ? {} : { samples: asked }) })
    t.is(result.trouble, undefined)
    t.is(result.verdicts.find((one) => one.name === verdict)?.outcome, 'fail', spellVerdicts(result))
  })
}

test('the ten mutants that rig.md names are there', (t) => {
  const named = [
    'constant', 'truncated at 540', 'redraw at boot', 'seed from boot time', 'shifted by 600', 'fires early', 'polls on FAILURE', 'polls forever',
    'burst after an outage', 'never polls on an HTTP error',
  ]
  t.deepEqual(named.filter((name) => !mutants.some((mutant) => mutant.name === name)), [])
  t.is(new Set(mutants.map(({ name }) => name)).size, mutants.length)
})
