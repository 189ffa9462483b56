import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'

/** Keeps a short secret on disk so that the file alone does not give it away. */
export interface Protector {
  /** @param purpose what the secret is; a sealed text opens for the same purpose only */
  seal(clear: string, purpose: string): string
  /** @throws store-damaged when the seal does not hold */
  open(sealed: string, purpose: string): string
}

const algorithm = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16

/**
 * AES-256-GCM under a key derived (HKDF-SHA-256) from the store key, so that no key seals two kinds of thing.
 * @param storeKey 32 bytes: the key that seals the private keys of the store
 */
export function protectorFrom(storeKey: Uint8Array, random: RandomBytes): Protector {
  const key = new Uint8Array(hkdfSync('sha256', storeKey, new Uint8Array(0), 'platen settings', 32))
  return {
    seal: (clear, purpose) => {
      const nonce = random(nonceLength)
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(purpose))
      return Buffer.concat([nonce, cipher.update(clear, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
    },
    open: (sealed, purpose) => {
      const bytes = Buffer.from(sealed, 'base64')
      try {
        const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceLength), { authTagLength: tagLength })
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-tagLength))
        return Buffer.concat([decipher.update(bytes.subarray(nonceLength, -tagLength)), decipher.final()]).toString('utf8')
      } catch {
        // The cause is left out: it could carry bytes of the secret.
        throw new PlatenError('store-damaged', `${purpose} cannot be unsealed`, { facts: { purpose }, fix: `Set ${purpose} again.` })
      }
    },
  }
}
