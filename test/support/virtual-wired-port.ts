import type { ExecutionContext } from 'ava'
import { Ieee8021xUse, KeyUses } from '../../firmware/key-use/index.js'
import type { KeyEntry } from '../../firmware/key-store/index.js'
import { Ieee8021xSettingsFile, type Ieee8021xUpdate } from '../../firmware/settings/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { FakeSupplicant } from './fake-supplicant.js'
import { fixtureKeys } from './fixture-keys.js'
import { RecordingDisk } from './recording-disk.js'
import { silentLog } from './silent-log.js'
import { issuedEntry } from './tls-entries.js'

export const now = Date.UTC(2027, 0, 1)
export const directory = '/run/ieee-802-1x'
const entries = (['old', 'new'] as const).map((name) => issuedEntry(name, fixtureKeys.three, { extendedKeyUsage: ['clientAuth'] }))
export const [oldKey, newKey] = entries as [KeyEntry, KeyEntry]
const ca = oldKey.chain[2]!

/** IEEE 802.1X and the swap over a daemon in virtual time; both keys are let in. */
export async function setUp({ clock = new VirtualClock(now), update = { enabled: true, caNames: ['network'] } }: { clock?: VirtualClock; update?: Ieee8021xUpdate } = {}) {
  const disk = new RecordingDisk()
  const daemon = new FakeSupplicant(clock, disk)
  for (const { name } of entries) daemon.accepts.add(`${name}.example`)
  const settings = await Ieee8021xSettingsFile.open({ disk, directory: '/data', log: silentLog })
  await settings.update(update)
  const store = { privateKey: () => fixtureKeys.three, caCertificates: () => [{ name: 'network', der: ca }] }
  const driver = new Ieee8021xUse({ store, settings, processes: daemon, disk, clock, log: silentLog, directory })
  let assigned: KeyEntry | undefined
  const assignments = {
    entries: () => entries, get: (id: string) => entries.find((entry) => entry.id === id)!, keyFor: () => assigned,
    assign: (_: unknown, id: string | undefined) => Promise.resolve(void (assigned = entries.find((entry) => entry.id === id))),
  }
  const uses = new KeyUses({ store: assignments, drivers: [driver], log: silentLog, clock })
  const put = (entry: KeyEntry) => clock.until(uses.put('ieee-802-1x', entry.id))
  const file = async (name: string): Promise<string> => Buffer.from(await disk.read(`${directory}/${name}`, 100_000)).toString()
  return { clock, disk, daemon, settings, driver, uses, put, file, assigned: () => assigned?.name }
}

/** A swap to the new key that must fail. @returns its error, once the old key serves again in time */
export async function failsBack(t: ExecutionContext, device: Awaited<ReturnType<typeof setUp>>): Promise<PlatenError> {
  const from = device.clock.monotonic()
  const error = await t.throwsAsync(device.put(newKey), { instanceOf: PlatenError })
  t.true(device.clock.monotonic() - from <= seconds(60), `${(device.clock.monotonic() - from) / 1000} s`)
  t.is(device.assigned(), 'old')
  t.is(device.driver.current(), oldKey.id)
  t.true(device.daemon.running)
  t.like(await device.driver.status(), { state: 'serving' })
  return error
}
