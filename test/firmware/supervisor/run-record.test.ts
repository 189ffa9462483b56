import test from 'ava'
import { describeBootReason, RunRecord, type BootReason } from '../../../firmware/supervisor/index.js'
import { RecordingDisk } from '../../support/recording-disk.js'

async function boot(disk: RecordingDisk, previous?: { how: string; lastWords: string }): Promise<{ record: RunRecord; reason: BootReason }> {
  const record = await RunRecord.open({ disk, directory: '/run' })
  return { record, reason: await record.begin('b1', previous) }
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
  const record = await RunRecord.open({ disk, directory: '/run' })
  t.deepEqual(record.problems().map(({ code }) => code), ['store-damaged'])
  t.is((await record.begin('b2', undefined)).kind, 'power-on')
  t.deepEqual(record.problems(), [])
})
