/** `keys …`. */
import { isoDate, type ReplyOf } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import { readCertificate } from '../../protocol/scep/index.js'
import type { KeyEntry } from '../key-store/index.js'
import type { PutToUse } from '../key-use/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import type { Services } from './services.js'
import { warningsOf } from './warnings.js'

export const keyHandlers: Handlers<'keys list' | 'keys show' | 'keys delete' | 'keys assign'> = {
  'keys list': (_, { store, limits }) => ({ limit: limits.maxKeys, keys: store.entries().map(keyRow) }),

  'keys show': ({ name }, { store }) => {
    const entry = findKey(store, name)
    const [leaf, ...others] = entry.chain.map(readCertificate)
    const chain = others.map(({ subject, issuer, notAfter }) => ({ subject, issuer, expires: isoDate(notAfter) }))
    const certificate = leaf === undefined ? {} : {
      subject: leaf.subject, issuer: leaf.issuer, serial: leaf.serial, 'not-before': isoDate(leaf.notBefore), 'dns-names': [...leaf.dnsNames], 'ip-addresses': [...leaf.ipAddresses],
    }
    return { ...keyRow(entry), bits: entry.bits, ...certificate, ...given({ 'transaction-id': entry.transactionId }), chain }
  },

  'keys delete': async ({ name }, { store, issuance, automatic }) => {
    const { id, state, transactionId } = findKey(store, name)
    // A key that waits for its certificate belongs to a deferred request, which ends with it.
    if (state === 'pending' && transactionId !== undefined) await issuance.giveUp(transactionId)
    else await store.delete(id)
    automatic.keysChanged()
    return { name }
  },

  'keys assign': async ({ name, use }, services, { progress }) => {
    const entry = findKey(services.store, name)
    if (use !== 'none') {
      const { enabled, caveats } = await putKeyToUse(services, name, use, progress)
      return { name, use: usesNow(services, name), enabled, ...warningsOf(caveats) }
    }
    for (const each of entry.uses) {
      progress(`Taking the key "${name}" from ${displayKeyUse(each)} …`)
      await takeFrom(services, each)
    }
    services.automatic.keysChanged()
    return { name, use: usesNow(services, name), enabled: false }
  },
}

/** @throws key-not-found, key-pending, use-cannot-serve, probe-failed, listen-failed */
export async function putKeyToUse({ automatic, store, useKey }: Services, name: string, use: KeyUse, progress: (text: string) => void): Promise<PutToUse> {
  const { id } = findKey(store, name)
  progress(`Putting the key "${name}" to ${displayKeyUse(use)} …`)
  const put = await useKey.put(use, id)
  automatic.keysChanged()
  return put
}

/** Away from all keys: it stops serving, or, as TLS, serves with the default key from now on. */
async function takeFrom({ store, useKey }: Services, use: KeyUse): Promise<void> {
  await store.assign(use, undefined)
  const now = store.keyFor(use)
  if (now === undefined) await useKey.refresh(use)
  else await useKey.put(use, now.id)
}

function usesNow({ store }: Services, name: string): string {
  return useText(store.find(name)?.uses ?? [])
}

export function keyRow(entry: KeyEntry): ReplyOf<'keys list'>['keys'][number] {
  const [leaf] = entry.chain
  const facts = leaf === undefined ? undefined : readCertificate(leaf)
  return {
    name: entry.name,
    kind: entry.kind,
    state: entry.state,
    use: useText(entry.uses),
    ...(facts === undefined ? {} : { expires: isoDate(facts.notAfter), fingerprint: facts.fingerprint }),
  }
}

/** The uses as commands write them, `none` for an idle key. */
export function useText(uses: readonly KeyUse[]): string {
  return uses.length === 0 ? 'none' : uses.join(',')
}

export function findKey(store: Services['store'], name: string): KeyEntry {
  const entry = store.find(name)
  if (entry !== undefined) return entry
  throw new PlatenError('key-not-found', 'There is no key of this name.', { facts: { name }, fix: 'Type keys list for the names.' })
}
