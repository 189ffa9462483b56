import { PlatenError } from '../errors.js'
import { signatureDigest } from './algorithms.js'
import { isSignedBy, isValidAt, sameBytes, type Certificate } from './certificate.js'
import { limits } from './limits.js'

export interface ChainRules {
  /** Wall time at which all of the path must be valid; left out while the clock is not set. Milliseconds since 1970. */
  readonly at?: number
  /** Whether signatures over SHA-1 count below the top. Default false. */
  readonly allowSha1?: boolean
}

/**
 * The path from a certificate to the pinned top, both included: names, signatures, CA permissions, path length and
 * validity as in RFC 5280 section 6, as far as this firmware knows the extensions; an unknown critical one breaks it.
 * @param pool what may stand between, in any order; never trusted by itself
 * @param top the pinned certificate; it is trusted by its bytes, so its own signature is not looked at
 * @throws chain-not-trusted, certificate-not-valid-now (facts: subject)
 */
export function verifyChain(certificate: Certificate, pool: readonly Certificate[], top: Certificate, rules: ChainRules = {}): readonly Certificate[] {
  const search: Search = { pool: [top, ...pool.filter(({ der }) => !sameBytes(der, top.der))], top, rules, signatures: 0, expired: undefined }
  const path = search.pool.length > limits.certificates + 1 ? undefined : extend(search, [certificate])
  if (path !== undefined) return path
  if (search.expired !== undefined) throw notValid(search.expired)
  throw new PlatenError('chain-not-trusted', `No chain of certificates leads from ${certificate.subject} to the pinned CA ${top.subject}.`, {
    facts: { subject: certificate.subject, issuer: certificate.issuer, pinned: top.fingerprint },
    fix: 'Check that the pinned CA is the one that issues here, and that the server sends its intermediate certificates.',
  })
}

interface Search {
  readonly pool: readonly Certificate[]
  readonly top: Certificate
  readonly rules: ChainRules
  signatures: number
  /** The first certificate that only its dates kept out. */
  expired: Certificate | undefined
}

function extend(search: Search, path: readonly Certificate[]): readonly Certificate[] | undefined {
  const last = path[path.length - 1]
  if (last === undefined || path.length > limits.pathLength) return undefined
  if (sameBytes(last.der, search.top.der)) return inTime(search, path)
  if (last.unknownCritical.length > 0) return undefined
  for (const issuer of search.pool) {
    if (!mayIssue(issuer, last, path) || !signed(search, last, issuer)) continue
    const found = extend(search, [...path, issuer])
    if (found !== undefined) return found
  }
  return undefined
}

function inTime(search: Search, path: readonly Certificate[]): readonly Certificate[] | undefined {
  const { at } = search.rules
  const expired = at === undefined ? undefined : path.find((certificate) => !isValidAt(certificate, at))
  search.expired ??= expired
  return expired === undefined ? path : undefined
}

function mayIssue(issuer: Certificate, subject: Certificate, path: readonly Certificate[]): boolean {
  return sameBytes(issuer.subjectDer, subject.issuerDer)
    && issuer.isCa
    && (issuer.keyUsage === undefined || issuer.keyUsage.has('keyCertSign'))
    && (issuer.pathLength === undefined || intermediates(path) <= issuer.pathLength)
    && !path.some(({ der }) => sameBytes(der, issuer.der))
}

/** CA certificates between the issuer and the end of the path; self-issued ones do not count (RFC 5280 section 4.2.1.9). */
function intermediates(path: readonly Certificate[]): number {
  return path.slice(1).filter(({ subjectDer, issuerDer }) => !sameBytes(subjectDer, issuerDer)).length
}

function signed(search: Search, subject: Certificate, issuer: Certificate): boolean {
  search.signatures += 1
  if (search.signatures > limits.pathSignatures) return false
  return acceptable(subject, search.rules.allowSha1 === true) && isSignedBy(subject, issuer.publicKey)
}

function acceptable({ signatureAlgorithm }: Certificate, allowSha1: boolean): boolean {
  try {
    return allowSha1 || signatureDigest(signatureAlgorithm) !== 'sha1'
  } catch {
    return false
  }
}

function notValid(certificate: Certificate): PlatenError {
  const [from, until] = [certificate.notBefore, certificate.notAfter].map((time) => new Date(time).toISOString())
  return new PlatenError('certificate-not-valid-now', `The certificate of ${certificate.subject} is valid from ${from ?? ''} to ${until ?? ''}, and not now.`, {
    facts: { subject: certificate.subject, notBefore: certificate.notBefore, notAfter: certificate.notAfter },
    fix: 'Check the clocks of the device and of the server.',
  })
}
