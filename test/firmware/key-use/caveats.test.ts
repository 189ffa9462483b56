import test from 'ava'
import { caveatsOf, type CaveatFacts } from '../../../firmware/key-use/caveats.js'
import { caveatFinder } from '../../../firmware/key-use/index.js'
import type { KeyEntry } from '../../../firmware/key-store/index.js'
import { caveatCodes, type CaveatCode } from '../../../protocol/key-use.js'
import type { CertificateFields } from '../../../protocol/scep/index.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { defaultEntry, issuedEntry } from '../../support/tls-entries.js'

const address = '192.0.2.10'
const issued = (name: string, fields: Partial<CertificateFields> = {}): KeyEntry => issuedEntry(name, fixtureKeys.three, fields)
const named = issued('office', { ipAddresses: [address] })
const [leaf, intermediate, root] = named.chain as [Uint8Array, Uint8Array, Uint8Array]

/** A key that nobody objects to. */
const fine: CaveatFacts = { use: 'tls', entry: named, inService: undefined, authorities: [root], addresses: [address], resolved: new Map(), addressesUsed: [], clockSet: true }
const codes = (changes: Partial<CaveatFacts>): readonly CaveatCode[] => caveatsOf({ ...fine, ...changes }).map(({ code }) => code)

interface Side {
  readonly when: string
  readonly facts: Partial<CaveatFacts>
}

/** For each code, when it is told and when it is not. */
const sides: { readonly [Code in CaveatCode]: { readonly told: readonly Side[]; readonly not: readonly Side[] } } = {
  'name-mismatch': {
    told: [
      { when: 'the address in the certificate is another', facts: { entry: issued('office', { dnsNames: [], ipAddresses: ['192.0.2.99'] }) } },
      { when: 'the name does not resolve', facts: { entry: issued('office') } },
      { when: 'the name leads to another machine', facts: { entry: issued('office'), resolved: new Map([['office.example', ['192.0.2.99']]]) } },
      { when: 'the certificate names nothing', facts: { entry: issued('office', { dnsNames: [] }) } },
    ],
    not: [
      { when: 'one of its addresses is ours', facts: { entry: issued('office', { ipAddresses: ['192.0.2.99', address] }) } },
      { when: 'its name leads here', facts: { entry: issued('office'), resolved: new Map([['office.example', ['192.0.2.99', address]]]) } },
      { when: 'its name is our own in the hosts file', facts: { entry: issued('office'), resolved: new Map([['office.example', ['127.0.1.1']]]) } },
      { when: 'an IPv6 address is spelt in another way', facts: { entry: issued('office', { ipAddresses: ['2001:db8::a'] }), addresses: ['2001:0db8:0:0:0:0:0:A'] } },
      { when: 'the board has no address', facts: { entry: issued('office'), addresses: [] } },
      { when: 'the use is a client', facts: { use: 'ieee-802-1x', entry: issued('office') } },
      { when: 'it is the default key', facts: { entry: defaultEntry(fixtureKeys.three) } },
    ],
  },
  'address-missing': {
    told: [
      { when: 'clients have asked for the address', facts: { entry: issued('office'), addressesUsed: [address] } },
      { when: 'the certificate in service is for the address', facts: { entry: issued('office'), inService: { ...named, id: 'old' as KeyEntry['id'] } } },
    ],
    not: [
      { when: 'it is for the address that clients use', facts: { addressesUsed: [address] } },
      { when: 'nobody uses the address', facts: { entry: issued('office') } },
      { when: 'the certificate in service is for an address that the board no longer has', facts: { entry: issued('office'), inService: { ...named, id: 'old' as KeyEntry['id'] }, addresses: ['192.0.2.11'] } },
      { when: 'the use is no server', facts: { use: 'mqtt', entry: issued('office'), addressesUsed: [address] } },
    ],
  },
  'expires-earlier': {
    told: [{ when: 'the one in service lasts longer', facts: { inService: issued('old', { notAfter: Date.UTC(2036, 0, 2) }) } }],
    not: [
      { when: 'both last equally long', facts: { inService: issued('old') } },
      { when: 'it lasts longer', facts: { inService: issued('old', { notAfter: Date.UTC(2030, 0, 1) }) } },
      { when: 'the default key is in service, which has no end', facts: { inService: defaultEntry(fixtureKeys.four) } },
      { when: 'it is in service itself', facts: { inService: named } },
      { when: 'peers pin nothing', facts: { use: 'ipsec:office', inService: issued('old', { notAfter: Date.UTC(2036, 0, 2) }) } },
    ],
  },
  'chain-incomplete': {
    told: [
      { when: 'the intermediate is missing', facts: { entry: { ...named, chain: [leaf] } } },
      { when: 'neither the chain nor the store has a top', facts: { entry: { ...named, chain: [leaf, intermediate] }, authorities: [] } },
      { when: 'the CA of the store is another', facts: { entry: { ...named, chain: [leaf, intermediate] }, authorities: [defaultEntry(fixtureKeys.four).chain[0]!] } },
    ],
    not: [
      { when: 'the chain leads to a CA of the store', facts: { entry: { ...named, chain: [leaf, intermediate] } } },
      { when: 'the intermediate itself is known', facts: { entry: { ...named, chain: [leaf] }, authorities: [intermediate] } },
      { when: 'the chain ends in its own root', facts: { authorities: [] } },
      { when: 'it is self-signed', facts: { entry: defaultEntry(fixtureKeys.three), authorities: [] } },
    ],
  },
  'key-usage': {
    told: [{ when: 'TLS may sign only', facts: { entry: issued('office', { keyUsage: ['digitalSignature'], ipAddresses: [address] }) } }],
    not: [
      { when: 'it allows keyEncipherment', facts: {} },
      { when: 'it states no uses', facts: { entry: issued('office', { keyUsage: [], ipAddresses: [address] }) } },
      { when: 'IEEE 802.1X may sign only', facts: { use: 'ieee-802-1x', entry: issued('office', { keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] }) } },
    ],
  },
  'extended-key-usage': {
    told: [
      { when: 'a server has clientAuth', facts: { entry: issued('office', { extendedKeyUsage: ['clientAuth'], ipAddresses: [address] }) } },
      { when: 'IEEE 802.1X has serverAuth', facts: { use: 'ieee-802-1x' } },
      { when: 'MQTT has serverAuth', facts: { use: 'mqtt' } },
      { when: 'IKE has serverAuth', facts: { use: 'ipsec:office' } },
    ],
    not: [
      { when: 'a server has serverAuth', facts: {} },
      { when: 'a client has both', facts: { use: 'mqtt', entry: issued('office', { extendedKeyUsage: ['serverAuth', 'clientAuth'] }) } },
      { when: 'no purposes are stated', facts: { use: 'ipsec:office', entry: issued('office', { extendedKeyUsage: [] }) } },
    ],
  },
  'clock-not-set': {
    told: [{ when: 'nobody knows the date', facts: { clockSet: false } }],
    not: [{ when: 'the clock is set', facts: {} }],
  },
}

for (const code of caveatCodes) {
  for (const { when, facts } of sides[code].told) test(`device.md 7: ${code} is told when ${when}`, (t) => t.true(codes(facts).includes(code)))
  for (const { when, facts } of sides[code].not) test(`${code} is not told when ${when}`, (t) => t.false(codes(facts).includes(code)))
}

test('a key that fits has no caveats, and one without a certificate has none yet', (t) => {
  t.deepEqual(codes({}), [])
  t.deepEqual(codes({ entry: { ...named, chain: [], state: 'pending' } }), [])
})

test('each caveat says what is wrong and what to do about it', (t) => {
  const bad = issued('office', { keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] })
  const all = caveatsOf({ ...fine, entry: { ...bad, chain: bad.chain.slice(0, 1) }, inService: issued('old', { ipAddresses: [address], notAfter: Date.UTC(2040, 0, 1) }), clockSet: false })
  t.deepEqual(all.map(({ code }) => code), [...caveatCodes])
  for (const { message, fix } of all) {
    t.regex(message, /^[A-Z].*\.$/)
    t.regex(fix, /^[A-Z].*\.$/)
  }
})

test('names are looked up for TLS only, and a board without an address asks nobody', async (t) => {
  const asked: string[] = []
  const network = { own: [address] as readonly string[], addresses: () => network.own, lookup: (name: string) => Promise.resolve(asked.push(name) > 0 ? [address] : []) }
  const find = caveatFinder({ store: { caCertificates: () => [{ name: 'root', der: root }] }, network, clock: new VirtualClock(0) })
  t.deepEqual(await find('tls', issued('office', { dnsNames: ['office.example', '*.example'] }), undefined, []), [])
  t.deepEqual(asked, ['office.example'])
  t.deepEqual((await find('mqtt', issued('office', { extendedKeyUsage: ['clientAuth'] }), undefined, [])), [])
  network.own = []
  await find('tls', issued('office'), undefined, [])
  t.deepEqual(asked, ['office.example'])
})
