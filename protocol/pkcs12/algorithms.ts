import { integerHex, objectIdentifier, sequence, type Value } from '../ber.js'

/** What a derivation hashes by. */
export type HashName = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

export interface Algorithm {
  /** Dotted. */
  readonly identifier: string
  readonly parameters: Value | undefined
}

/** AlgorithmIdentifier (RFC 5280 section 4.1.1.2). @throws bad-response */
export function readAlgorithm(value: Value | undefined, what: string): Algorithm {
  const [identifier, parameters] = sequence(value, what)
  return { identifier: objectIdentifier(identifier, what), parameters }
}

/** A positive INTEGER that fits 32 bits; what does not is as good as endless. @throws bad-response */
export function readCount(value: Value | undefined, what: string): number {
  const hex = integerHex(value, what)
  return hex.length > 8 ? Number.MAX_SAFE_INTEGER : Number.parseInt(hex, 16)
}

/** RFC 5754, RFC 3370. */
export const digests: Readonly<Record<string, HashName>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** RFC 8018 sections B.1.1 and B.1.2. */
export const hmacs: Readonly<Record<string, HashName>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

export const identifiers = {
  sha256: '2.16.840.1.101.3.4.2.1',
  hmacSha256: '1.2.840.113549.2.9',
  aes256: '2.16.840.1.101.3.4.1.42',
  /** RFC 8018 appendix A. */
  pbkdf2: '1.2.840.113549.1.5.12',
  pbes2: '1.2.840.113549.1.5.13',
  pbmac1: '1.2.840.113549.1.5.14',
  /** RFC 5652. */
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  /** RFC 7292 appendix D. */
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  /** RFC 2985. */
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  x509Certificate: '1.2.840.113549.1.9.22.1',
} as const
