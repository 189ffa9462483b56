import test from 'ava'
import type { KeyEntry, KeyId } from '../../firmware/key-store/index.js'
import { KeyUses } from '../../firmware/key-use/index.js'
import { fingerprint } from '../../protocol/scep/index.js'
import { minutes, seconds } from '../../protocol/time.js'
import { TlsBench } from '../support/fake-tls-daemons.js'
import { silentLog } from '../support/silent-log.js'

/** The uses of a board over a store that knows which key TLS has. */
function board(bench: TlsBench, assigned: KeyEntry) {
  const entries = [bench.first, bench.second, bench.third]
  const state = { assigned }
  const store = {
    entries: () => entries,
    get: (id: KeyId) => entries.find((entry) => entry.id === id)!,
    keyFor: () => state.assigned,
    assign: (_: string, id: KeyId | undefined) => Promise.resolve(void (state.assigned = entries.find((entry) => entry.id === id) ?? bench.first)),
  }
  const uses = new KeyUses({ store, drivers: [bench.consumers()], log: silentLog, clock: bench.clock })
  const leaf = (chain: readonly Uint8Array[]): string | undefined => entries.find((entry) => fingerprint(entry.chain[0]!) === fingerprint(chain[0] ?? new Uint8Array()))?.name
  return { uses, state, served: () => [bench.own, ...bench.daemons.map(({ shown }) => shown)].map(leaf) }
}

for (const [mood, so] of [['dead', 'is dead'], ['refuses', 'refuses the key'], ['hangs', 'hangs'], ['deaf', 'does not listen']] as const) {
  test(`a daemon that ${so} at the start does not cost the board's listener its certificate`, async (t) => {
    const bench = TlsBench.make(t, 'nginx', 'printer')
    bench.daemons[0]!.mood = mood
    bench.daemons[0]!.shown = bench.third.chain
    const { uses, served } = board(bench, bench.second)
    await bench.passing(uses.start())
    await bench.clock.advance(minutes(2))
    t.deepEqual(served(), ['second', 'third', 'second'])
    t.like((await bench.passing(uses.list()))[0], { key: 'second', state: 'failed', reason: 'daemon-failed' })
    bench.daemons[0]!.mood = 'well'
    await bench.clock.advance(seconds(31))
    t.deepEqual(served(), ['second', 'second', 'second'])
    t.like((await bench.passing(uses.list()))[0], { key: 'second', state: 'serving' })
    await uses.close()
  })
}

test('device.md 7: a swap with a dead daemon leaves the old key everywhere, for as long as it is dead, and after it', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  const { uses, state, served } = board(bench, bench.second)
  await bench.passing(uses.start())
  await bench.clock.advance(seconds(1))
  bench.daemons[1]!.mood = 'dead'
  const began = bench.clock.monotonic()
  await t.throwsAsync(bench.passing(uses.put('tls', bench.third.id)), { code: 'probe-failed', message: /taken back from TLS: printer: / })
  t.true(bench.clock.monotonic() - began < 60_000)
  t.is(state.assigned, bench.second)
  await bench.clock.advance(minutes(2))
  t.deepEqual(served().slice(0, 2), ['second', 'second'])
  t.like((await bench.passing(uses.list()))[0], { key: 'second', state: 'failed', reason: 'daemon-failed' })
  Object.assign(bench.daemons[1]!, { mood: 'well', shown: [] })
  await bench.clock.advance(seconds(31))
  t.deepEqual(served(), ['second', 'second', 'second'])
  t.like((await bench.passing(uses.list()))[0], { state: 'serving' })
  t.deepEqual(uses.problems(), [])
  await uses.close()
})

test('a swap that goes well comes to all, and is told as served', async (t) => {
  const bench = TlsBench.make(t, 'nginx', 'printer')
  const { uses, state, served } = board(bench, bench.second)
  await bench.passing(uses.start())
  await bench.clock.advance(seconds(1))
  t.like(await bench.passing(uses.put('tls', bench.third.id)), { enabled: true })
  t.is(state.assigned, bench.third)
  t.deepEqual(served(), ['third', 'third', 'third'])
  await uses.close()
})
