import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { milliseconds, seconds } from '../../../../protocol/time.js'
import { PlatenError } from '../../../../protocol/errors.js'
import { fingerprint } from '../../../../protocol/scep/index.js'
import type { KeyEntry } from '../../../../firmware/key-store/index.js'
import { removeOtherPairs } from '../../../../firmware/key-use/index.js'
import { LinuxDisk } from '../../../../firmware/platform/index.js'
import { TlsBench, type Mood } from '../../../support/fake-tls-daemons.js'

const prints = (chain: readonly Uint8Array[]): readonly string[] => chain.map(fingerprint)
/** Leaf and intermediates: the root is not shown. */
const shownOf = ({ chain }: KeyEntry): readonly string[] => prints(chain.length === 1 ? chain : chain.slice(0, -1))

test('device.md 7: one key for all: the listener and every daemon show leaf and intermediates of the new certificate', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  await bench.passing(consumers.apply(bench.second))
  await bench.passing(consumers.probe())
  t.is(consumers.current(), bench.second.id)
  for (const shown of [bench.own, ...bench.daemons.map((daemon) => daemon.shown)]) t.deepEqual(prints(shown), shownOf(bench.second))
  t.deepEqual(await bench.passing(consumers.status()), { state: 'serving', detail: 'Served by the board, nginx, printer.' })
  t.deepEqual(readdirSync(join(bench.directory, 'nginx')), ['2', 'current'], 'the pair before is gone')
})

test('a daemon may take its time to load what it was given', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  bench.daemons[0]!.takes = seconds(5)
  await bench.passing(consumers.apply(bench.second))
  await bench.passing(consumers.probe())
  t.deepEqual(prints(bench.daemons[0]!.shown), shownOf(bench.second))
})

const troubles: readonly (readonly [Mood, string, RegExp])[] = [
  ['dead', 'is dead', /^printer: its reload command ended with exit code 1: the daemon is not running$/],
  ['refuses', 'refuses the key', /^printer: its reload command ended with exit code 1: cannot load the key$/],
  ['hangs', 'hangs', /^printer: its reload command did not end within 8 s, and was killed$/],
  ['deaf', 'does not listen', /^printer: a TLS client saw another certificate$/],
]
for (const [mood, so, reason] of troubles) {
  test(`all or none: with a daemon that ${so} the swap fails, and the old key serves everywhere again within 60 s`, async (t) => {
    const bench = TlsBench.make(t, 'nginx', 'printer')
    const consumers = bench.consumers()
    await bench.passing(consumers.apply(bench.first))
    await bench.passing(consumers.probe(false))
    bench.daemons[1]!.mood = mood
    const began = bench.clock.monotonic()
    const error = await bench.passing(consumers.apply(bench.second).then(() => consumers.probe()).then(() => undefined, (thrown: unknown) => thrown))
    t.true(error instanceof PlatenError)
    t.regex((error as PlatenError).message, reason)
    const undone = await bench.passing(consumers.undo().then(() => true, () => false))
    t.is(undone, mood !== 'dead', 'who cannot be seen to serve is told')
    t.true(bench.clock.monotonic() - began < 60_000)
    t.is(consumers.current(), bench.first.id)
    for (const shown of [bench.own, ...bench.daemons.map((daemon) => daemon.shown)]) t.deepEqual(prints(shown), shownOf(bench.first))
    bench.daemons[1]!.load()
    t.deepEqual(prints(bench.daemons[1]!.shown), shownOf(bench.first), 'whoever reads the files now finds the old pair')
  })
}

test('reasons of several daemons stand side by side', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  for (const daemon of bench.daemons) daemon.mood = 'deaf'
  await bench.passing(consumers.apply(bench.second))
  const error = await t.throwsAsync(bench.passing(consumers.probe()), { code: 'probe-failed' })
  t.is(error.message, 'nginx: a TLS client saw another certificate; printer: a TLS client saw another certificate')
})

test('a daemon that is away at the start holds up nothing; its files wait for it, and it is seen when it comes', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  const consumers = bench.consumers()
  bench.daemons[0]!.mood = 'dead'
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  t.true(bench.clock.monotonic() < 1000)
  t.deepEqual(await bench.passing(consumers.status()), { state: 'failed', detail: 'nginx: no TLS handshake with nginx port 443: connection refused.', reason: 'daemon-failed' })
  bench.daemons[0]!.mood = 'well'
  t.deepEqual(bench.clock.timers().map(({ name }) => name), ['look after the TLS daemons'])
  await bench.clock.advance(seconds(30))
  t.like(await bench.passing(consumers.status()), { state: 'serving' })
  t.deepEqual(bench.clock.timers(), [], 'nobody is looked after any more')
})

test('at a start after a power cut in a swap a daemon that does not take the key sends the board back to the key before', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  bench.daemons[0]!.shown = bench.third.chain
  bench.daemons[0]!.mood = 'refuses'
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.second))
  await t.throwsAsync(bench.passing(consumers.probe(true)), { message: 'nginx: its reload command ended with exit code 1: cannot load the key' })
})

test('at another start a daemon that does not take the key takes it from nobody else', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  const [nginx, printer] = bench.daemons
  nginx!.shown = bench.third.chain
  nginx!.mood = 'refuses'
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.second))
  await bench.passing(consumers.probe(false))
  t.deepEqual(prints(printer!.shown), shownOf(bench.second))
  t.deepEqual(await bench.passing(consumers.status()), { state: 'failed', detail: 'nginx: a TLS client saw another certificate.', reason: 'daemon-failed' })
})

test('a port that is taken keeps the key from the listener, not from the daemons', async (t) => {
  const bench = TlsBench.make(t, 'printer')
  bench.portTaken = true
  const consumers = bench.consumers()
  await t.throwsAsync(bench.passing(consumers.apply(bench.first)), { code: 'listen-failed' })
  t.is(consumers.current(), undefined)
  bench.daemons[0]!.load()
  t.deepEqual(prints(bench.daemons[0]!.shown), shownOf(bench.first))
  bench.portTaken = false
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  t.like(await bench.passing(consumers.status()), { state: 'serving' })
})

test('keys in clear are never written to a disk', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  const consumers = bench.consumers()
  bench.fileSystem = 'ext2/ext3'
  await bench.passing(consumers.apply(bench.first))
  t.deepEqual(readdirSync(join(bench.directory, 'nginx')), [])
  t.regex((await bench.passing(consumers.status())).detail, /nginx: keys in clear are written to memory only, and .* is on ext2\/ext3/)
})

test('the key file has the owner and the mode of the config; the way to it is open, and shows nothing', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  const [daemon] = bench.daemons
  Object.assign(daemon!.declaration, { owner: 'lp:ssl', mode: 0o640 })
  await bench.passing(bench.consumers().apply(bench.second))
  const { keyFile, certificateFile } = daemon!.declaration
  t.is(readlinkSync(keyFile), join(bench.directory, 'nginx/current/key.pem'))
  t.deepEqual([keyFile, certificateFile].map((path) => statSync(path).mode & 0o777), [0o640, 0o644])
  t.deepEqual(['', 'nginx', 'nginx/1'].map((name) => statSync(join(bench.directory, name)).mode & 0o777), [0o711, 0o711, 0o711])
  t.is(readFileSync(certificateFile, 'utf8').match(/BEGIN CERTIFICATE/g)?.length, 2)
})

test('what somebody else put at a path is not replaced', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  const { keyFile } = bench.daemons[0]!.declaration
  const consumers = bench.consumers()
  writeFileSync(keyFile, 'precious')
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  await bench.passing(consumers.apply(bench.second))
  await t.throwsAsync(bench.passing(consumers.probe()), { code: 'use-cannot-serve', message: `nginx: keyFile ${keyFile} is there already, and is no link of this board` })
  t.is(readFileSync(keyFile, 'utf8'), 'precious')
})

test('without a command the daemon reads its files by itself', async (t) => {
  const bench = TlsBench.make(t, 'printer')
  const [daemon] = bench.daemons
  delete (daemon!.declaration as { reload?: unknown }).reload
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.first))
  daemon!.load()
  await bench.passing(consumers.probe())
  await bench.passing(consumers.apply(bench.second))
  bench.clock.after('loads', seconds(3), () => daemon!.load())
  await bench.passing(consumers.probe())
  t.is(daemon!.reloads, 0)
})

test('what somebody took away from memory is written again', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  rmSync(bench.directory, { recursive: true })
  await bench.passing(consumers.apply(bench.second))
  rmSync(bench.directory, { recursive: true })
  await bench.passing(consumers.undo())
  t.deepEqual(prints(bench.daemons[0]!.shown), shownOf(bench.first))
})

test('what was written for a daemon that the config no longer has is removed', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  await bench.passing(bench.consumers().apply(bench.first))
  await removeOtherPairs(new LinuxDisk(), bench.directory, ['printer'])
  t.deepEqual(readdirSync(bench.directory), ['printer'])
  t.true(existsSync(bench.daemons[1]!.declaration.keyFile))
  t.false(existsSync(bench.daemons[0]!.declaration.keyFile))
})

test('a daemon that shows the old certificate to some for a moment, as nginx does, is seen to serve when it no longer does', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  const [nginx] = bench.daemons
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.first))
  await bench.passing(consumers.probe(false))
  nginx!.lingers = milliseconds(300)
  // The first look at the new key is one of those that see it.
  nginx!.look()
  await bench.passing(consumers.apply(bench.second))
  const from = bench.clock.monotonic()
  await bench.passing(consumers.probe())
  t.true(bench.clock.monotonic() - from >= 300, `seen after ${bench.clock.monotonic() - from} ms`)
})
