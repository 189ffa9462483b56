import { PlatenError } from '../../protocol/errors.js'
import { isSelfSigned, readNextCaCertificates, type Certificate, type SignatureRules } from '../../protocol/scep/index.js'
import type { Http } from '../platform/index.js'
import type { TrustedAuthority } from './authority.js'
import { askServer, type ScepServer } from './server.js'

/**
 * GetNextCACert (C-20; RFC 8894 section 4.7): the CA that is to follow the present one, who vouches for it.
 * @returns undefined when the server does not say GetNextCACert
 * @throws bad-response, signature-invalid, algorithm-refused, and what `askServer` throws
 */
export async function fetchNextAuthority(http: Http, server: ScepServer, { capabilities, issuer, top }: TrustedAuthority, rules: SignatureRules): Promise<Certificate | undefined> {
  if (!capabilities.getNextCaCert) return undefined
  const { body } = await askServer(http, server, 'GetNextCACert')
  // The CA itself signs it, and no RA: an RA may speak for requests, not for who is trusted.
  const next = readNextCaCertificates(body, [issuer, top], rules).find((certificate) => certificate.isCa && isSelfSigned(certificate))
  if (next === undefined) throw new PlatenError('bad-response', 'the answer to GetNextCACert holds no self-signed CA certificate', { fix: 'Ask the operator of the CA.' })
  return next
}
