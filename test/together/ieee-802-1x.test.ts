import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PlatenError } from '../../protocol/errors.js'
import { ca, cabled, platform, wired, wiredDevice } from '../support/wired-port.js'

/** Runs a swap that must fail. @returns its error and how long it took, seconds */
async function failing(swap: Promise<unknown>): Promise<{ readonly error: PlatenError; readonly took: number }> {
  const from = platform.clock.monotonic()
  const error = await swap.then(() => new Error('it succeeded'), (thrown: unknown) => thrown)
  if (!(error instanceof PlatenError)) throw error
  return { error, took: (platform.clock.monotonic() - from) / 1000 }
}

wired('device.md 7: a key is put to IEEE 802.1X, and the port opens for its certificate; a renewal authenticates anew', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { put, uses, runtime } = await wiredDevice(t, device.processes)
  t.deepEqual(await put('first', { serial: 'A1' }), { enabled: true })
  t.is(port.admissions.at(-1)?.serial, 'A1')
  t.deepEqual((await uses.list())[0], { use: 'ieee-802-1x', key: 'first', state: 'serving', detail: 'Authenticated as printer.example.com on eth0.' })

  t.deepEqual(await put('second', { serial: 'A2' }), { enabled: true })
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['A1', 'A2'])
  t.is(port.admissions.at(-1)?.subject, '/CN=printer.example.com')

  const files = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).map((name) => join(runtime, name)).filter((name) => statSync(name).isFile())
  t.is(files.length, 7)
  t.deepEqual(files.filter((name) => (statSync(name).mode & 0o077) !== 0), [])
  await port.close()
})

wired('device.md 7: a certificate that the peer refuses is taken back, and the key before is let in again within 60 s', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { put, uses, store, driver } = await wiredDevice(t, device.processes)
  await put('old', { serial: 'B1' })
  const { error, took } = await failing(put('new', { serial: 'B2', foreign: true }))
  t.is(error.code, 'probe-failed')
  t.regex(error.message, /the authentication server refused/)
  t.true(took < 60, `${took} s`)
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['B1', 'B1'])
  t.is(port.refusals(), 1)
  t.is(store.keyFor('ieee-802-1x')?.name, 'old')
  t.is(driver.current(), store.find('old')?.id)
  t.like((await uses.list())[0], { key: 'old', state: 'serving' })
  t.deepEqual(store.problems(), [])
  t.log(`old key let in again ${took.toFixed(1)} s after the swap began`)
  await port.close()
})
