import type { KeyObject } from 'node:crypto'
import type { RandomBytes } from '../../protocol/random.js'
import { issueCertificate, readCertificate, type Certificate } from '../../protocol/scep/index.js'
import { days } from '../../protocol/time.js'

/**
 * C-6: the self-signed certificate that signs the messages of a first request: the CSR's subject and key.
 * It lasts a year, so that a deferred request can be asked for that long.
 * @param subject a Name in DER
 * @param wall ms; the board's clock may be off by a day
 */
export function makeSignerCertificate(subject: Uint8Array, privateKey: KeyObject, random: RandomBytes, wall: number): Certificate {
  // Positive and never zero (RFC 5280 section 4.1.2.2).
  const serial = `01${Buffer.from(random(15)).toString('hex')}`
  return readCertificate(issueCertificate({
    subject, privateKey, serial,
    notBefore: wall - days(1),
    notAfter: wall + days(365),
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    digest: 'sha256',
  }))
}
