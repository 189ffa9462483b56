import { hasCode } from '../../protocol/errors.js'
import type { CipherName } from '../../protocol/scep/index.js'

/** The algorithms of one of our messages. */
export interface Suite {
  readonly digest: 'sha1' | 'sha256'
  readonly cipher: 'aes128-cbc' | 'des-ede3-cbc'
}

/** C-4: what every server of RFC 8894 takes (section 3.5.2). */
export const floor: Suite = { digest: 'sha256', cipher: 'aes128-cbc' }
const below: Suite = { digest: 'sha1', cipher: 'des-ede3-cbc' }

/**
 * The suites to try, in order. What GetCACaps says does not count: anyone in between can write it (C-4).
 * @param worked what this CA has answered well before; it is never undercut
 */
export function suitesFor(allowLegacy: boolean, worked: Suite | undefined): readonly Suite[] {
  if (!allowLegacy || worked?.cipher === floor.cipher) return [floor]
  return worked === undefined ? [floor, below] : [below]
}

/** Whether an answer is a reason to try the next suite: badAlg, or a reply that cannot be decrypted. */
export function isAboutAlgorithms(error: unknown): boolean {
  return (hasCode(error, 'scep-failure') && error.facts['failInfo'] === 0) || hasCode(error, 'undecryptable')
}

/** C-15: what a reply may be encrypted with. Single DES is the quirk `des-reply`. */
export function ciphersFor(allowLegacy: boolean): ReadonlySet<CipherName> {
  return new Set<CipherName>(['aes128-cbc', 'aes192-cbc', 'aes256-cbc', ...(allowLegacy ? ['des-ede3-cbc', 'des-cbc'] as const : [])])
}
