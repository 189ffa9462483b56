/** What wpa_supplicant says about an authentication, as one outcome with its reason in words; pure. */

export interface Attempt {
  /** `none`: no authenticator has begun yet. */
  readonly outcome: 'none' | 'running' | 'success' | 'failure'
  /** Why it failed; empty otherwise. */
  readonly reason: string
}

/** The newest attempt in the lines of the daemon. Lines before its beginning are another's. */
export function newestAttempt(lines: readonly string[]): Attempt {
  const from = lines.findLastIndex((line) => line.includes('CTRL-EVENT-EAP-STARTED'))
  const its = from === -1 ? [] : lines.slice(from)
  if (its.some((line) => line.includes('CTRL-EVENT-EAP-SUCCESS'))) return { outcome: 'success', reason: '' }
  const unusable = lines.find((line) => /Failed to (load|read|parse|initialize).*(private key|client_cert|client certificate|EAP method)|TLS: Failed to/i.test(line))
  if (its.some((line) => line.includes('CTRL-EVENT-EAP-FAILURE'))) return { outcome: 'failure', reason: failure(its, unusable) }
  if (unusable !== undefined) return { outcome: 'failure', reason: failure(its, unusable) }
  return { outcome: its.length === 0 ? 'none' : 'running', reason: '' }
}

function failure(lines: readonly string[], unusable: string | undefined): string {
  return serverRefusedByUs(lines) ?? alertFromServer(lines) ?? (unusable === undefined ? undefined : `wpa_supplicant cannot use the key or a certificate: ${unusable.trim()}`)
    ?? 'the authentication server refused the certificate or the identity (EAP failure without a reason)'
}

/** `reason` as in wpa_supplicant's enum tls_fail_reason. */
const causes: ReadonlyMap<string, string> = new Map([
  ['1', 'it does not lead to a chosen CA'],
  ['2', 'it is revoked'],
  ['3', 'it is not valid yet'],
  ['4', 'it has expired'],
  ['5', 'its name is another'],
  ['6', 'its name is another'],
  ['9', 'its name is not the one that was set'],
  ['10', 'its name is not the one that was set'],
])

function serverRefusedByUs(lines: readonly string[]): string | undefined {
  const line = lines.find((each) => each.includes('CTRL-EVENT-EAP-TLS-CERT-ERROR'))
  if (line === undefined) return undefined
  const [, code = '', subject = '', words = ''] = /reason=(\d+) .*subject='(.*)' err='(.*)'/.exec(line) ?? []
  return `the certificate of the authentication server is not trusted: ${causes.get(code) ?? words} (${subject}: ${words})`
}

/** Where the server says why before it fails the attempt. */
function alertFromServer(lines: readonly string[]): string | undefined {
  const alert = lines.map((line) => /alert: read \(remote end reported an error\):\w+:(.*)/.exec(line)?.[1]).find((words) => words !== undefined)
  return alert === undefined ? undefined : `the authentication server refused our certificate: ${alert.trim()}`
}
