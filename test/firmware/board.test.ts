import test from 'ava'
import { startBoard, type Board } from '../../firmware/board.js'
import type { BoardConfig } from '../../firmware/config.js'
import { Access } from '../../firmware/commands/index.js'
import { buildDate, replaceJson } from '../../firmware/platform/index.js'
import { Settings } from '../../firmware/settings/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { readCertificate, sameBytes } from '../../protocol/scep/index.js'
import { milliseconds } from '../../protocol/time.js'
import { filesOf, type DiskImage } from '../support/disk-image.js'
import { FakePlatform } from '../support/fake-platform.js'
import { RecordingDisk } from '../support/recording-disk.js'
import { silentLog } from '../support/silent-log.js'

const config: BoardConfig = {
  data: '/data',
  runtime: '/run/platen',
  ipsec: { vici: 'unix:///none' },
  serial: { path: '/dev/ttyTest', baudRate: 115_200 },
  https: { address: '::', port: 443 },
  model: { name: 'MFP', maxKeys: 8, maxCaCertificates: 16 },
  log: { level: 'info' },
}

async function start(platform: FakePlatform): Promise<{ board: Board; log: string[] }> {
  const log: string[] = []
  return { board: await startBoard(platform, config, { writeLog: (line) => void log.push(line) }), log }
}

test('a board that stopped leaves nothing: no timer, no listener, no lock', async (t) => {
  const platform = new FakePlatform()
  const { board } = await start(platform)
  await platform.clock.advance(milliseconds(0))
  t.regex(platform.lines[0]!.text, /login: $/)
  await board.stop()
  t.deepEqual(await board.stopped, { reason: 'stopped' })
  t.true(platform.lines[0]!.destroyed)
  t.deepEqual(platform.clock.timers(), [])
  t.is(platform.listeners.size, 0)
  const again = await start(platform)
  await again.board.stop()
})

test('device.md 6: the default key is self-signed, named for the board, and valid whatever a clock that is not set says', async (t) => {
  const platform = new FakePlatform()
  const { board } = await start(platform)
  const [leaf, ...more] = platform.shown!.chain
  const certificate = readCertificate(leaf!)
  t.deepEqual(more, [])
  t.regex(certificate.subject, /^CN=platen-[0-9a-f]{6}$/)
  t.is(certificate.subject, certificate.issuer)
  t.is(certificate.notBefore, buildDate)
  t.is(new Date(certificate.notAfter).toISOString(), '9999-12-31T23:59:59.000Z')
  await board.stop()
})

test('what was opened is closed again when a later step of the start fails', async (t) => {
  const platform = new FakePlatform()
  platform.lineFails = new PlatenError('connect-failed', 'no such line')
  t.is((await t.throwsAsync(start(platform), { instanceOf: PlatenError })).code, 'connect-failed')
  t.is(platform.listeners.size, 0)
  t.deepEqual(platform.clock.timers(), [])
  platform.lineFails = undefined
  const { board } = await start(platform)
  await board.stop()
})

test('device.md 8: a restart request is durable before anything stops, and the next boot tells it', async (t) => {
  const platform = new FakePlatform()
  const { board } = await start(platform)
  await board.restart({ by: 'administrator', why: 'new certificate' })
  t.is(platform.listeners.size, 1)
  await platform.clock.advance(milliseconds(0))
  t.deepEqual(await board.stopped, { reason: 'restart' })
  const next = await start(platform)
  t.true(next.log.some((line) => line.includes('restart asked for by administrator: new certificate')))
  t.not(next.board.bootId, board.bootId)
  await next.board.stop()
})

test('a serial line that hangs up is opened again after one second, then after two when that fails', async (t) => {
  const platform = new FakePlatform()
  const { board } = await start(platform)
  platform.lineFails = new PlatenError('connect-failed', 'unplugged')
  platform.lines[0]!.destroy()
  await platform.clock.advance(milliseconds(1000))
  platform.lineFails = undefined
  await platform.clock.advance(milliseconds(1999))
  t.is(platform.lines.length, 1)
  await platform.clock.advance(milliseconds(1))
  t.is(platform.lines.length, 2)
  t.regex(platform.lines[1]!.text, /login: $/)
  await board.stop()
})

test('a damaged run record is among the problems that the status shows', async (t) => {
  const platform = new FakePlatform()
  await (await start(platform)).board.stop()
  await platform.disk.truncate('/data/run.json', 30)
  const { board } = await start(platform)
  const [line] = platform.lines.slice(-1)
  for (const typed of ['administrator', 'a good password', 'a good password', 'status']) {
    const from = line!.text.length
    line!.push(`${typed}\r`)
    await until(platform, () => /(?:: |> )$/.test(line!.text.slice(from)))
  }
  t.regex(line!.text, /run\.json is damaged/)
  await board.stop()
})

/** Lets everything under way come to rest, over and over, until it is so. */
async function until(platform: FakePlatform, isSo: () => boolean): Promise<void> {
  do await platform.clock.advance(milliseconds(0))
  while (!isSo())
}

/** The disk of a board that has been in use (password, settings, history), and what it serves. */
async function used(): Promise<{ readonly image: DiskImage; readonly leaf: Uint8Array }> {
  const disk = new RecordingDisk()
  const platform = new FakePlatform(disk)
  const { board } = await start(platform)
  await board.stop()
  const { clock, random } = platform
  const access = await Access.open({ disk, directory: '/data', clock, random: random.bytes, log: silentLog, cost: { cost: 16, blockSize: 8, parallel: 1 } })
  await access.setFirstPassword('a good password')
  const settings = await Settings.open({ disk, directory: '/data', log: silentLog })
  await settings.update({ url: 'http://scep.example/scep' })
  await replaceJson(disk, '/data/issuance.json', { version: 1, nextId: 2, rows: [{ id: 1, status: 'Error', details: 'Deferred', extra: {}, keyName: 'a' }] })
  return { image: disk.image(), leaf: platform.shown!.chain[0]! }
}

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 0x10 : byte))

/** Bits flipped and ends cut off, over the whole length of a file. */
function damagesOf(bytes: Uint8Array): readonly (readonly [what: string, bytes: Uint8Array])[] {
  const places = [0, 0.25, 0.5, 0.75, 1].map((part) => Math.round(part * (bytes.length - 1)))
  const sizes = [0, bytes.length >> 1, bytes.length - 2]
  return [...places.map((at) => [`bit flipped at ${at}`, flip(bytes, at)] as const), ...sizes.map((size) => [`cut to ${size}`, bytes.slice(0, size)] as const)]
}

test('a data directory that is damaged in any one file: the board starts and tells it, or has mended it, or refuses with what to do', async (t) => {
  const { image, leaf } = await used()
  const files = [...filesOf(image)]
  t.true(files.length >= 8, files.map(([path]) => path).join(' '))
  const silent: string[] = []
  for (const [path, bytes] of files) {
    for (const [what, damaged] of damagesOf(bytes)) {
      const disk = new RecordingDisk(image)
      await disk.remove(path)
      await disk.create(path, damaged)
      const end = await outcome(disk)
      // The key store mends without a word what it has twice; then it serves the very same key.
      const mended = path.startsWith('/data/keys/') && end.shown !== undefined && sameBytes(end.shown, leaf)
      if (!end.told && !mended) silent.push(`${path}: ${what}`)
    }
  }
  t.deepEqual(silent, [])
})

/** Whether the damage was told: in the log of a board that serves, or by a refusal with a fix. Anything else throws. */
async function outcome(disk: RecordingDisk): Promise<{ readonly told: boolean; readonly shown?: Uint8Array }> {
  const platform = new FakePlatform(disk, 'next boot')
  try {
    const { board, log } = await start(platform)
    await board.stop()
    return { told: log.some((line) => /, (?:error|warn)\]/.test(line)), shown: platform.shown!.chain[0]! }
  } catch (error) {
    if (!(error instanceof PlatenError) || error.code === 'internal' || error.fix === '') throw error
    return { told: true }
  }
}
