import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { linuxRuntimeFiles as files } from '../../../firmware/platform/index.js'

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'platen-runtime-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

test('a file has its owner and mode, whatever the umask', async (t) => {
  const path = join(folder(t), 'key.pem')
  const [uid, gid] = [process.getuid!(), process.getgid!()]
  await files.create(path, Buffer.from('secret'), { uid, gid, mode: 0o640 })
  const found = statSync(path)
  t.deepEqual([found.uid, found.gid, found.mode & 0o777, readFileSync(path, 'utf8')], [uid, gid, 0o640, 'secret'])
  await t.throwsAsync(files.create(path, Buffer.from('other'), { mode: 0o600 }), { code: 'disk-failed', message: /EEXIST/ })
})

test('a folder has its mode, and can get another', async (t) => {
  const path = join(folder(t), 'shared')
  await files.makeFolder(path, { mode: 0o711 })
  t.is(statSync(path).mode & 0o777, 0o711)
  await files.setAccess(path, { mode: 0o700 })
  t.is(statSync(path).mode & 0o777, 0o700)
  await t.throwsAsync(files.makeFolder(path, { mode: 0o711 }), { code: 'disk-failed' })
})

test('a link is made, and pointed elsewhere; what a crash left of one is no obstacle', async (t) => {
  const path = join(folder(t), 'current')
  t.is(await files.linkTarget(path), undefined)
  await files.link(path, '1')
  writeFileSync(`${path}.new`, '')
  await files.link(path, '2')
  t.is(readlinkSync(path), '2')
  t.is(await files.linkTarget(path), '2')
})

test('what is no link is told apart from nothing', async (t) => {
  const path = join(folder(t), 'file')
  writeFileSync(path, '')
  await t.throwsAsync(files.linkTarget(path), { code: 'disk-failed', message: /EINVAL/ })
})
