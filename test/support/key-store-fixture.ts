import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { KeyStore, type KeyEntry, type KeyStoreOptions } from '../../firmware/key-store/index.js'
import type { Disk } from '../../firmware/platform/index.js'
import { issueCertificate } from '../../protocol/scep/index.js'
import type { RandomBytes } from '../../protocol/random.js'
import { fixtureKeys } from './fixture-keys.js'
import { silentLog } from './silent-log.js'

export const storeDirectory = '/store'

/** Made once for each name and key: signing takes longer than opening a store. */
export const certificateFor = (() => {
  const made = new Map<string, Uint8Array>()
  return (key: KeyObject, commonName: string): Uint8Array => {
    const name = `${commonName} ${createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')}`
    const found = made.get(name) ?? Uint8Array.from(issueCertificate({
      subject: { commonName },
      privateKey: key,
      serial: '01',
      notBefore: Date.UTC(2026, 0, 1),
      notAfter: Date.UTC(2036, 0, 1),
      digest: 'sha256',
    }))
    made.set(name, found)
    return found
  }
})()

/** Bytes that never repeat in one run, and are the same in each run. */
export function countedRandom(seed = ''): RandomBytes {
  let count = 0
  return (length) => {
    count += 1
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => createHash('sha256').update(`${seed} ${count} ${index}`).digest())
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length))
  }
}

export function storeOptions(disk: Disk, change: Partial<KeyStoreOptions> = {}): KeyStoreOptions {
  return {
    disk,
    directory: storeDirectory,
    random: countedRandom(),
    limits: { maxKeys: 4, maxCaCertificates: 2 },
    makeDefaultKey: () => Promise.resolve({ privateKey: fixtureKeys.one, chain: [certificateFor(fixtureKeys.one, 'default')] }),
    log: silentLog,
    ...change,
  }
}

export const openStore = (disk: Disk, change: Partial<KeyStoreOptions> = {}): Promise<KeyStore> => KeyStore.open(storeOptions(disk, change))

/** Reserve, put and complete in one go. */
export async function register(store: KeyStore, name: string, key: KeyObject, options: Omit<Parameters<KeyStore['complete']>[1], 'chain'> = {}): Promise<KeyEntry> {
  const { id } = await store.put(await store.reserve(name), key)
  return store.complete(id, { chain: [certificateFor(key, name)], ...options })
}

/** Whether a ready key is whole: its private key, unsealed, belongs to the leaf of its chain. */
export function isWhole(store: KeyStore, { id, chain: [leaf] }: KeyEntry): boolean {
  return leaf !== undefined && new X509Certificate(leaf).checkPrivateKey(store.privateKey(id))
}
