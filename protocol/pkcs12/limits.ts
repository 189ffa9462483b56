import { PlatenError } from '../errors.js'

/** What a file with a key may cost before anything in it is believed. */
export const keyFileLimits = {
  /** Bytes of the file; a key of 4096 bits with a chain of three takes 8 KiB. */
  bytes: 32 * 1024,
  /**
   * Rounds of PBKDF2 that its password may cost in all: a few seconds, in which nothing else is done. A file of NSS asks
   * for 600,000 in each of three places.
   */
  rounds: 4_000_000,
  /** Bags within bags. */
  depth: 4,
  bags: 64,
  certificates: 32,
  /** Bytes of a salt. */
  saltBytes: 256,
  /** Bytes of a private key, PKCS#8: 8192 bits of RSA. */
  privateKeyBytes: 6000,
} as const

/** The rounds that are left for a file; each derivation takes of it before it begins. */
export class Effort {
  #left: number

  constructor(rounds: number = keyFileLimits.rounds) {
    this.#left = rounds
  }

  /** @throws invalid-value */
  spend(rounds: number): void {
    this.#left -= rounds
    if (this.#left >= 0 && rounds > 0) return
    throw unreadable(rounds > 0 ? 'it asks for more rounds of hashing than this board gives a file' : 'it asks for no rounds of hashing', 'Export it again with fewer iterations, for example openssl pkcs12 -iter 10000.')
  }
}

/** The file cannot be taken as it is. */
export function unreadable(problem: string, fix: string, options: { readonly cause?: unknown } = {}): PlatenError {
  return new PlatenError('invalid-value', `data: ${problem}`, { facts: { field: 'data' }, fix, ...options })
}

/** One error for every way in which a password and a file do not fit: which of the two is wrong cannot be known. */
export function wrongPassword(): PlatenError {
  return new PlatenError('wrong-password', 'password: it does not open the file, or the file is damaged', {
    facts: { field: 'password' },
    fix: 'Type the password that the file was exported with; if it is right, export the file again.',
  })
}

/** An algorithm that is not known here. @param what it is for @param identifier dotted */
export function unknownAlgorithm(what: string, identifier: string): PlatenError {
  return unreadable(`${what} is by an algorithm that is not taken (${identifier})`, 'Export it again with AES-256 and SHA-256, as OpenSSL 3 does by default.')
}
