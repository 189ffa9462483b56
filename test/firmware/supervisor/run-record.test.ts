import test from 'ava'
import { describeBootReason, keepTimeSaved, RunRecord, saveTimeEvery, type BootReason } from '../../../firmware/supervisor/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { milliseconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { RecordingDisk } from '../../support/recording-disk.js'
import { silentLog } from '../../support/silent-log.js'

const today = Date.UTC(2027, 0, 1)
const clock = new VirtualClock(today)

async function boot(disk: RecordingDisk, previous?: { how: string; lastWords: string }): Promise<{ record: RunRecord; reason: BootReason }> {
  const record = await RunRecord.open({ disk, directory: '/run', clock })
  return { record, reason: (await record.begin('b1', previous)).reason }
}

test('device.md 8: a restart request is written down before it happens, and the next boot tells who and why', async (t) => {
  const disk = new RecordingDisk()
  const { record } = await boot(disk)
  await record.restarting({ by: 'administrator (serial)', why: 'new certificate' })
  await record.stopped()
  const { reason } = await boot(disk)
  t.deepEqual(reason, { kind: 'restart', by: 'administrator (serial)', why: 'new certificate' })
  t.is(describeBootReason(reason), 'restart asked for by administrator (serial): new certificate')
})

test('device.md 8: the first boot, a clean stop and a power cut are told apart', async (t) => {
  const disk = new RecordingDisk()
  const first = await boot(disk)
  t.is(first.reason.kind, 'first-boot')
  t.is((await boot(disk)).reason.kind, 'power-on')
  const { record } = await boot(disk)
  await record.stopped()
  t.is((await boot(disk)).reason.kind, 'clean-stop')
})

test('device.md 8: what the parent saw counts more than what the board meant to do', async (t) => {
  const disk = new RecordingDisk()
  const { record } = await boot(disk)
  await record.restarting({ by: 'a', why: 'b' })
  const crash = await boot(disk, { how: 'signal SIGKILL', lastWords: 'oops' })
  t.is(describeBootReason(crash.reason), 'crash: signal SIGKILL; last words: oops')
  const watchdog = await boot(disk, { how: 'watchdog', lastWords: '' })
  t.is(describeBootReason(watchdog.reason), 'watchdog: the board gave no sign of life and was ended')
})

test('device.md 8: a reason is told once; the boot after that has its own', async (t) => {
  const disk = new RecordingDisk()
  const { record } = await boot(disk)
  await record.restarting({ by: 'a', why: 'b' })
  t.is((await boot(disk)).reason.kind, 'restart')
  t.is((await boot(disk)).reason.kind, 'power-on')
})

test('a damaged record does not stop the board: it is a problem and an end without a word', async (t) => {
  const disk = new RecordingDisk()
  await boot(disk)
  await disk.truncate('/run/run.json', 20)
  const record = await RunRecord.open({ disk, directory: '/run', clock })
  t.deepEqual(record.problems().map(({ code }) => code), ['store-damaged'])
  t.is((await record.begin('b2', undefined)).reason.kind, 'power-on')
  t.deepEqual(record.problems(), [])
})

test('device.md 4: the wall time is saved at the start, at each hour and at the end, so that a clock that has lost it is known', async (t) => {
  const disk = new RecordingDisk()
  const ticking = new VirtualClock(today)
  t.is(await RunRecord.lastSeen(disk, '/run'), undefined)
  const record = await RunRecord.open({ disk, directory: '/run', clock: ticking })
  await record.begin('b1', undefined)
  t.is(await RunRecord.lastSeen(disk, '/run'), today)
  const end = keepTimeSaved(record, ticking, silentLog)
  await ticking.advance(milliseconds(saveTimeEvery - 1))
  t.is(await RunRecord.lastSeen(disk, '/run'), today)
  await ticking.advance(milliseconds(saveTimeEvery + 1))
  t.is(await RunRecord.lastSeen(disk, '/run'), today + 2 * saveTimeEvery)
  await end()
  t.deepEqual(ticking.timers(), [])
  await ticking.advance(milliseconds(5))
  await record.stopped()
  t.is(await RunRecord.lastSeen(disk, '/run'), today + 2 * saveTimeEvery + 5)
})

test('a clock that is not set does not overwrite the time saved last; one that a time server has set back does', async (t) => {
  const disk = new RecordingDisk()
  const ticking = new VirtualClock(today)
  await (await RunRecord.open({ disk, directory: '/run', clock: ticking })).begin('b1', undefined)
  ticking.setWall(0, 'unset')
  const record = await RunRecord.open({ disk, directory: '/run', clock: ticking })
  await record.begin('b2', undefined)
  await record.restarting({ by: 'a', why: 'b' })
  t.is(await RunRecord.lastSeen(disk, '/run'), today)
  ticking.setWall(today - 1000, 'synced')
  await record.saveTime()
  t.is(await RunRecord.lastSeen(disk, '/run'), today - 1000)
  t.is((await (await RunRecord.open({ disk, directory: '/run', clock: ticking })).begin('b3', undefined)).reason.kind, 'restart', 'the restart stays written down')
})

test('a disk that takes nothing is told of, and does not keep the board from starting', async (t) => {
  const disk = new RecordingDisk()
  await disk.makeDirectory('/run')
  disk.create = () => Promise.reject(new PlatenError('disk-failed', 'ENOSPC'))
  const record = await RunRecord.open({ disk, directory: '/run', clock })
  t.like(await record.begin('b1', undefined), { reason: { kind: 'first-boot' }, problem: { code: 'disk-failed' } })
})
