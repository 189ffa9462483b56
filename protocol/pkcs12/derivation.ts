/** Keys from passwords: PBKDF2 (RFC 8018 section 5.2), and the derivation of PKCS#12 itself (RFC 7292 appendix B). */
import { hash, pbkdf2Sync } from 'node:crypto'
import { isUniversal, octetString, sequence, type Value } from '../ber.js'
import { hmacs, identifiers, readAlgorithm, readCount, type HashName } from './algorithms.js'
import { keyFileLimits, unknownAlgorithm, unreadable, type Effort } from './limits.js'

/** A password in its two spellings. */
export interface Password {
  /** UTF-8, for PBKDF2. */
  readonly plain: Uint8Array
  /** UTF-16, big endian, with two zero bytes at its end, for the derivation of PKCS#12; nothing at all for some writers' empty one. */
  readonly wide: Uint8Array
}

export function passwordOf(text: string): Password {
  return { plain: Buffer.from(text, 'utf8'), wide: Buffer.from(`${text}\0`, 'utf16le').swap16() }
}

/** What some writers make of an empty password. */
export const noPassword: Password = { plain: new Uint8Array(), wide: new Uint8Array() }

/** What the derived bytes are for (RFC 7292 section B.3). */
export type Purpose = 'key' | 'iv' | 'mac'
const diversifiers: Readonly<Record<Purpose, number>> = { key: 1, iv: 2, mac: 3 }

const shape: Readonly<Record<HashName, { readonly block: number; readonly digest: number }>> = {
  sha1: { block: 64, digest: 20 },
  sha224: { block: 64, digest: 28 },
  sha256: { block: 64, digest: 32 },
  sha384: { block: 128, digest: 48 },
  sha512: { block: 128, digest: 64 },
}

export interface Derivation {
  readonly digest: HashName
  readonly salt: Uint8Array
  readonly rounds: number
}

/** What one round of this takes, a call of its own, against one of PBKDF2, which OpenSSL does in one go. */
const roundCost = 4

/** RFC 7292 section B.2. @throws invalid-value beyond the effort */
export function derive({ digest, salt, rounds }: Derivation, password: Password, purpose: Purpose, length: number, effort: Effort): Uint8Array {
  const { block, digest: size } = shape[digest]
  effort.spend(roundCost * rounds * Math.ceil(length / size))
  const diversifier = new Uint8Array(block).fill(diversifiers[purpose])
  const input = Buffer.concat([filled(salt, block), filled(password.wide, block)])
  const parts: Buffer[] = []
  for (let made = 0; made < length; made += size) {
    let part = hash(digest, Buffer.concat([diversifier, input]), 'buffer')
    for (let round = 1; round < rounds; round += 1) part = hash(digest, part, 'buffer')
    parts.push(part)
    const addend = filled(part, block)
    for (let at = 0; at < input.length; at += block) addOne(input.subarray(at, at + block), addend)
  }
  return Buffer.concat(parts).subarray(0, length)
}

/** PBKDF2-params. @param length bytes of the key, which the parameters may state too @throws bad-response, invalid-value */
export function readPbkdf2(value: Value | undefined, what: string, length: number): (password: Password, effort: Effort) => Uint8Array {
  const { identifier, parameters } = readAlgorithm(value, what)
  if (identifier !== identifiers.pbkdf2) throw unknownAlgorithm(what, identifier)
  const [saltValue, roundsValue, ...rest] = sequence(parameters, what)
  const salt = readSalt(saltValue, what)
  const rounds = readCount(roundsValue, what)
  const stated = isUniversal(rest[0], 'integer') ? readCount(rest.shift(), what) : length
  if (stated !== length) throw unreadable(`${what} has a key of ${stated} bytes, which does not fit its cipher`, 'Export the file again.')
  const prf = rest[0] === undefined ? 'sha1' : hmacs[readAlgorithm(rest[0], what).identifier]
  if (prf === undefined) throw unknownAlgorithm(what, readAlgorithm(rest[0], what).identifier)
  return (password, effort) => {
    effort.spend(rounds * Math.ceil(length / shape[prf].digest))
    return pbkdf2Sync(password.plain, salt, rounds, length, prf)
  }
}

/** @throws bad-response, invalid-value */
export function readSalt(value: Value | undefined, what: string): Uint8Array {
  const salt = octetString(value, what)
  if (salt.length > keyFileLimits.saltBytes) throw unreadable(`${what} has a salt of ${salt.length} bytes`, 'Export the file again.')
  return salt
}

/** Repeated to the next whole number of blocks; nothing stays nothing. */
function filled(bytes: Uint8Array, block: number): Buffer {
  const length = Math.ceil(bytes.length / block) * block
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes)
}

/** Adds `addend` and one, modulo 2 to the bits of the block, in place. */
function addOne(block: Uint8Array, addend: Uint8Array): void {
  let carry = 1
  for (let at = block.length - 1; at >= 0; at -= 1) {
    carry += (block[at] ?? 0) + (addend[at] ?? 0)
    block[at] = carry & 0xff
    carry >>= 8
  }
}
