import { children, integerHex, isContext, objectIdentifier, octets, octetString, parse, sequence, set, text, type Value } from '../ber.js'
import { identifiers } from './algorithms.js'
import { noPassword, passwordOf, type Password } from './derivation.js'
import { decryptByPassword } from './encryption.js'
import { fittingPassword } from './integrity.js'
import { Effort, keyFileLimits, unreadable, wrongPassword } from './limits.js'

/** One thing of a file, with what the file calls it. */
export interface Bag {
  /** PrivateKeyInfo or certificate, DER. */
  readonly der: Uint8Array
  readonly friendlyName?: string
}

export interface Pkcs12 {
  readonly privateKeys: readonly Bag[]
  readonly certificates: readonly Bag[]
}

export interface ReadingRules {
  /** Rounds of hashing in all. Default `keyFileLimits.rounds`. */
  readonly rounds?: number
}

/**
 * Reads a PKCS#12 file (RFC 7292), old ciphers included. Nothing is decrypted before the MAC is right.
 * @param password empty for a file without one
 * @throws wrong-password; invalid-value and bad-response when the file cannot be taken, whatever the password
 */
export function readPkcs12(bytes: Uint8Array, password: string, { rounds }: ReadingRules = {}): Pkcs12 {
  const what = 'the file'
  if (bytes.length > keyFileLimits.bytes) throw unreadable(`the file has more than ${keyFileLimits.bytes} bytes`, 'Export the key with its own chain alone.')
  const [version, safe, mac] = sequence(parse(bytes, what), what)
  if (integerHex(version, what) !== '03') throw unreadable('the file is no PKCS#12 file of version 3', 'Give a .p12 or .pfx file, or PEM.')
  const content = octetString(explicit(safe, identifiers.data, 'the file is protected by a certificate and not by a password'), what)
  if (mac === undefined) throw unreadable('the file has no MAC, so nobody can tell whether it was changed', 'Export it again with a MAC, as is usual.')
  const effort = new Effort(rounds)
  const fitting = fittingPassword(mac, content, password === '' ? [passwordOf(''), noPassword] : [passwordOf(password)], effort)
  if (fitting === undefined) throw wrongPassword()
  const opening: Opening = { password: fitting, effort, bags: 0, privateKeys: [], certificates: [] }
  for (const part of sequence(parse(content, what), what, keyFileLimits.bags)) takeContents(opening, safeContents(opening, part), 0)
  return { privateKeys: opening.privateKeys, certificates: opening.certificates }
}

interface Opening {
  readonly password: Password
  readonly effort: Effort
  bags: number
  readonly privateKeys: Bag[]
  readonly certificates: Bag[]
}

/** The value in a ContentInfo of this type. */
function explicit(value: Value | undefined, type: string, otherwise: string): Value | undefined {
  const what = 'a content of the file'
  const [identifier, wrapped] = sequence(value, what)
  if (objectIdentifier(identifier, what) !== type) throw unreadable(otherwise, 'Export the file again, protected by a password.')
  return isContext(wrapped, 0) ? children(wrapped, what)[0] : undefined
}

/** SafeContents in DER: as they are, or decrypted. */
function safeContents(opening: Opening, part: Value): Uint8Array {
  const what = 'a content of the file'
  const [identifier] = sequence(part, what)
  if (objectIdentifier(identifier, what) === identifiers.data) return octetString(explicit(part, identifiers.data, ''), what)
  const [, encryptedContent] = sequence(explicit(part, identifiers.encryptedData, 'a part of the file is encrypted to a certificate and not by a password'), what)
  const [, algorithm, encrypted] = sequence(encryptedContent, what)
  return decrypted(opening, algorithm, octets(isContext(encrypted, 0) ? encrypted : undefined, what))
}

/** The MAC fitted, so what does not open now was written with two passwords. */
function decrypted({ password, effort }: Opening, algorithm: Value | undefined, encrypted: Uint8Array): Uint8Array {
  const clear = decryptByPassword(algorithm, encrypted, password, effort)
  if (clear === undefined) throw wrongPassword()
  return clear
}

function takeContents(opening: Opening, contents: Uint8Array, depth: number): void {
  const what = 'the bags of the file'
  if (depth > keyFileLimits.depth) throw unreadable('its bags are nested too deeply', 'Export the file again.')
  for (const bag of sequence(parse(contents, what), what, keyFileLimits.bags)) {
    opening.bags += 1
    if (opening.bags > keyFileLimits.bags) throw unreadable(`it has more than ${keyFileLimits.bags} bags`, 'Export the key with its own chain alone.')
    takeBag(opening, bag, depth)
  }
}

function takeBag(opening: Opening, bag: Value, depth: number): void {
  const what = 'a bag of the file'
  const [identifier, wrapped, attributes] = sequence(bag, what)
  const value = isContext(wrapped, 0) ? children(wrapped, what)[0] : undefined
  if (value === undefined) throw unreadable('it has an empty bag', 'Export the file again.')
  const named = (der: Uint8Array): Bag => ({ der: Uint8Array.from(der), ...friendlyName(attributes) })
  switch (objectIdentifier(identifier, what)) {
    case identifiers.keyBag:
      opening.privateKeys.push(named(value.raw))
      break
    case identifiers.shroudedKeyBag:
      opening.privateKeys.push(named(decryptPrivateKey(value, opening.password, opening.effort)))
      break
    case identifiers.certificateBag:
      opening.certificates.push(...certificateOf(value).map(named))
      break
    case identifiers.safeContentsBag:
      takeContents(opening, value.raw, depth + 1)
      break
    // Lists of revoked certificates and other secrets are nothing that a key needs.
  }
}

/** X.509 alone; the other kind, SDSI, is not used by anybody. */
function certificateOf(value: Value): readonly Uint8Array[] {
  const what = 'a certificate of the file'
  const [type, wrapped] = sequence(value, what)
  if (objectIdentifier(type, what) !== identifiers.x509Certificate) return []
  return [octetString(isContext(wrapped, 0) ? children(wrapped, what)[0] : undefined, what)]
}

function friendlyName(attributes: Value | undefined): { readonly friendlyName?: string } {
  const what = 'an attribute of the file'
  for (const attribute of attributes === undefined ? [] : set(attributes, what)) {
    const [type, values] = sequence(attribute, what)
    if (objectIdentifier(type, what) !== identifiers.friendlyName) continue
    const [name] = set(values, what)
    return { friendlyName: text(name, what) }
  }
  return {}
}

/** EncryptedPrivateKeyInfo (RFC 5958 section 3). @returns PrivateKeyInfo @throws wrong-password, invalid-value, bad-response */
export function decryptPrivateKey(value: Value, password: Password, effort: Effort): Uint8Array {
  const what = 'the encrypted private key'
  const [algorithm, encrypted] = sequence(value, what)
  const clear = decryptByPassword(algorithm, octetString(encrypted, what), password, effort)
  if (clear === undefined) throw wrongPassword()
  return clear
}
