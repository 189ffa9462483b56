import { createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { children, octetString, parse, sequence } from '../../../protocol/ber.js'
import * as der from '../../../protocol/der.js'
import type { RandomBytes } from '../../../protocol/random.js'

export const random: RandomBytes = (count) => Uint8Array.from(randomBytes(count))

export const password = 'pässwörd'

const algorithm = (identifier: string, parameters: Uint8Array): Uint8Array => der.sequence(der.objectIdentifier(identifier), parameters)

export const data = (content: Uint8Array): Uint8Array => der.sequence(der.objectIdentifier('1.2.840.113549.1.7.1'), der.context(0, der.octetString(content)))

/** What the MAC of a file is over. */
export function contentOf(file: Uint8Array): Uint8Array {
  const [, safe] = sequence(parse(file, 'x'), 'x')
  return octetString(children(sequence(safe, 'x')[1], 'x')[0], 'x')
}

/** A file around any content, with a right MAC: PBMAC1 of RFC 9579, by HMAC-SHA512 and PBKDF2 by HMAC-SHA256. */
export function withMac(content: Uint8Array, rounds = 1): Uint8Array {
  const salt = random(8)
  const mac = createHmac('sha512', pbkdf2Sync(password, salt, rounds, 64, 'sha256')).update(content).digest()
  const derivation = algorithm('1.2.840.113549.1.5.12', der.sequence(der.octetString(salt), der.integer(rounds), der.integer(64), algorithm('1.2.840.113549.2.9', der.nothing)))
  const pbmac1 = algorithm('1.2.840.113549.1.5.14', der.sequence(derivation, algorithm('1.2.840.113549.2.11', der.nothing)))
  // RFC 9579 section 4: salt and iterations of MacData stand there and mean nothing.
  return der.sequence(der.integer(3), data(content), der.sequence(der.sequence(pbmac1, der.octetString(mac)), der.octetString(Buffer.from('NOT USED')), der.integer(1)))
}
