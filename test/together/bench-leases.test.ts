import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { PlatenError } from '../../protocol/errors.js'
import { minutes, seconds } from '../../protocol/time.js'
import { BrokenBoards, Leases } from '../../rig/bench/index.js'
import { VirtualClock } from '../../rig/boards/index.js'
import { linuxPlatform, type SharedFiles, type ThisProcess } from '../../rig/platform/index.js'
import { sharedMemory } from '../support/shared-memory.js'

const start = Date.UTC(2026, 5, 1)
const duration = minutes(2)
const rig = (sharedFiles: SharedFiles, clock: VirtualClock, thisProcess: Partial<ThisProcess> = {}): Leases =>
  new Leases({ clock, sharedFiles, thisProcess: { host: 'bench', pid: 1, isAlive: () => true, ...thisProcess } }, '/state')
const refusal = { instanceOf: PlatenError, code: 'board-taken' } as const

test('a board has one holder; another run is told who and until when, and gets it when it is given back', async (t) => {
  const [files, clock] = [sharedMemory(), new VirtualClock(start)]
  const [ours, theirs] = [rig(files, clock), rig(files, clock, { host: 'elsewhere', pid: 7 })]
  const lease = await ours.take('desk', { run: 'first', duration })
  t.regex((await t.throwsAsync(theirs.take('desk', { run: 'second', duration }), refusal)).message, /run first \(process 1 on bench\) until \d{4}-/)
  t.like(await theirs.holder('desk'), { run: 'first' })
  await t.notThrowsAsync(async () => (await theirs.take('other', { run: 'second', duration })).release())
  await lease.release()
  t.is(await theirs.holder('desk'), undefined)
  const next = await theirs.take('desk', { run: 'second', duration })
  await next.release()
  t.deepEqual(clock.timers(), [])
})

test('a lease lasts as long as its run renews it, and not a millisecond longer', async (t) => {
  const [files, clock] = [sharedMemory(), new VirtualClock(start)]
  const lease = await rig(files, clock).take('desk', { run: 'first', duration })
  await clock.advance(minutes(60))
  t.like(await rig(files, clock).holder('desk'), { run: 'first' })
  await lease.release()

  const asleep = await rig(files, new VirtualClock(start)).take('desk', { run: 'asleep', duration })
  const late = new VirtualClock(start)
  await late.advance((duration - 1) as typeof duration)
  t.like(await rig(files, late).holder('desk'), { run: 'asleep' })
  await late.advance(1 as typeof duration)
  const taken = await rig(files, late).take('desk', { run: 'awake', duration })
  await t.throwsAsync(asleep.renew(), refusal)
  await asleep.release()
  t.like(await rig(files, late).holder('desk'), { run: 'awake' }, 'who lost a board cannot give it back')
  await taken.release()
})

test('the lease of a process that died is free at once on its own host, and after its time elsewhere', async (t) => {
  const [files, clock] = [sharedMemory(), new VirtualClock(start)]
  const dead = await rig(files, new VirtualClock(start), { pid: 99 }).take('desk', { run: 'dead', duration })
  const isAlive = (pid: number): boolean => pid !== 99
  await t.throwsAsync(rig(files, clock, { host: 'elsewhere', isAlive }).take('desk', { run: 'other', duration }), refusal)
  const next = await rig(files, clock, { isAlive }).take('desk', { run: 'next', duration })
  await t.throwsAsync(dead.renew(), refusal)
  await next.release()
  await dead.release()
})

test('however their steps mix, two runs never hold a board at once', async (t) => {
  await fc.assert(fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const clock = new VirtualClock(start)
    const files = sharedMemory(() => scheduler.schedule(Promise.resolve()))
    let holding = 0
    const run = async (name: string): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        const lease = await rig(files, clock).take('desk', { run: name, duration }).catch(() => undefined)
        if (lease === undefined) continue
        holding += 1
        if (holding > 1) throw new Error('two runs hold the board')
        await scheduler.schedule(Promise.resolve())
        holding -= 1
        await lease.release()
      }
    }
    const all = Promise.all(['a', 'b', 'c'].map(run))
    await scheduler.waitFor(all)
  }), { numRuns: 1500 })
  t.pass()
})

test('on a real disk one of many runs gets the board, also when the last one left it in use', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'platen-leases-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const platform = linuxPlatform()
  const stale = new VirtualClock(start)
  await new Leases({ ...platform, clock: stale }, directory).take('desk', { run: 'stale', duration })
  for (let round = 0; round < 10; round += 1) {
    const taken = (await Promise.all(Array.from({ length: 8 }, (_, index) => new Leases(platform, directory).take('desk', { run: String(index), duration }).catch(() => undefined)))).filter((lease) => lease !== undefined)
    t.true(taken.length <= 1, String(round))
    for (const lease of taken) await lease.release()
  }
  const last = await new Leases(platform, directory).take('desk', { run: 'last', duration })
  await last.release()
})

test('a broken board keeps its first failure until somebody mends it', async (t) => {
  const [sharedFiles, clock] = [sharedMemory(), new VirtualClock(start)]
  const broken = new BrokenBoards({ clock, sharedFiles }, '/state')
  await broken.mark('desk', 'r1', new PlatenError('timed-out', 'the console fell silent'))
  await clock.advance(seconds(1))
  await broken.mark('desk', 'r2', new PlatenError('connect-failed', 'a consequence'))
  t.like(await broken.failure('desk'), { run: 'r1', code: 'timed-out', message: 'the console fell silent' })
  const error = await t.throwsAsync(broken.mustBeWhole('desk'), { instanceOf: PlatenError, code: 'board-broken' })
  t.regex(error.fix, /bench mend desk/)
  await t.notThrowsAsync(broken.mustBeWhole('other'))
  await broken.mend('desk')
  await t.notThrowsAsync(broken.mustBeWhole('desk'))
})
