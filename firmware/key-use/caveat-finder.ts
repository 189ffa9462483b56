import { isIpAddress } from '../../protocol/host-name.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import type { KeyEntry, KeyStore } from '../key-store/index.js'
import type { Network } from '../platform/index.js'
import { caveatsOf } from './caveats.js'
import type { FindCaveats } from './key-uses.js'

/** A resolver that is away must not keep a command waiting. */
const lookupTimeout = seconds(2)

/** Gathers the facts of a key at a use, and judges by them. The names are looked up beside the swap, which does not wait. */
export function caveatFinder({ store, network, clock }: {
  readonly store: Pick<KeyStore, 'caCertificates'>
  readonly network: Pick<Network, 'addresses' | 'lookup'>
  readonly clock: Pick<Clock, 'state'>
}): FindCaveats {
  return async (use, entry, inService, addressesUsed) => caveatsOf({
    use, entry, inService, addressesUsed,
    authorities: store.caCertificates().map(({ der }) => der),
    addresses: network.addresses(),
    resolved: use === 'tls' ? await resolved(entry, network) : new Map(),
    clockSet: clock.state() !== 'unset',
  })
}

async function resolved({ kind, chain: [leaf] }: KeyEntry, network: Pick<Network, 'addresses' | 'lookup'>): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = leaf === undefined || kind === 'default' || network.addresses().length === 0 ? [] : readCertificate(leaf).dnsNames.filter((name) => !name.includes('*') && !isIpAddress(name))
  return new Map(await Promise.all(names.map(async (name) => [name, await network.lookup(name, lookupTimeout)] as const)))
}
