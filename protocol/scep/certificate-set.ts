import { malformed } from '../malformed.js'
import { readSignedData } from './signed-data.js'

export interface CertificateSet {
  /** DER, in the order received, which means nothing. */
  readonly certificates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
}

/**
 * Reads a degenerate certificates-only SignedData (section 3.4): the content of a CertRep, or a set of CA certificates.
 * @throws bad-response
 */
export function readCertificateSet(bytes: Uint8Array): CertificateSet {
  const { certificates, crls } = readSignedData(bytes, 'A set of certificates')
  if (certificates.length === 0 && crls.length === 0) throw malformed('A set of certificates is empty.')
  return { certificates, crls }
}
