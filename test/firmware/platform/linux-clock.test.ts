import test from 'ava'
import { milliseconds } from '../../../protocol/time.js'
import { LinuxClock, buildDate } from '../../../firmware/platform/index.js'

const clock = new LinuxClock({ isSynchronized: () => false })

const wait = (delay: number): Promise<number> => new Promise((resolve) => {
  const start = clock.monotonic()
  clock.after('test', milliseconds(delay), () => resolve(clock.monotonic() - start))
})

test('a timer never fires early, though Node timers do', async (t) => {
  const waited = await Promise.all(Array.from({ length: 200 }, (_, index) => wait(1 + index / 7).then((spent) => spent - (1 + index / 7))))
  t.true(Math.min(...waited) >= 0)
})

test('a delay of more than 2^31 ms waits instead of firing at once', async (t) => {
  let fired = false
  const timer = clock.after('next year', milliseconds(2 ** 31 + 1000), () => (fired = true))
  await wait(20)
  t.false(fired)
  timer.cancel()
})

test('running timers are listed by name in order of due time, and neither fired nor cancelled ones are', async (t) => {
  const own = new LinuxClock()
  const late = own.after('late', milliseconds(60_000), () => t.fail())
  const soon = own.after('soon', milliseconds(30_000), () => t.fail())
  await new Promise<void>((resolve) => own.after('fires', milliseconds(1), resolve))
  t.deepEqual(own.timers().map(({ name }) => name), ['soon', 'late'])
  soon.cancel()
  late.cancel()
  t.deepEqual(own.timers(), [])
})

test('device.md 4: the clock is unset before the build date or the last saved time, else held or synced', (t) => {
  t.true(Date.now() > buildDate)
  t.is(new LinuxClock({ lastSaved: Date.now() + 60_000 }).state(), 'unset')
  t.is(new LinuxClock({ lastSaved: Date.now() + 60_000, isSynchronized: () => true }).state(), 'synced', 'a time server knows better than what was saved')
  t.is(new LinuxClock({ readWall: () => buildDate - 1, isSynchronized: () => true }).state(), 'unset')
  t.is(new LinuxClock({ isSynchronized: () => false }).state(), 'held')
  t.is(new LinuxClock({ isSynchronized: () => true }).state(), 'synced')
})

test('a step of the wall time and a change of state are told; the passing of time is not', async (t) => {
  let [step, synchronized] = [0, false]
  const own = new LinuxClock({ readWall: () => Date.now() + step, isSynchronized: () => synchronized, lookEvery: milliseconds(5) })
  let told = 0
  const stop = own.onStep(() => (told += 1))
  await wait(50)
  t.is(told, 0)
  step = -3_600_000
  await wait(50)
  t.is(told, 1)
  synchronized = true
  await wait(50)
  t.is(told, 2)
  stop()
  t.deepEqual(own.timers(), [])
})
