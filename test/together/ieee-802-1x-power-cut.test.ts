import test from 'ava'
import { Ieee8021xUse, KeyUses, ServedKeysFile } from '../../firmware/key-use/index.js'
import { Ieee8021xSettingsFile } from '../../firmware/settings/index.js'
import { seconds } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { MemoryDisk, type DiskImage } from '../../rig/boards/virtual/index.js'
import { crashImages } from '../support/crash-images.js'
import { FakeSupplicant } from '../support/fake-supplicant.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { certificateFor, openStore, register } from '../support/key-store-fixture.js'
import { RecordingDisk } from '../support/recording-disk.js'
import { silentLog } from '../support/silent-log.js'
import { now } from '../support/virtual-wired-port.js'

const accepting = (...names: readonly string[]) => new Set(names)

/** A device that starts on this disk; its memory and its daemons are new. */
async function start(disk: RecordingDisk, accepts: ReadonlySet<string>) {
  const clock = new VirtualClock(now)
  const memory = new MemoryDisk()
  const daemon = new FakeSupplicant(clock, memory)
  for (const name of accepts) daemon.accepts.add(name)
  const store = await openStore(disk)
  const settings = await Ieee8021xSettingsFile.open({ disk, directory: '/', log: silentLog })
  const served = await ServedKeysFile.open({ disk, directory: '/' })
  const driver = new Ieee8021xUse({ store, settings, processes: daemon, disk: memory, clock, log: silentLog, directory: '/run/ieee-802-1x' })
  const uses = new KeyUses({ store, served, drivers: [driver], log: silentLog, clock })
  await clock.until(uses.start())
  return { clock, daemon, store, settings, driver, uses }
}

/** What is on the disk of a device that the key `old` serves, and `new` is to. */
async function inService(accepts: ReadonlySet<string>): Promise<DiskImage> {
  const disk = new RecordingDisk()
  const { clock, store, settings, uses } = await start(disk, accepts)
  const { id } = await register(store, 'old', fixtureKeys.two)
  await register(store, 'new', fixtureKeys.three)
  await store.addCaCertificate('network', certificateFor(fixtureKeys.one, 'Network CA'))
  await settings.update({ enabled: true, caNames: ['network'] })
  await clock.until(uses.put('ieee-802-1x', id))
  return disk.image()
}

for (const [what, accepts, ends] of [
  ['lets the new key in', accepting('old', 'new'), ['old', 'new']],
  ['refuses the new key', accepting('old'), ['old']],
] as const) {
  test(`device.md 6 and 7: a power cut after any write of a swap, with a server that ${what}: the port opens for the key that the store names`, async (t) => {
    const disk = new RecordingDisk(await inService(accepts))
    const device = await start(disk, accepts)
    const before = disk.operations.length
    await device.clock.until(device.uses.put('ieee-802-1x', device.store.find('new')!.id)).catch(() => undefined)
    t.is(device.store.keyFor('ieee-802-1x')?.name, ends.at(-1))

    const seen = new Set<string>()
    let boots = 0
    for (let cut = before; cut <= disk.operations.length; cut += 1) {
      for (const image of crashImages(disk, cut)) {
        const after = await start(new RecordingDisk(image), accepts)
        await after.clock.advance(seconds(60))
        const named = after.store.keyFor('ieee-802-1x')?.name ?? 'none'
        boots += 1
        seen.add(named)
        t.true((ends as readonly string[]).includes(named), `cut ${cut}: ${named}`)
        t.like(await after.driver.status(), { state: 'serving' }, `cut ${cut}: ${named}`)
        t.is(after.daemon.story.at(-1), `EAP ${named}`)
        t.deepEqual(after.store.problems(), [])
      }
    }
    t.deepEqual([...seen].sort(), [...ends].sort())
    t.log(`${disk.operations.length - before} operations, ${boots} boots`)
  })
}
