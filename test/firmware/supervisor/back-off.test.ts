import test from 'ava'
import fc from 'fast-check'
import { milliseconds, minutes, seconds, type Duration } from '../../../protocol/time.js'
import { minimumRun, nextStart } from '../../../firmware/supervisor/index.js'

const short = seconds(1)

/** The waits before each start of a board that ends `count` times. */
function waits(count: number, run: { ranFor: Duration; requested: boolean }): readonly Duration[] {
  let shortRuns = 0
  return Array.from({ length: count }, () => {
    const next = nextStart(shortRuns, run)
    shortRuns = next.shortRuns
    return next.wait
  })
}

test('device.md 8: a board that crashes at once is started at 0, 1, 2, 5, 10, 20, 40, 60, 120, 300 and then every 300 s', (t) => {
  t.deepEqual(waits(12, { ranFor: short, requested: false }), [0, 1, 2, 5, 10, 20, 40, 60, 120, 300, 300, 300].map(seconds))
})

test('device.md 8: a restart that was asked for comes at once, but not for ever in a loop', (t) => {
  const all = waits(9, { ranFor: short, requested: true })
  t.deepEqual(all, [0, 0, 0, 0, 0, 1, 2, 5, 10].map(seconds))
})

test('device.md 8: whatever happened before, a run of a minute makes the next start immediate', (t) => {
  fc.assert(fc.property(fc.nat(10_000), fc.boolean(), fc.integer({ min: minimumRun, max: minutes(100_000) }), (shortRuns, requested, ranFor) => {
    t.deepEqual(nextStart(shortRuns, { ranFor: milliseconds(ranFor), requested }), { wait: seconds(0), shortRuns: 0 })
  }))
})

test('device.md 8: a wait never shrinks within one row of short runs, and never passes five minutes', (t) => {
  fc.assert(fc.property(fc.nat(200), fc.boolean(), fc.nat(minimumRun - 1), (shortRuns, requested, ranFor) => {
    const run = { ranFor: milliseconds(ranFor), requested }
    const now = nextStart(shortRuns, run)
    const later = nextStart(now.shortRuns, run)
    return now.wait <= later.wait && later.wait <= minutes(5)
  }))
  t.pass()
})
