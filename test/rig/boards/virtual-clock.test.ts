import test from 'ava'
import { milliseconds, seconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'

test('a timer fires at its due time, not one millisecond before', async (t) => {
  const clock = new VirtualClock(0)
  let fired = false
  clock.after('edge', seconds(1.5), () => (fired = true))
  await clock.advance(milliseconds(1499))
  t.false(fired)
  await clock.advance(milliseconds(1))
  t.true(fired)
})

test('time stands still while work is in flight, so a timer that the work sets is not missed', async (t) => {
  const clock = new VirtualClock(0)
  const fired: number[] = []
  clock.after('start', seconds(1), () => {
    const work = new Promise((resolve) => setImmediate(resolve))
    void clock.track(work).then(() => clock.after('follow-up', seconds(1), () => fired.push(clock.monotonic())))
  })
  await clock.advance(seconds(10))
  t.deepEqual(fired, [2000])
})

test('a cancelled timer does not fire and is not listed', async (t) => {
  const clock = new VirtualClock(0)
  clock.after('cancelled', seconds(1), () => t.fail()).cancel()
  t.deepEqual(clock.timers(), [])
  await clock.advance(seconds(2))
})

test('a step of the wall time or a change of state is told at once; a step under a second and the passing of time are not', async (t) => {
  const clock = new VirtualClock(0, 'unset')
  const told: string[] = []
  const stop = clock.onStep(() => told.push(`${clock.state()} ${clock.wall()}`))
  await clock.advance(seconds(100))
  clock.setWall(100_999)
  t.deepEqual(told, [])
  clock.setWall(101_999)
  clock.setWall(1_900_000_000_000, 'synced')
  clock.setWall(1_900_000_000_000, 'held')
  t.deepEqual(told, ['unset 101999', 'synced 1900000000000', 'held 1900000000000'])
  stop()
  clock.setWall(0)
  t.is(told.length, 3)
})
