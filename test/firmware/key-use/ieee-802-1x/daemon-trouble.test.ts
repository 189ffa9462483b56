import test, { type ExecutionContext } from 'ava'
import { seconds } from '../../../../protocol/time.js'
import { oldKey, setUp } from '../../../support/virtual-wired-port.js'

/** A device in service for a while. */
async function inService() {
  const device = await setUp()
  await device.put(oldKey)
  await device.clock.advance(seconds(130))
  return device
}

/** @returns seconds until the device is authenticated again, asked every second */
async function untilServing(t: ExecutionContext, { clock, driver }: Awaited<ReturnType<typeof setUp>>): Promise<number> {
  for (let waited = 0; waited <= 120; waited += 1) {
    if ((await clock.until(driver.status())).state === 'serving') return waited
    await clock.advance(seconds(1))
  }
  t.fail('service did not return')
  return Infinity
}

test('device.md 7: a daemon that dies in service is told in the status, and service returns within seconds', async (t) => {
  const device = await inService()
  device.daemon.die()
  await device.clock.advance(seconds(0.5))
  t.deepEqual(await device.driver.status(), { state: 'failed', reason: 'daemon-failed', detail: 'Not authenticated: wpa_supplicant ended (exit code 255): eth0: CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully.' })
  t.true(await untilServing(t, device) <= 5)
})

test('device.md 7: a daemon that hangs in service is told in the status, replaced, and service returns within 60 s', async (t) => {
  const device = await inService()
  device.daemon.hang()
  const { clock, driver, daemon } = device
  const from = clock.monotonic()
  t.deepEqual(await clock.until(driver.status()), { state: 'failed', reason: 'daemon-failed', detail: 'Not authenticated: wpa_supplicant does not answer.' })
  await untilServing(t, device)
  t.true(clock.monotonic() - from <= seconds(60), `${(clock.monotonic() - from) / 1000} s`)
  t.deepEqual(daemon.story.slice(-3), ['SIGKILL', 'start', 'EAP old.example'])
})

test('one question without an answer is no reason to end a daemon', async (t) => {
  const { clock, daemon } = await inService()
  const asked = clock.timers().find(({ name }) => name === 'ask wpa_supplicant')!
  clock.after('busy', seconds((asked.due - clock.monotonic() - 1) / 1000), () => (daemon.hangs = true))
  clock.after('free', seconds((asked.due - clock.monotonic()) / 1000 + 2), () => (daemon.hangs = false))
  await clock.advance(seconds(120))
  t.false(daemon.story.includes('SIGKILL'))
})

test('a daemon that ends by itself is started again, each time after a longer pause, and at once after a minute of service', async (t) => {
  const { daemon, put, clock } = await setUp()
  await put(oldKey)
  daemon.silent = true
  const restartsAfter = async (pause: number): Promise<void> => {
    daemon.die()
    await clock.advance(seconds(pause - 0.5))
    t.false(daemon.running, `${pause} s`)
    await clock.advance(seconds(0.5))
    t.true(daemon.running, `${pause} s`)
  }
  for (const pause of [1, 2, 4, 8, 16, 32, 60, 60]) await restartsAfter(pause)
  await clock.advance(seconds(60))
  await restartsAfter(1)
})

test('a daemon that cannot even be started is tried again with the same pauses, until it can', async (t) => {
  const device = await inService()
  const { daemon, clock, driver } = device
  daemon.installed = false
  daemon.die()
  await clock.advance(seconds(100))
  t.like(await driver.status(), { state: 'failed', reason: 'daemon-failed', detail: 'Not authenticated: cannot start wpa_supplicant.' })
  daemon.installed = true
  t.true(await untilServing(t, device) <= 65)
})

test('a swap in the pause before a restart starts the daemon at once, and the restart that waited does nothing', async (t) => {
  const { daemon, clock, put, driver } = await inService()
  for (let deaths = 0; deaths < 4; deaths += 1) {
    daemon.die()
    await clock.advance(seconds(8))
  }
  daemon.die()
  const starts = (): number => daemon.story.filter((what) => what === 'start').length
  const before = starts()
  await put(oldKey)
  await clock.advance(seconds(59))
  t.is(starts(), before + 1)
  t.like(await driver.status(), { state: 'serving' })
})

test('switched off, nothing is asked, and nothing is started again', async (t) => {
  const { daemon, clock, driver } = await inService()
  await clock.until(driver.switchOff())
  t.deepEqual(clock.timers().filter(({ name }) => /wpa_supplicant/.test(name)), [])
  await clock.advance(seconds(300))
  t.false(daemon.running)
})
