import type { KeyObject } from 'node:crypto'
import test from 'ava'
import type { KeyEntry, KeyId } from '../../../../firmware/key-store/index.js'
import { IpsecUses, KeyUses } from '../../../../firmware/key-use/index.js'
import { ServedKeysInMemory } from '../../../../firmware/key-use/served-keys.js'
import { certificateFile } from '../../../../firmware/key-use/ipsec/connection.js'
import { IpsecPolicies, type IpsecPolicyUpdate } from '../../../../firmware/settings/index.js'
import type { PlatenError } from '../../../../protocol/errors.js'
import type { KeyUse } from '../../../../protocol/key-use.js'
import { seconds } from '../../../../protocol/time.js'
import { VirtualClock } from '../../../../rig/boards/virtual-clock.js'
import { FakeStrongswan } from '../../../support/fake-strongswan.js'
import { fixtureKeys } from '../../../support/fixture-keys.js'
import { RecordingDisk } from '../../../support/recording-disk.js'
import { silentLog } from '../../../support/silent-log.js'
import { defaultEntry, issuedEntry } from '../../../support/tls-entries.js'

const now = Date.UTC(2027, 0, 1)
const use: KeyUse = 'ipsec:office'
const old = issuedEntry('printer', fixtureKeys.three)
const next: KeyEntry = { ...issuedEntry('printer', fixtureKeys.four), id: 'next' as KeyId, name: 'next' }
const nameless = { ...issuedEntry('nameless', fixtureKeys.four, { dnsNames: [] }), id: 'nameless' as KeyId }
const expired = { ...issuedEntry('printer', fixtureKeys.four, { notAfter: Date.UTC(2026, 6, 1) }), id: 'expired' as KeyId }
const entries = [defaultEntry(fixtureKeys.one), old, next, nameless, expired]
const secrets = new Map<KeyId, KeyObject>([[old.id, fixtureKeys.three], [next.id, fixtureKeys.four], [nameless.id, fixtureKeys.four], [expired.id, fixtureKeys.four]])
const authority = { name: 'Office CA', der: old.chain[2]! }
const wellSet: IpsecPolicyUpdate = { peer: '192.0.2.2', authorities: ['Office CA'], enabled: true }

interface Circumstances {
  readonly update?: IpsecPolicyUpdate
  readonly disk?: RecordingDisk
  readonly assignments?: Map<KeyUse, KeyId>
  readonly installed?: boolean
  readonly served?: ServedKeysInMemory
  readonly restart?: readonly [string, ...string[]]
  readonly daemon?: FakeStrongswan
}

async function setUp({ update = wellSet, disk = new RecordingDisk(), assignments = new Map(), installed = true, served = new ServedKeysInMemory(), restart, daemon = new FakeStrongswan(disk) }: Circumstances = {}) {
  const clock = new VirtualClock(now)
  const lists: Uint8Array[] = []
  daemon.installed = installed
  const get = (id: KeyId): KeyEntry => entries.find((entry) => entry.id === id)!
  const store = {
    entries: () => entries, get, privateKey: (id: KeyId) => secrets.get(id)!, caCertificates: () => [{ ...authority, ...lists[0] === undefined ? {} : { crl: lists[0] } }],
    keyFor: (wanted: KeyUse) => assignments.has(wanted) ? get(assignments.get(wanted)!) : undefined,
    assign: (wanted: KeyUse, id: KeyId | undefined) => Promise.resolve(id === undefined ? void assignments.delete(wanted) : void assignments.set(wanted, id)),
  }
  const policies = await IpsecPolicies.open({ disk, directory: '/', log: silentLog })
  if (policies.find('office') === undefined) await policies.add('office', update)
  const uses = new KeyUses({ store, drivers: [], log: silentLog, clock, served })
  const ipsec = await IpsecUses.open({ policies, store, uses, disk, processes: daemon, directory: '/run/ipsec', socket: 'unix:///none', restart, clock, log: silentLog })
  await uses.start()
  ipsec.begin()
  const look = async (): Promise<void> => {
    await clock.advance(seconds(15))
    await ipsec.settled()
  }
  return { clock, daemon, store, policies, uses, ipsec, disk, assignments, lists, served, look }
}

const reason = async (work: Promise<unknown>): Promise<PlatenError> => await work.then(() => Promise.reject(new Error('it worked')), (error: unknown) => error as PlatenError)

test('device.md 7: a key is put to a policy: loaded, brought up by its certificate, and shown as serving', async (t) => {
  const { uses, daemon, ipsec } = await setUp()
  t.deepEqual(await uses.put(use, old.id), { enabled: true, caveats: [] })
  t.is(daemon.up.size, 1)
  t.deepEqual(daemon.keys, [`${old.id}.pem`])
  t.like(await ipsec.statusOf('office'), { state: 'serving', key: 'printer', detail: 'A tunnel to 192.0.2.2 is up.' })
})

test('a private key lies in clear, below the runtime directory, only while it is loaded', async (t) => {
  const { uses, disk, daemon } = await setUp()
  await uses.put(use, old.id)
  t.is(daemon.keys.length, 1)
  t.deepEqual(await disk.list('/run/ipsec/private'), [])
})

test('device.md 7: the swap makes before it breaks: the old tunnel ends only when the new one is up', async (t) => {
  const { uses, daemon } = await setUp()
  await uses.put(use, old.id)
  const [first] = daemon.up
  daemon.story.length = 0
  await uses.put(use, next.id)
  const [second] = daemon.up
  t.not(second, first)
  t.is(daemon.up.size, 1)
  t.true(daemon.story.indexOf(`--initiate ${second!}`) < daemon.story.indexOf(`--terminate ${first!}`))
  t.deepEqual([...daemon.loaded], [second!])
})

const failures: readonly (readonly [string, (daemon: FakeStrongswan) => void, RegExp])[] = [
  ['the peer trusts another CA', (daemon) => (daemon.peer = '[IKE] received AUTHENTICATION_FAILED notify error'), /the peer does not accept our certificate/],
  ['the peer is silent', (daemon) => (daemon.peer = '[IKE] retransmit 1 of request with message ID 0'), /the peer does not answer/],
  ['the daemon refuses the policy', (daemon) => (daemon.refuses = 'invalid value for: proposals, config discarded'), /does not know a value of the IKE proposals/],
  ['the daemon is dead', (daemon) => (daemon.daemon = 'dead'), /the IPSec daemon does not answer/],
  ['the daemon hangs', (daemon) => (daemon.daemon = 'hangs'), /the IPSec daemon did not answer within 4 s/],
]
for (const [what, fail, words] of failures) {
  test(`device.md 7: ${what}: the reason in words, the key before serves, and the store says so`, async (t) => {
    const { uses, daemon, ipsec, assignments, look } = await setUp()
    await uses.put(use, old.id)
    const [first] = daemon.up
    fail(daemon)
    t.regex((await reason(uses.put(use, next.id))).message, words)
    t.is(assignments.get(use), old.id)
    // What the daemon lost by dying comes back within one look: 15 s and a handshake.
    if (daemon.daemon === 'dead') daemon.restart()
    daemon.daemon = 'runs'
    daemon.refuses = daemon.peer = undefined
    await look()
    t.deepEqual([...daemon.up], [first!])
    t.deepEqual([...daemon.loaded], [first!])
    t.like(await ipsec.statusOf('office'), { state: 'serving', key: 'printer' })
  })
}

test('a daemon that hangs in the middle of a swap is told to forget the new connection once it answers again', async (t) => {
  const { uses, daemon, look } = await setUp()
  await uses.put(use, old.id)
  const [first] = daemon.up
  daemon.hangsAt = '--initiate'
  t.regex((await reason(uses.put(use, next.id))).message, /did not answer/)
  t.is(daemon.loaded.size, 2)
  daemon.daemon = 'runs'
  await look()
  t.deepEqual([...daemon.loaded], [first!])
  t.deepEqual([...daemon.up], [first!])
})

test('a first key that does not come up is taken back, and nothing is left in the daemon', async (t) => {
  const { uses, daemon, assignments } = await setUp()
  daemon.peer = '[IKE] received NO_PROPOSAL_CHOSEN notify error'
  t.is((await reason(uses.put(use, old.id))).code, 'probe-failed')
  t.false(assignments.has(use))
  t.is(daemon.loaded.size, 0)
})

test('the same key put again to a tunnel that cannot come up does not end what serves', async (t) => {
  const { uses, daemon, assignments } = await setUp()
  await uses.put(use, old.id)
  daemon.up.clear()
  daemon.peer = '[IKE] retransmit 1 of request'
  t.is((await reason(uses.put(use, old.id))).code, 'probe-failed')
  t.is(assignments.get(use), old.id)
  t.is(daemon.loaded.size, 1)
})

for (const [what, update, entry, words] of [
  ['no CA certificate is chosen', { ...wellSet, authorities: [] }, old, /trusts no CA certificate/],
  ['a chosen CA certificate is gone', { ...wellSet, authorities: ['Gone'] }, old, /"Gone" of the policy is not in the store/],
  ['the certificate has no name', wellSet, nameless, /for no DNS name and no IP address/],
  ['the local identity is not in the certificate', { ...wellSet, localIdentity: 'other.example' }, old, /is for printer\.example, not for the local identity other\.example/],
  ['the certificate has expired', wellSet, expired, /valid from 2026-01-01 to 2026-07-01/],
] as const) {
  test(`fails closed: ${what}: use-cannot-serve, before the daemon is asked`, async (t) => {
    const { uses, daemon } = await setUp({ update })
    const error = await reason(uses.put(use, entry.id))
    t.is(error.code, 'use-cannot-serve')
    t.regex(error.message, words)
    t.false(daemon.story.includes('--load-conns'))
  })
}

test('device.md 3: a policy that is off gets its key assigned and is not switched on; enabling it brings the tunnel up', async (t) => {
  const { uses, daemon, ipsec, assignments } = await setUp({ update: { ...wellSet, enabled: false } })
  t.deepEqual(await uses.put(use, old.id), { enabled: false, caveats: [] })
  t.is(assignments.get(use), old.id)
  t.is(daemon.loaded.size, 0)
  t.like(await ipsec.statusOf('office'), { state: 'off', key: 'printer' })
  t.like(await ipsec.enable('office'), { state: 'serving' })
  t.like(await ipsec.disable('office'), { state: 'off', key: 'printer' })
  t.is(daemon.loaded.size, 0)
  t.is(daemon.up.size, 0)
})

test('where strongSwan is not installed the function is off, and says so', async (t) => {
  const { uses, ipsec } = await setUp({ installed: false })
  t.deepEqual(await uses.put(use, old.id), { enabled: false, caveats: [] })
  t.like(await ipsec.statusOf('office'), { state: 'off', detail: 'strongSwan (swanctl) is not installed.' })
})

test('device.md 6: a start brings the daemon in line with the store, without waiting for the peer; the tunnel follows', async (t) => {
  const { daemon, look, ipsec } = await setUp({ assignments: new Map([[use, old.id]]) })
  t.is(daemon.loaded.size, 1)
  await look()
  t.like(await ipsec.statusOf('office'), { state: 'serving' })
})

test('a daemon that is dead at the start is given its connection as soon as it runs', async (t) => {
  const disk = new RecordingDisk()
  const { policies } = await setUp({ disk })
  t.is(policies.list().length, 1)
  const again = await setUp({ disk })
  again.daemon.daemon = 'dead'
  again.assignments.set(use, old.id)
  await again.look()
  t.like(await again.ipsec.statusOf('office'), { state: 'failed' })
  t.regex((await again.ipsec.statusOf('office')).detail, /daemon does not answer/)
  again.daemon.restart()
  await again.look()
  t.like(await again.ipsec.statusOf('office'), { state: 'serving' })
})

test('an edit that the daemon refuses is not stored and ends nothing; one that it takes moves the tunnel', async (t) => {
  const { uses, daemon, ipsec, policies } = await setUp()
  await uses.put(use, old.id)
  const [first] = daemon.up
  daemon.refuses = 'invalid value for: esp_proposals, config discarded'
  t.regex((await reason(ipsec.edit('office', { espProposals: ['rot13'] }))).message, /the ESP proposals/)
  t.deepEqual(policies.get('office').espProposals, [])
  t.deepEqual([...daemon.up], [first!])
  daemon.refuses = undefined
  t.like(await ipsec.edit('office', { peer: '192.0.2.3' }), { state: 'serving' })
  t.is(daemon.up.size, 1)
  t.false(daemon.up.has(first!))
  t.regex(daemon.config, /remote_addrs = "192\.0\.2\.3"/)
})

test('a policy that is removed ends its tunnel and gives its key back', async (t) => {
  const { uses, daemon, ipsec, assignments } = await setUp()
  await uses.put(use, old.id)
  await ipsec.remove('office')
  t.is(daemon.up.size, 0)
  t.false(assignments.has(use))
  t.deepEqual(await ipsec.status(), [])
})

test('device.md 7: after a renewal that failed the policy says why the key was not taken, while the old one serves', async (t) => {
  const { uses, daemon, ipsec } = await setUp()
  await uses.put(use, old.id)
  daemon.peer = '[IKE] received AUTHENTICATION_FAILED notify error'
  await reason(uses.put(use, next.id))
  t.is((await ipsec.statusOf('office')).detail, 'A tunnel to 192.0.2.2 is up. The key "next" was not taken: the peer does not accept our certificate or identity (AUTHENTICATION_FAILED).')
})

test('a new list of revoked certificates in the store is given to the daemon within one look, and an old one taken away', async (t) => {
  const { uses, disk, lists, look, daemon } = await setUp()
  await uses.put(use, old.id)
  await look()
  daemon.story.length = 0
  lists.push(Uint8Array.of(0x30, 0x00))
  await look()
  t.is((await disk.list('/run/ipsec/x509crl')).length, 1)
  t.true(daemon.story.includes('--load-creds'))
  lists.length = 0
  await look()
  t.deepEqual(await disk.list('/run/ipsec/x509crl'), [])
  t.is(daemon.up.size, 1)
})

test('a daemon that is dead is started again by the command of the config, within one look', async (t) => {
  const { uses, daemon, ipsec, look } = await setUp({ restart: ['revive', 'strongswan'] })
  await uses.put(use, old.id)
  daemon.daemon = 'dead'
  await look()
  t.deepEqual(daemon.revived, ['strongswan'])
  t.like(await ipsec.statusOf('office'), { state: 'serving', key: 'printer' })
})

test('a daemon that hangs is started again when it hangs in two looks in a row, and not before', async (t) => {
  const { uses, daemon, ipsec, look } = await setUp({ restart: ['revive'] })
  await uses.put(use, old.id)
  daemon.daemon = 'hangs'
  await look()
  t.deepEqual(daemon.revived, [])
  t.like(await ipsec.statusOf('office'), { state: 'failed' })
  await look()
  t.is(daemon.revived.length, 1)
  t.like(await ipsec.statusOf('office'), { state: 'serving' })
})

test('a daemon of others is left alone by a board without a key for IPSec', async (t) => {
  const { daemon, look } = await setUp({ restart: ['revive'] })
  daemon.loaded.add('theirs')
  await look()
  t.deepEqual([...daemon.loaded], ['theirs'])
  daemon.daemon = 'dead'
  await look()
  t.deepEqual(daemon.revived, [])
})

for (const accepted of [true, false]) {
  for (const survives of [true, false]) {
    test(`device.md 6: a power cut at each command of a swap, the daemon ${survives ? 'living on' : 'started anew'}, the peer ${accepted ? 'taking' : 'refusing'} the new certificate: the next start ends with one key in the store, in the daemon and in the tunnel`, async (t) => {
      const commands = await (async () => {
        const { uses, daemon } = await setUp()
        await uses.put(use, old.id)
        daemon.story.length = 0
        await uses.put(use, next.id)
        return daemon.story.length
      })()
      t.true(commands >= 8)
      for (let cut = 0; cut <= commands; cut += 1) {
        const before = await setUp()
        const { daemon, assignments, served, disk } = before
        if (!accepted) daemon.peerRefuses = (file) => (file === certificateFile(next.chain[0]!) ? '[IKE] received AUTHENTICATION_FAILED notify error' : undefined)
        await before.uses.put(use, old.id)
        daemon.commandsLeft = cut
        await Promise.race([new Promise<void>((resolve) => (daemon.onPowerCut = resolve)), before.uses.put(use, next.id).catch(() => undefined)])
        daemon.commandsLeft = Infinity
        if (!survives) daemon.restart()

        const { ipsec, look } = await setUp({ disk, assignments, served, daemon })
        for (let looks = 0; looks < 3; looks += 1) await look()
        const assigned = entries.find(({ id }) => id === assignments.get(use))!
        t.is(assigned.name, accepted ? 'next' : 'printer', `cut ${cut}`)
        t.like(await ipsec.statusOf('office'), { state: 'serving', key: assigned.name }, `cut ${cut}`)
        t.is(daemon.up.size, 1, `cut ${cut}`)
        t.deepEqual([...daemon.loaded], [...daemon.up], `cut ${cut}`)
        t.regex(daemon.config, new RegExp(certificateFile(assigned.chain[0]!)))
        t.deepEqual(await disk.list('/run/ipsec/private'), [])
      }
    })
  }
}
