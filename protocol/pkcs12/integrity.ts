/** The MAC over a whole file (RFC 7292 section 4; PBMAC1 of RFC 9579). It is looked at before anything is decrypted. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { octetString, sequence, type Value } from '../ber.js'
import * as der from '../der.js'
import { digests, hmacs, identifiers, readAlgorithm, readCount, type HashName } from './algorithms.js'
import { derive, passwordOf, readPbkdf2, readSalt, type Password } from './derivation.js'
import { algorithmDer, type Sealing } from './encryption.js'
import { unknownAlgorithm, type Effort } from './limits.js'

const what = 'the MAC'
const sizes: Readonly<Record<HashName, number>> = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 }

/**
 * @param value MacData
 * @param content what the MAC is over
 * @returns the first of the passwords that fits, or undefined
 * @throws bad-response; invalid-value for an algorithm that is not known, and beyond the effort
 */
export function fittingPassword(value: Value, content: Uint8Array, passwords: readonly Password[], effort: Effort): Password | undefined {
  const [digestInfo, saltValue, roundsValue] = sequence(value, what)
  const [algorithmValue, stated] = sequence(digestInfo, what)
  const mac = octetString(stated, what)
  const { identifier, parameters } = readAlgorithm(algorithmValue, what)
  const make = identifier === identifiers.pbmac1 ? readPbmac1(parameters) : readClassic(identifier, saltValue, roundsValue)
  return passwords.find((password) => {
    const made = make(password, content, effort)
    return made.length === mac.length && timingSafeEqual(made, mac)
  })
}

type MakeMac = (password: Password, content: Uint8Array, effort: Effort) => Uint8Array

function readClassic(identifier: string, saltValue: Value | undefined, roundsValue: Value | undefined): MakeMac {
  const digest = digests[identifier]
  if (digest === undefined) throw unknownAlgorithm(what, identifier)
  const salt = readSalt(saltValue, what)
  // RFC 7292 section 4: one round where it is left out.
  const rounds = roundsValue === undefined ? 1 : readCount(roundsValue, what)
  return (password, content, effort) => createHmac(digest, derive({ digest, salt, rounds }, password, 'mac', sizes[digest], effort)).update(content).digest()
}

/** RFC 9579 section 5: the length of the key is stated, and it is that of the digest. */
function readPbmac1(parameters: Value | undefined): MakeMac {
  const [derivation, scheme] = sequence(parameters, what)
  const { identifier } = readAlgorithm(scheme, what)
  const digest = hmacs[identifier]
  if (digest === undefined) throw unknownAlgorithm(what, identifier)
  const key = readPbkdf2(derivation, what, sizes[digest])
  return (password, content, effort) => createHmac(digest, key(password, effort)).update(content).digest()
}

/** MacData by HMAC-SHA256, whose key comes by the derivation of PKCS#12: what every reader of today takes. */
export function macData(content: Uint8Array, { password, rounds, random }: Sealing, effort: Effort): Uint8Array {
  const salt = random(16)
  const key = derive({ digest: 'sha256', salt, rounds }, passwordOf(password), 'mac', 32, effort)
  const mac = createHmac('sha256', key).update(content).digest()
  return der.sequence(der.sequence(algorithmDer(identifiers.sha256, der.nothing), der.octetString(mac)), der.octetString(salt), der.integer(rounds))
}
