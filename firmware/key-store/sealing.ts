/** Private keys at rest: AES-256-GCM under the store key. */
import { createCipheriv, createDecipheriv, createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { posix } from 'node:path'
import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { readIfThere, replaceFile, type Disk } from '../platform/index.js'
import type { KeyIdentity } from './record.js'

const algorithm = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16
const storeKeyLength = 32

/** The key that seals all others, and a name for it that gives nothing away. */
export interface StoreKey {
  readonly bytes: Uint8Array
  /** 32 hex digits. */
  readonly fingerprint: string
}

/** Nonce, ciphertext and tag in base64. The seal holds for this generation and kind only, so that files cannot be swapped. */
export function seal(privateKey: KeyObject, key: KeyIdentity, storeKey: StoreKey, random: RandomBytes): string {
  const nonce = random(nonceLength)
  const cipher = createCipheriv(algorithm, storeKey.bytes, nonce, { authTagLength: tagLength }).setAAD(boundTo(key))
  const clear = privateKey.export({ type: 'pkcs8', format: 'der' })
  const sealed = Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]).toString('base64')
  clear.fill(0)
  return sealed
}

/** @throws store-damaged when the seal does not hold */
export function unseal(sealed: string, key: KeyIdentity, storeKey: StoreKey): KeyObject {
  const bytes = Buffer.from(sealed, 'base64')
  try {
    const decipher = createDecipheriv(algorithm, storeKey.bytes, bytes.subarray(0, nonceLength), { authTagLength: tagLength })
    decipher.setAAD(boundTo(key)).setAuthTag(bytes.subarray(-tagLength))
    const clear = Buffer.concat([decipher.update(bytes.subarray(nonceLength, -tagLength)), decipher.final()])
    const privateKey = createPrivateKey({ key: clear, format: 'der', type: 'pkcs8' })
    clear.fill(0)
    return privateKey
  } catch {
    // The cause is left out: it could carry bytes of the key.
    throw new PlatenError('store-damaged', `the private key of ${JSON.stringify(key.name)} cannot be unsealed`, {
      facts: { id: key.id, name: key.name },
      fix: 'Restore the data directory from a backup, or delete this key and request a new certificate.',
    })
  }
}

/** @returns undefined when the file is not there @throws store-damaged when it is not a store key; disk-failed */
export async function readStoreKey(disk: Disk, path: string): Promise<StoreKey | undefined> {
  const bytes = await readIfThere(disk, path, storeKeyLength * 32)
  if (bytes === undefined) return undefined
  if (bytes.length === storeKeyLength) return storeKeyOf(bytes)
  throw new PlatenError('store-damaged', `the store key ${path} has ${bytes.length} bytes instead of ${storeKeyLength}`, {
    facts: { path },
    fix: `Restore ${path} from a backup: without it the private keys cannot be read. To begin anew, move the whole directory ${posix.dirname(path)} away.`,
  })
}

/** Draws a store key and makes it last. @throws disk-failed */
export async function makeStoreKey(disk: Disk, path: string, random: RandomBytes): Promise<StoreKey> {
  const bytes = random(storeKeyLength)
  await replaceFile(disk, path, bytes)
  return storeKeyOf(bytes)
}

function storeKeyOf(bytes: Uint8Array): StoreKey {
  return { bytes, fingerprint: createHash('sha256').update('platen store key ').update(bytes).digest('hex').slice(0, 32) }
}

function boundTo({ id, kind }: KeyIdentity): Buffer {
  return Buffer.from(`platen private key ${id} ${kind}`)
}
