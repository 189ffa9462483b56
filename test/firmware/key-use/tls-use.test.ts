import type { KeyObject } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { fingerprint } from '../../../protocol/scep/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { seconds } from '../../../protocol/time.js'
import { KeyUses, TlsUse } from '../../../firmware/key-use/index.js'
import type { KeyEntry, KeyId } from '../../../firmware/key-store/index.js'
import { LinuxClock, linuxNetwork, type Network } from '../../../firmware/platform/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { silentLog } from '../../support/silent-log.js'
import { defaultEntry, issuedEntry } from '../../support/tls-entries.js'

const host = '127.0.0.1'
const network = linuxNetwork(new LinuxClock())
const first = defaultEntry(fixtureKeys.three)
const second = issuedEntry('second', fixtureKeys.four)
const keys = new Map<KeyId, KeyObject>([[first.id, fixtureKeys.three], [second.id, fixtureKeys.four]])

/** A real listener on loopback that starts with the default key. */
async function serving(t: ExecutionContext, probe: Pick<Network, 'handshake'> = network): Promise<TlsUse> {
  const use = new TlsUse({
    store: { privateKey: (id) => keys.get(id)! },
    network: probe,
    host,
    listen: (credentials) => network.listenHttps({ address: host, port: 0, credentials, answer: ({ path }) => ({ status: 200, body: path }) }),
  })
  await use.apply(first)
  t.teardown(() => use.close())
  return use
}

const shown = (use: TlsUse) => network.handshake({ host, port: use.port()!, timeout: seconds(5) })

async function client(use: TlsUse): Promise<TLSSocket> {
  const socket = connect({ host, port: use.port()!, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return socket
}

async function ask(socket: TLSSocket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: board\r\n\r\n`)
  const [bytes] = await once(socket, 'data') as [Buffer]
  return bytes.toString('utf8')
}

test('device.md 7: leaf and intermediate are sent, the root is not', async (t) => {
  const use = await serving(t)
  await use.apply(second)
  t.deepEqual((await shown(use)).map(fingerprint), second.chain.slice(0, 2).map(fingerprint))
  await use.probe()
})

test('device.md 7: the swap is live: an open connection goes on, a new one sees the new chain, undo brings the old one back', async (t) => {
  const use = await serving(t)
  const open = await client(use)
  t.true((await ask(open, '/before')).endsWith('/before'))
  await use.apply(second)
  t.is(use.current(), second.id)
  t.true((await ask(open, '/after')).endsWith('/after'))
  t.is(fingerprint((await shown(use))[0]!), fingerprint(second.chain[0]!))
  await use.undo()
  t.is(use.current(), first.id)
  t.is(fingerprint((await shown(use))[0]!), fingerprint(first.chain[0]!))
  t.true((await ask(open, '/still')).endsWith('/still'))
  open.destroy()
})

for (const [what, seen] of [['another leaf', [first.chain[0]!]], ['no intermediate', [second.chain[0]!]], ['nothing', []]] as const) {
  test(`the probe fails when a client sees ${what}`, async (t) => {
    const use = await serving(t, { handshake: () => Promise.resolve(seen) })
    await use.apply(second)
    t.is((await t.throwsAsync(use.probe(), { instanceOf: PlatenError })).code, 'probe-failed')
  })
}

test('the probe fails when no handshake comes about', async (t) => {
  const use = await serving(t)
  await use.close()
  t.is((await t.throwsAsync(use.probe(), { instanceOf: PlatenError })).code, 'probe-failed')
})

test('device.md 7: through the switch, a probe that fails leaves the listener with the key before', async (t) => {
  const use = await serving(t, { handshake: () => Promise.resolve([]) })
  let assigned = first
  const store = { entries: () => [first, second], get: () => second, keyFor: () => assigned, assign: (_: string, id: KeyId | undefined) => Promise.resolve(void (assigned = id === second.id ? second : first)) }
  const uses = new KeyUses({ store, drivers: [use], log: silentLog, clock: new VirtualClock(0) })
  t.is((await t.throwsAsync(uses.put('tls', second.id), { instanceOf: PlatenError })).code, 'probe-failed')
  t.is(assigned, first)
  t.is(fingerprint((await shown(use))[0]!), fingerprint(first.chain[0]!))
})

const unfit: readonly (readonly [why: string, entry: KeyEntry])[] = [
  ['its certificate has not been issued yet', { ...second, state: 'pending', chain: [] }],
  ['its certificate was issued for another key', { ...second, chain: first.chain }],
  ['its certificate does not allow digitalSignature', issuedEntry('second', fixtureKeys.four, { keyUsage: ['keyEncipherment'] })],
]
for (const [why, entry] of unfit) {
  test(`a key cannot serve TLS when ${why}`, async (t) => {
    const error = t.throws((await serving(t)).canServe.bind(await serving(t), entry), { instanceOf: PlatenError })
    t.is(error.code, 'use-cannot-serve')
    t.true(error.message.includes(why))
  })
}

test('a certificate for other purposes serves TLS all the same, as that of a CA that states clientAuth alone', async (t) => {
  const use = await serving(t)
  t.notThrows(() => use.canServe(issuedEntry('second', fixtureKeys.four, { extendedKeyUsage: ['clientAuth'] })))
})

test('a certificate that states no uses and no purposes fits', async (t) => {
  const use = await serving(t)
  t.notThrows(() => use.canServe(issuedEntry('second', fixtureKeys.four, { keyUsage: [], extendedKeyUsage: [] })))
})
