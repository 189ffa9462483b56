import test from 'ava'
import fc from 'fast-check'
import { replaceJson } from '../../../firmware/platform/index.js'
import { IpsecPolicies, maxPolicies } from '../../../firmware/settings/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { RecordingDisk } from '../../support/recording-disk.js'
import { silentLog } from '../../support/silent-log.js'

const open = (disk = new RecordingDisk()) => IpsecPolicies.open({ disk, directory: '/', log: silentLog })

test('a policy gets the defaults, and is off', async (t) => {
  const policies = await open()
  t.deepEqual(await policies.add('office', { peer: '192.0.2.2' }), {
    name: 'office', enabled: false, peer: '192.0.2.2', localNetworks: [], remoteNetworks: [], authorities: [], ikeProposals: [], espProposals: [], lifetimeMinutes: 60, revocation: 'relaxed',
  })
})

test('device.md 7: policies are at most 10, in an order that can be changed, and they outlive a restart', async (t) => {
  const disk = new RecordingDisk()
  const policies = await open(disk)
  const names = Array.from({ length: maxPolicies }, (_, index) => `p${index}`)
  for (const name of names) await policies.add(name, { peer: '192.0.2.2' })
  t.is((await t.throwsAsync(policies.add('more', { peer: '192.0.2.2' }), { instanceOf: PlatenError })).code, 'policy-limit')
  await policies.order('p9', 1)
  await policies.order('p0', 10)
  await policies.remove('p5')
  t.deepEqual((await open(disk)).list().map(({ name }) => name), ['p9', 'p1', 'p2', 'p3', 'p4', 'p6', 'p7', 'p8', 'p0'])
})

test('an update changes what it gives, and an item given as undefined goes back to its default', async (t) => {
  const policies = await open()
  await policies.add('office', { peer: '192.0.2.2', remoteIdentity: 'gateway.example.com', lifetimeMinutes: 120 })
  const edited = await policies.edit('office', { peer: 'gateway.example.com', remoteIdentity: undefined, lifetimeMinutes: undefined })
  t.like(edited, { peer: 'gateway.example.com', lifetimeMinutes: 60 })
  t.false('remoteIdentity' in edited)
})

test('policies that were stored before the revocation check was an item are read, with the check at its default', async (t) => {
  const disk = new RecordingDisk()
  const before = { name: 'office', enabled: true, peer: '192.0.2.2', localNetworks: [], remoteNetworks: [], authorities: ['CA'], ikeProposals: [], espProposals: [], lifetimeMinutes: 60 }
  await replaceJson(disk, '/ipsec-policies.json', { version: 1, policies: [before] })
  const policies = await open(disk)
  t.deepEqual(policies.problems(), [])
  t.deepEqual(policies.list(), [{ ...before, revocation: 'relaxed' }])
})

const wrong = [
  ['peer', { peer: 'not a host' }], ['peer', { peer: '192.0.2.2"\n}' }], ['localIdentity', { localIdentity: '*.example.com' }], ['remoteIdentity', { remoteIdentity: 'host' }],
  ['localNetworks', { localNetworks: ['10.0.0.0/33'] }], ['remoteNetworks', { remoteNetworks: ['0.0.0.0/0/0'] }], ['ikeProposals', { ikeProposals: ['aes256, default'] }],
  ['espProposals', { espProposals: ['AES"'] }], ['lifetimeMinutes', { lifetimeMinutes: 4 }], ['lifetimeMinutes', { lifetimeMinutes: 1441 }], ['revocation', { revocation: 'none' as 'strict' }], ['authorities', { authorities: [''] }],
] as const
for (const [field, update] of wrong) {
  test(`${JSON.stringify(update)} is refused by the name of its item, and nothing is changed`, async (t) => {
    const policies = await open()
    const before = await policies.add('office', { peer: '192.0.2.2' })
    const error = await t.throwsAsync(policies.edit('office', update), { instanceOf: PlatenError })
    t.is(error.code, 'invalid-value')
    t.is(error.facts['field'], field)
    t.deepEqual(policies.get('office'), before)
  })
}

test('a missing peer, an unknown policy and a name twice each have their code', async (t) => {
  const policies = await open()
  t.is((await t.throwsAsync(policies.add('office', {}), { instanceOf: PlatenError })).code, 'missing-field')
  await policies.add('office', { peer: '192.0.2.2' })
  t.is((await t.throwsAsync(policies.add('office', { peer: '192.0.2.2' }), { instanceOf: PlatenError })).code, 'policy-name-taken')
  for (const work of [() => policies.edit('other', {}), () => policies.remove('other'), () => policies.order('other', 1)]) {
    t.is((await t.throwsAsync(work(), { instanceOf: PlatenError })).code, 'policy-not-found')
  }
})

test('no text gets into the settings as peer, identity, network or proposal that could leave a quoted word', async (t) => {
  const policies = await open()
  await policies.add('office', { peer: '192.0.2.2' })
  await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', '\n', '}', '{', '#', '\\', '$', ',', ' ', 'a', '1', '.', ':', '/', '-') })), async (text) => {
    for (const update of [{ peer: text }, { localIdentity: text }, { remoteIdentity: text }, { localNetworks: [text] }, { ikeProposals: [text] }, { espProposals: [text] }]) {
      const stored = await policies.edit('office', update).then(() => true, () => false)
      t.true(!stored || /^[A-Za-z0-9._:/-]+$/.test(text), text)
    }
  }), { numRuns: 60 })
})
