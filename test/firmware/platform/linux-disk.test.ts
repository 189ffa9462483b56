import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { LinuxDisk } from '../../../firmware/platform/index.js'
import { PlatenError } from '../../../protocol/errors.js'

const disk = new LinuxDisk()
const directory = mkdtempSync(join(tmpdir(), 'platen-disk-'))
test.after.always(() => rmSync(directory, { recursive: true }))

const failure = (errno: string) => (error: unknown): boolean =>
  error instanceof PlatenError && error.code === 'disk-failed' && error.facts['errno'] === errno && typeof error.facts['path'] === 'string'

async function fails(t: { true(value: boolean, message?: string): void }, run: Promise<unknown>, errno: string): Promise<void> {
  const error = await run.then(() => undefined, (thrown: unknown) => thrown)
  t.true(failure(errno)(error), String(error))
}

test('a file is made once, with mode 0600, and grows, shrinks and moves', async (t) => {
  const path = join(directory, 'file')
  await disk.create(path, Buffer.from('one'))
  t.is(statSync(path).mode & 0o777, 0o600)
  await fails(t, disk.create(path, Buffer.from('two')), 'EEXIST')
  await disk.append(path, Buffer.from(' two'))
  await disk.syncFile(path)
  t.is(Buffer.from(await disk.read(path, 7)).toString(), 'one two')
  await disk.truncate(path, 3)
  await disk.rename(path, `${path}-moved`)
  await disk.syncDirectory(directory)
  t.is(await disk.facts(path), undefined)
  t.deepEqual(await disk.facts(`${path}-moved`), { kind: 'file', size: 3 })
  await disk.remove(`${path}-moved`)
})

test('a file larger than the limit is not read', async (t) => {
  const path = join(directory, 'large')
  await disk.create(path, new Uint8Array(11))
  await fails(t, disk.read(path, 10), 'EFBIG')
})

test('a directory has mode 0700, is listed sorted, and goes only when empty', async (t) => {
  const path = join(directory, 'folder')
  await disk.makeDirectory(path)
  t.is(statSync(path).mode & 0o777, 0o700)
  await disk.create(join(path, 'b'), new Uint8Array())
  await disk.create(join(path, 'a'), new Uint8Array())
  t.deepEqual(await disk.list(path), ['a', 'b'])
  await fails(t, disk.remove(path), 'ENOTEMPTY')
  await disk.remove(join(path, 'a'))
  await disk.remove(join(path, 'b'))
  await disk.remove(path)
  t.is(await disk.facts(path), undefined)
})

test('what fails says which path, which error, and what to do', async (t) => {
  const file = join(directory, 'plain')
  writeFileSync(file, '')
  await fails(t, disk.list(join(directory, 'nowhere')), 'ENOENT')
  await fails(t, disk.create(join(file, 'below'), new Uint8Array()), 'ENOTDIR')
  await fails(t, disk.syncDirectory(file), 'ENOTDIR')
  const error = await t.throwsAsync<PlatenError>(disk.makeDirectory(join(directory, 'nowhere', 'deep')), { instanceOf: PlatenError })
  t.regex(error.fix, /^Make the directory/)
})

test('a directory has one lock, by whatever path one comes to it', async (t) => {
  const [real, link] = [join(directory, 'store'), join(directory, 'link')]
  mkdirSync(real)
  symlinkSync(real, link)
  const release = await disk.lock(real)
  await t.throwsAsync(new LinuxDisk().lock(link), { instanceOf: PlatenError, code: 'store-locked' })
  await release()
  await (await disk.lock(link))()
})
