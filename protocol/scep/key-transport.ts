import { constants, privateDecrypt, publicEncrypt, type KeyObject } from 'node:crypto'

/** C-15. `oaep` is with SHA-1, the default of RFC 8017; `oaep-sha256` with SHA-256. */
export type KeyTransport = 'pkcs1' | 'oaep' | 'oaep-sha256'

/** Encrypts a content key for the holder of a certificate. */
export function wrapKey(transport: KeyTransport, recipient: KeyObject, contentKey: Uint8Array): Uint8Array {
  return publicEncrypt({ key: recipient, ...padding(transport) }, contentKey)
}

/**
 * Decrypts a content key. It never fails: on any fault the given random key comes back (RFC 3218 section 2.3.2), so
 * that a wrong key shows only in the content, and an attacker cannot ask whether a padding was right.
 * @param length bytes the content key must have
 * @param random a fresh random key of that length
 */
export function unwrapKey(transport: KeyTransport, privateKey: KeyObject, wrapped: Uint8Array, length: number, random: Uint8Array): Uint8Array {
  try {
    if (transport === 'pkcs1') return unpad(rawDecrypt(privateKey, wrapped), length, random)
    const key = privateDecrypt({ key: privateKey, ...padding(transport) }, wrapped)
    return key.length === length ? key : random
  } catch {
    return random
  }
}

function padding(transport: KeyTransport): { padding: number; oaepHash?: string } {
  if (transport === 'pkcs1') return { padding: constants.RSA_PKCS1_PADDING }
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: transport === 'oaep' ? 'sha1' : 'sha256' }
}

/** Node's own removal of this padding is switched off (CVE-2023-46809), so it is done below. */
function rawDecrypt(privateKey: KeyObject, wrapped: Uint8Array): Uint8Array {
  const size = Math.ceil((privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  const padded = Buffer.alloc(Math.max(size, wrapped.length))
  padded.set(wrapped, padded.length - wrapped.length)
  return privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, padded)
}

/**
 * EM = 00 02 PS 00 key, PS at least 8 bytes and none of them 00 (RFC 8017 section 7.2.2). The key's length is known,
 * so every byte has its place and no branch depends on a secret.
 */
function unpad(message: Uint8Array, length: number, random: Uint8Array): Uint8Array {
  const start = message.length - length
  if (start < 11) return random
  let wrong = (message[0] ?? 1) | ((message[1] ?? 0) ^ 0x02) | (message[start - 1] ?? 1)
  for (let index = 2; index < start - 1; index += 1) wrong |= isZero(message[index] ?? 0)
  // All ones when nothing is wrong, else all zeros.
  const keep = -isZero(wrong) & 0xff
  return Uint8Array.from(random, (byte, index) => (keep & (message[start + index] ?? 0)) | (~keep & byte))
}

/** 1 for 0, and 0 for 1 to 255, without a branch. */
function isZero(byte: number): number {
  return ((byte - 1) >>> 31) & 1
}
