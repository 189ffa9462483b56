import { fileURLToPath } from 'node:url'
import test from 'ava'
import { spellVerdicts } from '../support/small-scenarios.js'
import { playReal } from '../support/use-scenarios.js'

const dropsConnections = fileURLToPath(new URL('../../rig/mutants/swap-mutant-main.js', import.meta.url))

// use-tls.test.ts shows that the real firmware passes the same scenario.
test('a board whose listener drops every connection for 300 ms when its key is exchanged is failed, and the gap is measured as that', async (t) => {
  const result = await playReal('tls-renewal-under-load', [dropsConnections])
  t.is(result.trouble, undefined)
  t.log(spellVerdicts(result))
  t.is(result.verdicts.find(({ name }) => name === 'no request lost: new connections')?.outcome, 'fail', spellVerdicts(result))
  const { gap } = result.swaps![0]!.loads[0]!
  t.true(gap.high >= 300 && gap.low > 100, JSON.stringify(gap))
})
