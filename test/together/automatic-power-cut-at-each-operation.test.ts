import test from 'ava'
import { sweepTimer } from '../support/timer-crash-sweep.js'

for (const sweep of [{ renewal: false, defers: false }, { renewal: true, defers: true }]) {
  test(`device.md 4: ${sweep.renewal ? 'a deferred renewal' : 'a first request'} with a power cut after any operation of the disk ends as without: one row, one certificate, one request`, async (t) => {
    const { crashPoints, states, violations } = await sweepTimer(t, { ...sweep, images: 1 })
    t.log(`${crashPoints} crash points, ${states} states`)
    t.deepEqual(violations, [])
    t.true(crashPoints > 20)
  })
}
