import { createCipheriv, createDecipheriv } from 'node:crypto'

export type CipherName = 'aes128-cbc' | 'aes192-cbc' | 'aes256-cbc' | 'des-ede3-cbc' | 'des-cbc'

interface Cipher {
  readonly identifier: string
  /** Bytes of the content key. */
  readonly keyLength: number
  readonly blockLength: number
  /** What node:crypto calls it. */
  readonly engine: string
}

/** RFC 3565 section 4.1, RFC 3370 section 5.1; single DES is of RFC 8018 section B.2.1 and long obsolete. */
export const ciphers: Readonly<Record<CipherName, Cipher>> = {
  'aes128-cbc': { identifier: '2.16.840.1.101.3.4.1.2', keyLength: 16, blockLength: 16, engine: 'aes-128-cbc' },
  'aes192-cbc': { identifier: '2.16.840.1.101.3.4.1.22', keyLength: 24, blockLength: 16, engine: 'aes-192-cbc' },
  'aes256-cbc': { identifier: '2.16.840.1.101.3.4.1.42', keyLength: 32, blockLength: 16, engine: 'aes-256-cbc' },
  'des-ede3-cbc': { identifier: '1.2.840.113549.3.7', keyLength: 24, blockLength: 8, engine: 'des-ede3-cbc' },
  // DES is DES-EDE3 with the key three times; OpenSSL 3 keeps DES itself in a provider that is not loaded.
  'des-cbc': { identifier: '1.3.14.3.2.7', keyLength: 8, blockLength: 8, engine: 'des-ede3-cbc' },
}

export function cipherOf(identifier: string): CipherName | undefined {
  return (Object.keys(ciphers) as CipherName[]).find((name) => ciphers[name].identifier === identifier)
}

export function encrypt(name: CipherName, key: Uint8Array, iv: Uint8Array, content: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ciphers[name].engine, engineKey(name, key), iv)
  return Buffer.concat([cipher.update(content), cipher.final()])
}

/** @returns undefined when the padding shows that the key or the content is wrong */
export function decrypt(name: CipherName, key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array | undefined {
  const { blockLength, engine } = ciphers[name]
  if (iv.length !== blockLength || encrypted.length === 0 || encrypted.length % blockLength !== 0) return undefined
  const decipher = createDecipheriv(engine, engineKey(name, key), iv).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(encrypted), decipher.final()])
  const count = padded[padded.length - 1] ?? 0
  // The whole last block is looked at, whatever it holds (RFC 5652 section 6.3).
  let wrong = Number(count === 0) | Number(count > blockLength)
  for (let back = 1; back <= blockLength; back += 1) wrong |= Number(back <= count) & Number(padded[padded.length - back] !== count)
  return wrong === 0 ? padded.subarray(0, padded.length - count) : undefined
}

function engineKey(name: CipherName, key: Uint8Array): Uint8Array {
  return name === 'des-cbc' ? Buffer.concat([key, key, key]) : key
}
