/** Encryption under a password: what is read, old and new, and the one kind that is written. */
import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { octetString, sequence, type Value } from '../ber.js'
import * as der from '../der.js'
import type { RandomBytes } from '../random.js'
import { identifiers, readAlgorithm, readCount, type Algorithm } from './algorithms.js'
import { derive, passwordOf, readPbkdf2, readSalt, type Password } from './derivation.js'
import { unknownAlgorithm, unreadable, type Effort } from './limits.js'
import { decryptRc2, rc2BlockLength } from './rc2.js'

/** @returns undefined when the padding shows that the key is wrong */
type Decrypt = (key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array) => Uint8Array | undefined

interface Cipher {
  readonly keyLength: number
  readonly blockLength: number
  readonly decrypt: Decrypt
}

const engine = (name: string): Decrypt => (key, iv, encrypted) => {
  try {
    const decipher = createDecipheriv(name, key, iv)
    return Buffer.concat([decipher.update(encrypted), decipher.final()])
  } catch {
    return undefined
  }
}

const tripleDes: Cipher = { keyLength: 24, blockLength: 8, decrypt: engine('des-ede3-cbc') }
const rc2 = (keyLength: number): Cipher => ({ keyLength, blockLength: rc2BlockLength, decrypt: (key, iv, encrypted) => decryptRc2(key, 8 * keyLength, iv, encrypted) })

/** RFC 7292 appendix C: all by SHA-1. RC4 is left out, as nobody was found who writes it. */
const pkcs12Ciphers: Readonly<Record<string, Cipher>> = {
  '1.2.840.113549.1.12.1.3': tripleDes,
  '1.2.840.113549.1.12.1.4': { ...tripleDes, keyLength: 16, decrypt: (key, iv, encrypted) => tripleDes.decrypt(Buffer.concat([key, key.subarray(0, 8)]), iv, encrypted) },
  '1.2.840.113549.1.12.1.5': rc2(16),
  '1.2.840.113549.1.12.1.6': rc2(5),
}

/** RFC 8018 section B.2. */
const pbes2Ciphers: Readonly<Record<string, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': { keyLength: 16, blockLength: 16, decrypt: engine('aes-128-cbc') },
  '2.16.840.1.101.3.4.1.22': { keyLength: 24, blockLength: 16, decrypt: engine('aes-192-cbc') },
  [identifiers.aes256]: { keyLength: 32, blockLength: 16, decrypt: engine('aes-256-cbc') },
  '1.2.840.113549.3.7': tripleDes,
}

/**
 * @param value the AlgorithmIdentifier
 * @returns undefined when the padding shows that the password is wrong
 * @throws bad-response; invalid-value for an algorithm that is not known, and beyond the effort
 */
export function decryptByPassword(value: Value | undefined, encrypted: Uint8Array, password: Password, effort: Effort): Uint8Array | undefined {
  const algorithm = readAlgorithm(value, what)
  return algorithm.identifier === identifiers.pbes2 ? decryptPbes2(algorithm, encrypted, password, effort) : decryptPkcs12(algorithm, encrypted, password, effort)
}

const what = 'the encryption'

function decryptPkcs12({ identifier, parameters }: Algorithm, encrypted: Uint8Array, password: Password, effort: Effort): Uint8Array | undefined {
  const cipher = pkcs12Ciphers[identifier]
  if (cipher === undefined) throw unknownAlgorithm(what, identifier)
  const [salt, rounds] = sequence(parameters, what)
  const derivation = { digest: 'sha1', salt: readSalt(salt, what), rounds: readCount(rounds, what) } as const
  const key = derive(derivation, password, 'key', cipher.keyLength, effort)
  return cipher.decrypt(key, derive(derivation, password, 'iv', cipher.blockLength, effort), encrypted)
}

function decryptPbes2({ parameters }: Algorithm, encrypted: Uint8Array, password: Password, effort: Effort): Uint8Array | undefined {
  const [derivation, scheme] = sequence(parameters, what)
  const { identifier, parameters: ivValue } = readAlgorithm(scheme, what)
  const cipher = pbes2Ciphers[identifier]
  if (cipher === undefined) throw unknownAlgorithm(what, identifier)
  const iv = octetString(ivValue, what)
  if (iv.length !== cipher.blockLength) throw unreadable(`${what} has an initialisation vector of ${iv.length} bytes`, 'Export the file again.')
  return cipher.decrypt(readPbkdf2(derivation, what, cipher.keyLength)(password, effort), iv, encrypted)
}

export interface Sealing {
  readonly password: string
  readonly rounds: number
  readonly random: RandomBytes
}

/** PBES2 with PBKDF2 by HMAC-SHA256 and AES-256-CBC. @returns the AlgorithmIdentifier in DER, and what it made */
export function encryptByPassword(clear: Uint8Array, { password, rounds, random }: Sealing): { readonly algorithm: Uint8Array; readonly encrypted: Uint8Array } {
  const [salt, iv] = [random(16), random(16)]
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passwordOf(password).plain, salt, rounds, 32, 'sha256'), iv)
  const derivation = algorithmDer(identifiers.pbkdf2, der.sequence(der.octetString(salt), der.integer(rounds), algorithmDer(identifiers.hmacSha256, der.nothing)))
  return {
    algorithm: algorithmDer(identifiers.pbes2, der.sequence(derivation, algorithmDer(identifiers.aes256, der.octetString(iv)))),
    encrypted: Buffer.concat([cipher.update(clear), cipher.final()]),
  }
}

export function algorithmDer(identifier: string, parameters: Uint8Array): Uint8Array {
  return der.sequence(der.objectIdentifier(identifier), parameters)
}
