import test from 'ava'
import { sweepTimer } from '../support/timer-crash-sweep.js'

for (const renewal of [false, true]) {
  for (const defers of [false, true]) {
    test(`device.md 4: ${renewal ? 'a renewal' : 'a first request'} that is ${defers ? 'deferred' : 'granted at once'}, with a power cut after any operation of the disk, ends as without`, async (t) => {
      t.timeout(300_000)
      const { crashPoints, states, violations } = await sweepTimer(t, { renewal, defers, images: 24 })
      t.log(`${crashPoints} crash points, ${states} states`)
      t.deepEqual(violations, [])
    })
  }
}
