import test from 'ava'
import { readIfThere, readJson, removeStaleTemporaries, replaceFile, replaceJson } from '../../../firmware/platform/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { crashImages } from '../../support/crash-images.js'
import { emptyImage } from '../../support/disk-image.js'
import { RecordingDisk } from '../../support/recording-disk.js'

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString()

test('after a power cut a replaced file holds the old content or the new, and the new once the call has returned', async (t) => {
  const disk = new RecordingDisk(emptyImage)
  await replaceFile(disk, '/file', Buffer.from('old content'))
  const first = disk.operations.length
  await replaceFile(disk, '/file', Buffer.from('new'))
  let states = 0
  for (let prefix = first; prefix <= disk.operations.length; prefix += 1) {
    for (const image of crashImages(disk, prefix)) {
      const found = text(await readIfThere(new RecordingDisk(image), '/file', 100))
      t.true(prefix === disk.operations.length ? found === 'new' : found === 'old content' || found === 'new', `after ${prefix}: ${found}`)
      states += 1
    }
  }
  t.true(states > 10)
})

test('a temporary that a crash left is no obstacle and is removed at start', async (t) => {
  const disk = new RecordingDisk()
  await disk.create('/file.new', Buffer.from('half'))
  await replaceFile(disk, '/file', Buffer.from('whole'))
  await disk.create('/other.new', Buffer.from('half'))
  await removeStaleTemporaries(disk, '/')
  t.deepEqual(await disk.list('/'), ['file'])
})

test('JSON comes back as it went; a missing file is undefined', async (t) => {
  const disk = new RecordingDisk()
  t.is(await readJson(disk, '/value'), undefined)
  await replaceJson(disk, '/value', { name: 'ü\n', list: [1, 2] })
  t.deepEqual(await readJson(disk, '/value'), { name: 'ü\n', list: [1, 2] })
})

test('JSON with any one bit flipped, or cut anywhere, is store-damaged', async (t) => {
  const disk = new RecordingDisk()
  await replaceJson(disk, '/value', { url: 'http://ca.example.com' })
  const whole = await disk.read('/value', 1000)
  const damaged = [
    ...Array.from(whole, (byte, index) => whole.with(index, byte ^ 4)),
    ...Array.from(whole, (_, length) => whole.subarray(0, length)),
  ]
  for (const bytes of damaged) {
    const copy = new RecordingDisk()
    await copy.create('/value', bytes)
    const error = await t.throwsAsync<PlatenError>(readJson(copy, '/value'), { instanceOf: PlatenError, code: 'store-damaged' })
    t.is(error.facts['path'], '/value')
  }
})
