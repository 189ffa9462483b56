import test from 'ava'
import { RecordFile } from '../../../firmware/platform/index.js'
import { RecordingDisk } from '../../support/recording-disk.js'

const path = '/board/number.json'

async function disk(): Promise<RecordingDisk> {
  const made = new RecordingDisk()
  await made.makeDirectory('/board')
  return made
}

const open = (on: RecordingDisk): Promise<RecordFile<number>> => RecordFile.open({
  disk: on, path, empty: 0,
  check: (content) => {
    if (typeof content !== 'number') throw new TypeError('not a number')
    return content
  },
})

test('a value is read back after a restart', async (t) => {
  const on = await disk()
  const file = await open(on)
  await file.update((value) => value + 5)
  t.is((await open(on)).value, 5)
})

test('updates made at once are done one after the other, none is lost', async (t) => {
  const file = await open(await disk())
  await Promise.all(Array.from({ length: 5 }, () => file.update((value) => value + 1)))
  t.is(file.value, 5)
})

test('a change that throws, or a disk that fails, leaves the value as it was and the next update works', async (t) => {
  const on = await disk()
  const file = await open(on)
  await t.throwsAsync(file.update(() => { throw new Error('no') }), { message: 'no' })
  const sync = on.syncFile.bind(on)
  on.syncFile = () => Promise.reject(new Error('disk'))
  await t.throwsAsync(file.update(() => 7), { message: 'disk' })
  t.is(file.value, 0)
  on.syncFile = sync
  await file.update(() => 8)
  t.is((await open(on)).value, 8)
})

for (const [what, content] of [['bytes that changed', 'no checksum at all'], ['a value of another shape', undefined]] as const) {
  test(`a damaged file (${what}) is reported, not believed, and set aside only by the next save`, async (t) => {
    const on = await disk()
    if (content === undefined) await (await RecordFile.open<unknown>({ disk: on, path, empty: '', check: String })).update(() => 'text')
    else await on.create(path, Buffer.from(content))
    const before = await on.read(path, 1000)
    const file = await open(on)
    t.is(file.problem?.code, 'store-damaged')
    t.is(file.value, 0)
    t.deepEqual(await on.read(path, 1000), before)
    await file.update(() => 3)
    t.is(file.problem, undefined)
    t.deepEqual(await on.read(`${path}.damaged`, 1000), before)
    t.is((await open(on)).value, 3)
  })
}
