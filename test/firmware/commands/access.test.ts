import { randomBytes } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { Access, lockAfter } from '../../../firmware/commands/index.js'
import { PlatenError, type ErrorCode } from '../../../protocol/errors.js'
import { milliseconds, minutes, seconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { cheap, password } from '../../support/console-board.js'
import { crashImages } from '../../support/crash-images.js'
import { filesOf } from '../../support/disk-image.js'
import { RecordingDisk } from '../../support/recording-disk.js'
import { silentLog } from '../../support/silent-log.js'

const open = (disk: RecordingDisk, clock = new VirtualClock(0)): Promise<Access> =>
  Access.open({ disk, directory: '/', clock, random: (count) => Uint8Array.from(randomBytes(count)), log: silentLog, cost: cheap })

async function withPassword(disk = new RecordingDisk(), clock = new VirtualClock(0)) {
  const access = await open(disk, clock)
  await access.setFirstPassword(password)
  return { access, clock, disk }
}

async function refused(t: ExecutionContext, work: Promise<unknown>, code: ErrorCode): Promise<PlatenError> {
  const error = await t.throwsAsync(work, { instanceOf: PlatenError })
  t.is(error.code, code, error.message)
  return error
}

async function fail(t: ExecutionContext, access: Access, times: number): Promise<void> {
  for (let count = 1; count <= times; count += 1) await refused(t, access.signIn('administrator', 'wrong'), count === 5 ? 'locked-out' : 'wrong-password')
}

test('a new board has no password: the first one is set once, and then it is the one that signs in', async (t) => {
  const access = await open(new RecordingDisk())
  t.true(access.isNew())
  await refused(t, access.signIn('administrator', ''), 'not-configured')
  t.deepEqual(await access.setFirstPassword(password), { account: 'administrator', privilege: 'administrator' })
  t.false(access.isNew())
  await refused(t, access.setFirstPassword('another one'), 'permission-denied')
  t.like(await access.signIn('administrator', password), { account: 'administrator' })
  await refused(t, access.signIn('administrator', `${password} `), 'wrong-password')
  await refused(t, access.signIn('root', password), 'wrong-password')
})

test('a password has 8 characters at least', async (t) => {
  const access = await open(new RecordingDisk())
  await refused(t, access.setFirstPassword('seven77'), 'invalid-value')
  t.true(access.isNew())
  await t.notThrowsAsync(access.setFirstPassword('eight888'))
  await refused(t, access.change('eight888', 'seven77'), 'invalid-value')
})

test('the password is kept over a restart, and its text is nowhere on the disk', async (t) => {
  const { disk } = await withPassword()
  const again = await open(disk)
  t.false(again.isNew())
  await t.notThrowsAsync(again.signIn('administrator', password))
  for (const bytes of filesOf(disk.image()).values()) t.false(Buffer.from(bytes).includes(password))
})

test('letters composed in two ways are one password', async (t) => {
  const access = await open(new RecordingDisk())
  await access.setFirstPassword('K\u00e4sefabrik')
  await t.notThrowsAsync(access.signIn('administrator', 'Ka\u0308sefabrik'))
})

test('rig.md serial line: the fifth failure locks for 60 s, and both sides of the edge hold', async (t) => {
  const { access, clock } = await withPassword()
  await fail(t, access, 5)
  await clock.advance(milliseconds(59_999))
  t.is((await refused(t, access.signIn('administrator', password), 'locked-out')).facts['seconds'], 1)
  await clock.advance(milliseconds(1))
  await t.notThrowsAsync(access.signIn('administrator', password))
})

test('each failure after the lock doubles it, up to one hour', async (t) => {
  const { access, clock } = await withPassword()
  await fail(t, access, 5)
  for (const wait of [60, 120, 240, 480, 960, 1920, 3600, 3600]) {
    await clock.advance(milliseconds(wait * 1000 - 1))
    await refused(t, access.signIn('administrator', password), 'locked-out')
    await clock.advance(milliseconds(1))
    await refused(t, access.signIn('administrator', 'wrong'), 'locked-out')
  }
  t.is(lockAfter(1_000_000, 0).wait, minutes(60))
})

test('a success forgets the failures', async (t) => {
  const { access } = await withPassword()
  for (let round = 0; round < 3; round += 1) {
    await fail(t, access, 4)
    await t.notThrowsAsync(access.signIn('administrator', password))
  }
})

test('a guess while locked counts nothing and tells nothing', async (t) => {
  const { access, clock, disk } = await withPassword()
  await fail(t, access, 5)
  const operations = disk.operations.length
  for (let count = 0; count < 20; count += 1) await refused(t, access.signIn('administrator', count % 2 === 0 ? password : 'wrong'), 'locked-out')
  t.is(disk.operations.length, operations)
  await clock.advance(seconds(60))
  await t.notThrowsAsync(access.signIn('administrator', password))
})

test('the lock outlives a reboot: the wait begins anew with the boot', async (t) => {
  const { access, disk } = await withPassword()
  await fail(t, access, 5)
  const clock = new VirtualClock(0)
  const again = await open(disk, clock)
  await clock.advance(milliseconds(59_999))
  await refused(t, again.signIn('administrator', password), 'locked-out')
  await clock.advance(milliseconds(1))
  await t.notThrowsAsync(again.signIn('administrator', password))
})

test('guesses that come at once on several fronts share no count', async (t) => {
  const { access } = await withPassword()
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => access.signIn('administrator', 'wrong')))
  const codes = answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as PlatenError).code : 'in'))
  t.deepEqual(codes, [...Array<string>(4).fill('wrong-password'), ...Array<string>(16).fill('locked-out')])
})

test('a failure is durable before it is answered: no power cut after the answer gives a guess back', async (t) => {
  const { access, disk } = await withPassword()
  await fail(t, access, 5)
  for (const image of crashImages(disk, disk.operations.length)) {
    await refused(t, (await open(new RecordingDisk(image))).signIn('administrator', password), 'locked-out')
  }
})

test('a power cut at any moment of a change leaves the old password or the new one, never none', async (t) => {
  const { access, disk } = await withPassword()
  const from = disk.operations.length
  await access.change(password, 'battery staple')
  for (let prefix = from; prefix <= disk.operations.length; prefix += 1) {
    for (const image of crashImages(disk, prefix)) {
      const after = await open(new RecordingDisk(image))
      const signIns = await Promise.allSettled([after.signIn('administrator', password), after.signIn('administrator', 'battery staple')])
      t.is(signIns.filter(({ status }) => status === 'fulfilled').length, 1)
      if (prefix === disk.operations.length) t.is(signIns[1].status, 'fulfilled')
    }
  }
})

test('a change asks for the old password, and wrong ones count', async (t) => {
  const { access } = await withPassword()
  await refused(t, access.change('wrong', 'battery staple'), 'wrong-password')
  await fail(t, access, 3)
  await refused(t, access.change('wrong', 'battery staple'), 'locked-out')
})

test('a damaged account file lets nobody in and is no new board', async (t) => {
  const { disk } = await withPassword()
  await disk.truncate('/access.json', 30)
  const access = await open(disk)
  t.false(access.isNew())
  t.deepEqual(access.problems().map(({ code }) => code), ['store-damaged'])
  const error = await refused(t, access.signIn('administrator', password), 'store-damaged')
  t.regex(error.fix, /access\.json/)
  await refused(t, access.setFirstPassword('battery staple'), 'permission-denied')
})
