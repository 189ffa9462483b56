import type { KeyObject } from 'node:crypto'
import { issueCertificate } from '../protocol/scep/index.js'
import { buildDate, type Platform } from './platform/index.js'

/** RFC 5280 section 4.1.2.5: a certificate without a good end has this one. */
const noEnd = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * Makes the default key: it serves until a certificate was issued, and whenever the issued one cannot. Valid from the
 * firmware's build date, because the clock of a new board may not be set.
 */
export async function makeDefaultKey({ keys, random }: Pick<Platform, 'keys' | 'random'>): Promise<{ readonly privateKey: KeyObject; readonly chain: readonly Uint8Array[] }> {
  const privateKey = await keys.rsa(2048)
  const commonName = `platen-${Buffer.from(random.bytes(3)).toString('hex')}`
  const certificate = issueCertificate({
    subject: { commonName },
    // RFC 5280 section 4.1.2.2: positive and not zero.
    serial: `01${Buffer.from(random.bytes(15)).toString('hex')}`,
    notBefore: buildDate,
    notAfter: noEnd,
    digest: 'sha256',
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['serverAuth'],
    dnsNames: [commonName],
    privateKey,
  })
  return { privateKey, chain: [certificate] }
}
