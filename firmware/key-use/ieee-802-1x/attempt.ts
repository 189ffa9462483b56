/** What wpa_supplicant says about an authentication, as one outcome with its reason; pure. */
import type { UseReason } from '../../../protocol/key-use.js'

export interface Attempt {
  /** `none`: no authenticator has begun yet. */
  readonly outcome: 'none' | 'running' | 'success' | 'failure'
  /** Of a failure: its kind, and it in words; else undefined and empty. */
  readonly reason: UseReason | undefined
  readonly words: string
}

interface Failure {
  readonly reason: UseReason
  readonly words: string
}

/** The newest attempt in the lines of the daemon. Lines before its beginning are another's. */
export function newestAttempt(lines: readonly string[]): Attempt {
  const from = lines.findLastIndex((line) => line.includes('CTRL-EVENT-EAP-STARTED'))
  const its = from === -1 ? [] : lines.slice(from)
  if (its.some((line) => line.includes('CTRL-EVENT-EAP-SUCCESS'))) return { outcome: 'success', reason: undefined, words: '' }
  const unusable = whatItCannotUse(lines)
  if (unusable !== undefined || its.some((line) => line.includes('CTRL-EVENT-EAP-FAILURE'))) {
    return { outcome: 'failure', ...serverRefusedByUs(its) ?? noProofOfStatus(its) ?? alertFromServer(its) ?? unusable ?? refused }
  }
  return { outcome: its.length === 0 ? 'none' : 'running', reason: undefined, words: '' }
}

const refused: Failure = { reason: 'certificate-rejected', words: 'the authentication server refused the certificate or the identity (EAP failure without a reason)' }

/** `reason` as in wpa_supplicant's enum tls_fail_reason. */
const causes: ReadonlyMap<string, Failure> = new Map<string, Failure>([
  ['1', { reason: 'peer-not-trusted', words: 'it does not lead to a chosen CA' }],
  ['2', { reason: 'peer-revocation', words: 'it is revoked' }],
  ['3', { reason: 'peer-expired', words: 'it is not valid yet' }],
  ['4', { reason: 'peer-expired', words: 'it has expired' }],
  ['5', { reason: 'peer-name-mismatch', words: 'its name is another' }],
  ['6', { reason: 'peer-name-mismatch', words: 'its name is another' }],
  ['9', { reason: 'peer-name-mismatch', words: 'its name is not the one that was set' }],
  ['10', { reason: 'peer-name-mismatch', words: 'its name is not the one that was set' }],
])

function serverRefusedByUs(lines: readonly string[]): Failure | undefined {
  const line = lines.find((each) => each.includes('CTRL-EVENT-EAP-TLS-CERT-ERROR'))
  if (line === undefined) return undefined
  const [, code = '', subject = '', quoted = ''] = /reason=(\d+) .*subject='(.*)' err='(.*)'/.exec(line) ?? []
  const { reason, words } = causes.get(code) ?? { reason: 'peer-not-trusted', words: quoted }
  return { reason, words: `the certificate of the authentication server is not trusted: ${words} (${subject}: ${quoted})` }
}

/** The daemon tells a revoked certificate and a missing or bad OCSP response by the same alert. */
function noProofOfStatus(lines: readonly string[]): Failure | undefined {
  if (!lines.some((line) => /alert: write .*bad certificate status response/.test(line))) return undefined
  return { reason: 'peer-revocation', words: 'the authentication server did not prove by OCSP stapling that its certificate is not revoked' }
}

/** Where the server says why before it fails the attempt. */
function alertFromServer(lines: readonly string[]): Failure | undefined {
  const alert = lines.map((line) => /alert: read \(remote end reported an error\):\w+:(.*)/.exec(line)?.[1]?.trim()).find((words) => words !== undefined)
  if (alert === undefined) return undefined
  return { reason: /expired/.test(alert) ? 'certificate-expired' : 'certificate-rejected', words: `the authentication server refused our certificate: ${alert}` }
}

/** Said once, before the first attempt. */
function whatItCannotUse(lines: readonly string[]): Failure | undefined {
  if (lines.some((line) => line.includes('No OCSP support included'))) {
    return { reason: 'daemon-failed', words: 'this wpa_supplicant was built without OCSP, so it cannot check the authentication server for revocation' }
  }
  const line = lines.find((each) => /Failed to (load|read|parse|initialize).*(private key|client_cert|client certificate|EAP method)|TLS: Failed to/i.test(each))
  return line === undefined ? undefined : { reason: 'daemon-failed', words: `wpa_supplicant cannot use the key or a certificate: ${line.trim()}` }
}
