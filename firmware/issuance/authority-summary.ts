import { writeCapabilities, type Capabilities, type Certificate } from '../../protocol/scep/index.js'
import type { AuthorityOffer } from '../scep/index.js'

/** What the server shows as its CA; nothing of it is trusted until its fingerprint is pinned. */
export interface AuthoritySummary {
  /** SHA-256 of the top CA certificate, 64 lower-case hex digits: what a person compares. */
  readonly fingerprint: string
  readonly subject: string
  /** Wall ms. */
  readonly notBefore: number
  readonly notAfter: number
  /** `pinned`: this is the CA we trust; `mismatch`: another one is pinned; `not-pinned`: none is. */
  readonly pin: 'pinned' | 'mismatch' | 'not-pinned'
  /** The words of GetCACaps that we know. */
  readonly capabilities: readonly string[]
  /** All of the answer, the top CA first. */
  readonly certificates: readonly { readonly role: string; readonly subject: string; readonly notAfter: number; readonly fingerprint: string }[]
}

/** @param pin the pinned fingerprint, if there is one @param next that of the CA which the pinned one named (C-20) */
export function summarize({ certificates, capabilities, roles }: AuthorityOffer, pin: string | undefined, next?: string): AuthoritySummary {
  // When the pinned CA is among several at the top, it is the one to show.
  const top = certificates.find(({ fingerprint }) => fingerprint === pin) ?? certificates.find(({ fingerprint }) => fingerprint === next) ?? roles.top
  const sorted = [top, ...certificates.filter((certificate) => certificate !== top)]
  return {
    fingerprint: top.fingerprint,
    subject: top.subject,
    notBefore: top.notBefore,
    notAfter: top.notAfter,
    pin: pin === undefined ? 'not-pinned' : top.fingerprint === pin || top.fingerprint === next ? 'pinned' : 'mismatch',
    capabilities: wordsOf(capabilities),
    certificates: sorted.map((certificate) => ({ role: roleOf(certificate, top), subject: certificate.subject, notAfter: certificate.notAfter, fingerprint: certificate.fingerprint })),
  }
}

function roleOf(certificate: Certificate, top: Certificate): string {
  if (certificate === top) return 'CA'
  return certificate.isCa ? 'intermediate CA' : 'RA'
}

/** The words of the standard, read back from what they were turned into. */
function wordsOf(capabilities: Capabilities): readonly string[] {
  return Buffer.from(writeCapabilities(capabilities)).toString('latin1').split('\r\n').filter((word) => word !== '')
}
