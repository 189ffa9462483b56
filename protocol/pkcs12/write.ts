import { createHash, type KeyObject } from 'node:crypto'
import * as der from '../der.js'
import { identifiers } from './algorithms.js'
import { encryptByPassword, type Sealing } from './encryption.js'
import { macData } from './integrity.js'
import { Effort } from './limits.js'

/**
 * Rounds of PBKDF2 by HMAC-SHA256 for the key and for the certificates, and of the MAC, the same for all: whoever
 * guesses takes the cheapest. Less than a second on a desktop, some seconds on a small board.
 */
export const exportRounds = 100_000

export interface Pkcs12Fields {
  readonly privateKey: KeyObject
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly friendlyName: string
}

/**
 * Writes a PKCS#12 file: AES-256-CBC and HMAC-SHA256 throughout, certificates encrypted as well.
 * @param sealing.rounds default `exportRounds`
 * @returns DER
 */
export function writePkcs12({ privateKey, chain, friendlyName }: Pkcs12Fields, sealing: Omit<Sealing, 'rounds'> & Partial<Pick<Sealing, 'rounds'>>): Uint8Array {
  const [leaf] = chain
  if (sealing.password === '' || leaf === undefined) throw new TypeError('an exported key has a password and a certificate')
  const complete: Sealing = { rounds: exportRounds, ...sealing }
  const attributes = keyAttributes(friendlyName, leaf)
  const safe = der.sequence(
    encryptedData(der.sequence(...chain.map((certificate, index) => certificateBag(certificate, index === 0 ? attributes : []))), complete),
    data(der.sequence(keyBag(privateKey, attributes, complete))),
  )
  const effort = new Effort(Infinity)
  return der.sequence(der.integer(3), data(safe), macData(safe, complete, effort))
}

/** What joins the key and its certificate for readers. */
function keyAttributes(friendlyName: string, leaf: Uint8Array): readonly Uint8Array[] {
  const wide = Buffer.from(friendlyName, 'utf16le').swap16()
  return [
    attribute(identifiers.friendlyName, der.tagged(0x1e, wide)),
    attribute(identifiers.localKeyId, der.octetString(createHash('sha1').update(leaf).digest())),
  ]
}

function keyBag(privateKey: KeyObject, attributes: readonly Uint8Array[], sealing: Sealing): Uint8Array {
  const clear = privateKey.export({ type: 'pkcs8', format: 'der' })
  const { algorithm, encrypted } = encryptByPassword(clear, sealing)
  clear.fill(0)
  return bag(identifiers.shroudedKeyBag, der.sequence(algorithm, der.octetString(encrypted)), attributes)
}

function certificateBag(certificate: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  return bag(identifiers.certificateBag, der.sequence(der.objectIdentifier(identifiers.x509Certificate), der.context(0, der.octetString(certificate))), attributes)
}

function bag(type: string, value: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  return der.sequence(der.objectIdentifier(type), der.context(0, value), ...(attributes.length === 0 ? [] : [der.setOf(attributes)]))
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return der.sequence(der.objectIdentifier(type), der.setOf([value]))
}

function data(content: Uint8Array): Uint8Array {
  return der.sequence(der.objectIdentifier(identifiers.data), der.context(0, der.octetString(content)))
}

function encryptedData(clear: Uint8Array, sealing: Sealing): Uint8Array {
  const { algorithm, encrypted } = encryptByPassword(clear, sealing)
  const content = der.sequence(der.objectIdentifier(identifiers.data), algorithm, der.contextPrimitive(0, encrypted))
  return der.sequence(der.objectIdentifier(identifiers.encryptedData), der.context(0, der.sequence(der.integer(0), content)))
}
