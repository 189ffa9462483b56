import type { ErrorCode } from '../../../protocol/errors.js'

/**
 * How the server is asked for a certificate (device.md section 4, scep.md C-6, C-16, C-20):
 * - `renewal`: RenewalReq signed by the current certificate, no challenge; only where the CA says Renewal;
 * - `old-certificate`: PKCSReq signed by the current certificate, no challenge;
 * - `challenge`: PKCSReq signed by a self-signed certificate, with the stored challenge.
 */
export type RequestKind = 'renewal' | 'old-certificate' | 'challenge'

/** In the order of fallback. */
export const requestKinds: readonly RequestKind[] = ['renewal', 'old-certificate', 'challenge']

/** The certificate that serves the use now. */
export interface CurrentCertificate {
  /** Tells one certificate from another: its SHA-256 fingerprint. */
  readonly id: string
  /** Wall ms. */
  readonly notBefore: number
  readonly notAfter: number
}

/** With which kind a request begins. A certificate that has expired signs nothing: it re-enrols with the challenge. */
export function firstKind(certificate: CurrentCertificate | undefined, wall: number): RequestKind {
  return certificate !== undefined && certificate.notBefore <= wall && wall < certificate.notAfter ? 'renewal' : 'challenge'
}

/** Why a kind of request did not lead to a certificate. */
export interface Refusal {
  readonly code: ErrorCode | 'renewal-not-offered'
  /** RFC 8894 section 3.2.1.4, with `scep-failure`. */
  readonly failInfo?: number
}

/**
 * The FAILUREs that another way of asking can cure: badMessageCheck and badRequest (the server does not take this
 * signer, or wants a challenge), badCertId (it does not know the signer's certificate). badAlg and badTime would be
 * the same again, and so would a FAILURE without a reason.
 */
const curable: ReadonlySet<number> = new Set([1, 2, 4])

/**
 * The kind to fall back to, at once and within the same request; undefined: there is none, the refusal stands.
 * Communication errors, PENDING and errors inside the response never fall back: the first two are polled on, and an
 * answer that cannot be trusted must not make the board give out its challenge.
 */
export function fallbackKind(kind: RequestKind, { code, failInfo }: Refusal): RequestKind | undefined {
  const another = code === 'renewal-not-offered' || (code === 'scep-failure' && failInfo !== undefined && curable.has(failInfo))
  return another ? requestKinds[requestKinds.indexOf(kind) + 1] : undefined
}
