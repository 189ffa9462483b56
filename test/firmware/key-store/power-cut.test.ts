import test from 'ava'
import { keyStoreScenarios } from '../../support/key-store-scenarios.js'
import { sweep } from '../../support/key-store-sweep.js'

test('device.md 6: after a power cut at any moment the store opens, whole, and nothing acknowledged is lost', async (t) => {
  t.timeout(60_000)
  let [total, opened] = [0, 0]
  for (const scenario of keyStoreScenarios) {
    const { states, distinct, crashPoints, violations } = await sweep(scenario)
    t.log(`${scenario.title}: ${crashPoints} crash points, ${states} states, ${distinct} of them distinct`)
    t.deepEqual(violations, [])
    total += states
    opened += distinct
  }
  t.log(`${total} states in all, ${opened} of them distinct`)
  t.true(total >= 10_000)
  t.true(opened >= 2000)
})
