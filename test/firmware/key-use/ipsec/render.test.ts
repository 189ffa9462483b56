import test from 'ava'
import fc from 'fast-check'
import type { KeyId } from '../../../../firmware/key-store/index.js'
import { certificateFile, connectionOf, type Connection } from '../../../../firmware/key-use/ipsec/connection.js'
import { renderConnections } from '../../../../firmware/key-use/ipsec/render.js'

type Section = { [name: string]: string | Section }

/** A reader of swanctl.conf of its own: sections, and values in double quotes, one to a line. Anything else throws. */
function read(text: string): Section {
  const root: Section = {}
  const open = [root]
  for (const line of text.trimEnd().split('\n')) {
    const [, begins] = /^\s*([\w-]+) \{$/.exec(line) ?? []
    const [, name, value] = /^\s*(\w+) = "([^"\\\n{}#$]*)"$/.exec(line) ?? []
    if (begins !== undefined) open.unshift((open[0]![begins] = {}))
    else if (name !== undefined) open[0]![name] = value!
    else if (line.trim() === '}') open.shift()
    else throw new Error(`not a line of swanctl.conf: ${line}`)
  }
  if (open.length !== 1) throw new Error('a section is open at the end')
  return root
}

const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain())
const network = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`)
const proposal = fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,10}){0,3}$/)
const some = <Value>(one: fc.Arbitrary<Value>) => fc.array(one, { maxLength: 3 })
const der = fc.uint8Array({ minLength: 1, maxLength: 8 })
const connection: fc.Arbitrary<Connection> = fc.record({
  policy: fc.record({
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/), enabled: fc.boolean(), peer: host, remoteIdentity: host, localNetworks: some(network), remoteNetworks: some(network),
    authorities: some(fc.string()), ikeProposals: some(proposal), espProposals: some(proposal), lifetimeMinutes: fc.integer({ min: 5, max: 1440 }),
    revocation: fc.constantFrom('relaxed', 'ifuri', 'strict'),
  }),
  identity: host, key: fc.constant('0123456789abcdef' as KeyId), chain: fc.array(der, { minLength: 1, maxLength: 2 }), authorities: fc.array(der, { minLength: 1, maxLength: 2 }), place: fc.nat(9),
}).map(connectionOf)

test('whatever connections are rendered, they are read back as they were, and nothing else is there', (t) => {
  fc.assert(fc.property(fc.uniqueArray(connection, { maxLength: 4, selector: ({ name }) => name }), (connections) => {
    const files = (ders: readonly Uint8Array[]): string => ders.map((each) => `/run/c/${certificateFile(each)}`).join(', ')
    const or = (values: readonly string[], otherwise: string): string => values.join(', ') || otherwise
    t.deepEqual(read(renderConnections(connections, '/run/c')), {
      connections: Object.fromEntries(connections.map(({ name, policy, identity, chain, authorities, place }) => [name, {
        version: '2', remote_addrs: policy.peer, proposals: or(policy.ikeProposals, 'default'), rekey_time: `${policy.lifetimeMinutes * 4}m`, dpd_delay: '15s', keyingtries: '1', send_cert: 'always',
        local: { auth: 'pubkey', certs: files(chain.slice(0, 1)), id: identity, eap_id: name },
        remote: { auth: 'pubkey', id: policy.remoteIdentity!, cacerts: files(authorities), revocation: policy.revocation },
        children: { tunnel: { mode: 'tunnel', local_ts: or(policy.localNetworks, 'dynamic'), remote_ts: or(policy.remoteNetworks, 'dynamic'), esp_proposals: or(policy.espProposals, 'default'), rekey_time: `${policy.lifetimeMinutes}m`, priority: String(1000 + place) } },
      }])),
    })
  }), { numRuns: 100 })
})

test('a value that could end its quotes is never rendered, even if the settings let it through', (t) => {
  const base = fc.sample(connection, { numRuns: 1, seed: 1 })[0]!
  fc.assert(fc.property(fc.string({ minLength: 1 }).filter((text) => !/^[A-Za-z0-9._:/-]+$/.test(text)), (text) => {
    t.throws(() => renderConnections([{ ...base, identity: text }], '/run/c'), { instanceOf: TypeError })
    t.throws(() => renderConnections([{ ...base, policy: { ...base.policy, peer: text } }], '/run/c'), { instanceOf: TypeError })
    t.throws(() => renderConnections([{ ...base, name: text }], '/run/c'), { instanceOf: TypeError })
  }), { numRuns: 50 })
})

test('another certificate, another peer or another CA is another connection; enabling and order are not', (t) => {
  const [first] = fc.sample(connection, { numRuns: 1, seed: 2 }) as [Connection]
  const changed = [
    { ...first, chain: [new Uint8Array(9)] }, { ...first, authorities: [new Uint8Array(9)] }, { ...first, identity: 'x.example' }, { ...first, policy: { ...first.policy, peer: '203.0.113.77' } },
  ].map((each) => connectionOf(each).name)
  t.is(new Set([first.name, ...changed]).size, 5)
  t.is(connectionOf({ ...first, place: 7, policy: { ...first.policy, enabled: !first.policy.enabled } }).name, first.name)
})
