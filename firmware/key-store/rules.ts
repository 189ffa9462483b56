/** What the store refuses, rule by rule (device.md section 6). Pure: each check returns or throws. */
import { X509Certificate } from 'node:crypto'
import { PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import type { KeyId, Reservation, StoreLimits } from './entries.js'
import type { KeyIdentity } from './record.js'
import { identitiesOf, identityOf, usesOf, type StoreState } from './state.js'

/** Characters are Unicode code points. */
const goodName = /^[^\p{Cc}\p{Cs}\u2028\u2029]{1,64}$/u

/** @throws invalid-value: 1 to 64 characters, none of them a control character */
export function checkName(name: string): void {
  if (goodName.test(name)) return
  throw new PlatenError('invalid-value', 'name: it must have 1 to 64 characters and no control characters', {
    facts: { field: 'name' },
    fix: 'Give a name of 1 to 64 characters without control characters.',
  })
}

/**
 * Counts keys, pending keys and reservations against the limit. One slot beyond it is for exchanging a key in a full
 * store, one exchange at a time.
 * @throws store-full
 */
export function checkRoom(limits: StoreLimits, state: StoreState, reservations: readonly Reservation[], exchange: boolean): void {
  const keys = [...identitiesOf(state), ...reservations]
  const underWay = keys.some(({ exchangeFor }) => exchangeFor !== undefined && state.ready.has(exchangeFor))
  const room = limits.maxKeys + (exchange && !underWay ? 1 : 0)
  if (keys.length < room) return
  throw new PlatenError('store-full', `the key store is full: ${keys.length} of ${limits.maxKeys} keys, the default key and pending requests included`, {
    facts: { keys: keys.length, limit: limits.maxKeys },
    fix: 'Delete a key that is not in use.',
  })
}

/** @throws key-not-found */
export function findKey(state: StoreState, id: KeyId): KeyIdentity {
  const found = identityOf(state, id)
  if (found !== undefined) return found
  throw new PlatenError('key-not-found', `no key has the id ${id}`, { facts: { id }, fix: 'List the keys to see what there is.' })
}

/** @throws key-not-found, key-pending */
export function findReadyKey(state: StoreState, id: KeyId): KeyIdentity {
  const found = findKey(state, id)
  if (state.ready.has(id)) return found
  throw new PlatenError('key-pending', `the key ${JSON.stringify(found.name)} has no certificate yet`, {
    facts: { id, name: found.name },
    fix: 'Wait for its certificate, or give up its request.',
  })
}

/** @throws default-key */
export function checkNotDefault({ id, name, kind }: KeyIdentity): void {
  if (kind !== 'default') return
  throw new PlatenError('default-key', `${JSON.stringify(name)} is the default key: it can be neither deleted nor replaced`, {
    facts: { id, name },
    fix: 'Choose another key; to take a use off the default key, assign another key to that use.',
  })
}

/** @throws key-in-use unless every use of the key is `movingAway` */
export function checkNotInUse(state: StoreState, { id, name }: KeyIdentity, movingAway?: KeyUse): void {
  const uses = usesOf(state, id).filter((use) => use !== movingAway)
  const [use] = uses
  if (use === undefined) return
  throw new PlatenError('key-in-use', `the key ${JSON.stringify(name)} is in use by ${uses.map(displayKeyUse).join(', ')}`, {
    facts: { id, name, use, uses: uses.join(' ') },
    fix: `Assign another key to ${uses.map(displayKeyUse).join(' and to ')} first.`,
  })
}

/** @throws key-known when the very same key is there */
export function checkNotKnown(publicKey: string, state: StoreState): void {
  const known = identitiesOf(state).find((other) => other.publicKey === publicKey)
  if (known === undefined) return
  throw new PlatenError('key-known', `this key is in the store already, as ${JSON.stringify(known.name)}`, { facts: { id: known.id, name: known.name }, fix: 'Use the key that is there, or delete it first.' })
}

/** Largest chain that a record of the journal takes, bytes of DER. */
export const chainLimit = 128 * 1024

/** @throws bad-response when a certificate cannot be read; certificate-not-for-our-key when the leaf has another key */
export function checkChain(chain: readonly Uint8Array[], key: Pick<KeyIdentity, 'id' | 'name' | 'publicKey'>): void {
  const [leaf] = chain.map(readCertificate)
  if (leaf === undefined || chain.reduce((sum, { length }) => sum + length, 0) > chainLimit) {
    throw new PlatenError('bad-response', `certificate chain: ${chain.length} certificates, expected at least one and at most ${chainLimit} bytes in all`)
  }
  if (leaf.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') === key.publicKey) return
  throw new PlatenError('certificate-not-for-our-key', `the certificate is for another key than ${JSON.stringify(key.name)}`, { facts: { id: key.id, name: key.name } })
}

export function readCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new PlatenError('bad-response', 'certificate: it cannot be read as an X.509 certificate in DER', { facts: { field: 'certificate' }, cause })
  }
}
