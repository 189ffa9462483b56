/** What the IPSec daemon says, in the words of an administrator. Pure. */

/** The first that matches anywhere in the lines counts: the more particular ones stand first. */
const known: readonly (readonly [RegExp, (...found: readonly string[]) => string])[] = [
  [/connecting to '[^']*' (?:URI )?failed: (.+)/, (reason) => `the IPSec daemon does not answer (${reason})`],
  [/invalid value for: (\S+), config discarded/, (item) => `the IPSec daemon does not know a value of ${itemName(item)}`],
  [/loading (\S+) certificate '[^']*' failed: (.+)/, (item, reason) => `the IPSec daemon cannot read ${itemName(item)} (${reason})`],
  [/loading connection '[^']*' failed: (.+)/, (reason) => `the IPSec daemon refuses the policy: ${reason}`],
  [/subject certificate invalid \(valid from (.+) to (.+)\)/, (from, to) => `a certificate is not valid now (valid from ${from} to ${to})`],
  [/issuer certificate invalid \(valid from (.+) to (.+)\)/, (from, to) => `a CA certificate is not valid now (valid from ${from} to ${to})`],
  [/certificate was revoked on (.+), reason: (.+)/, (since, why) => `the peer's certificate is revoked (since ${since}, ${why})`],
  [/RULE_(?:CRL|OCSP)_VALIDATION is \w+, but requires/, () => 'whether the peer\'s certificate is revoked cannot be learned, and the policy asks for it'],
  [/received AUTHENTICATION_FAILED notify error/, () => 'the peer does not accept our certificate or identity (AUTHENTICATION_FAILED)'],
  [/constraint check failed|no trusted .+ public key found|no issuer certificate found for|selected peer config .+ unacceptable/, () => 'the peer\'s certificate does not lead to a CA certificate that the policy trusts, or is not for its remote identity'],
  [/received NO_PROPOSAL_CHOSEN notify error/, () => 'the peer accepts none of our proposals (NO_PROPOSAL_CHOSEN)'],
  [/received TS_UNACCEPTABLE notify/, () => 'the peer does not accept the networks of the policy (TS_UNACCEPTABLE)'],
  [/received (?:NO_ADDITIONAL_SAS|INTERNAL_ADDRESS_FAILURE|FAILED_CP_REQUIRED|SINGLE_PAIR_REQUIRED|INVALID_SYNTAX) notify/, () => 'the peer refuses the tunnel'],
  [/unable to resolve (\S+?),?(?: |$)/, (host) => `the peer's name ${host} cannot be resolved`],
  [/no private key found for '[^']*'/, () => 'the IPSec daemon does not have the private key of the certificate'],
  [/giving up after \d+ retransmits|retransmit \d+ of request|peer not responding/, () => 'the peer does not answer'],
  [/error writing to socket: (.+)/, (reason) => `the peer cannot be reached (${reason.toLowerCase()})`],
  [/sending packet: from/, () => 'the peer does not answer'],
]

/** A program of the daemon's speaks of its missing plugins first; that says nothing about the case. */
const noise = /^plugin '|^opening directory '|^\[(?:ENC|NET)\] /

/** As the last words: it was still waiting. */
const fetching = /(?:fetching crl|requesting ocsp status) from '([^']+)'/

export function reasonIn(lines: readonly string[]): string {
  const last = lines.filter((line) => line.trim() !== '' && !noise.test(line)).at(-1)
  const [, where] = fetching.exec(last ?? '') ?? []
  if (where !== undefined) return `it was not learned in time whether the peer's certificate is revoked (${where})`
  for (const [pattern, words] of known) {
    for (const line of lines) {
      const found = pattern.exec(line)
      if (found !== null) return words(...found.slice(1))
    }
  }
  return last?.replace(/^\[[A-Z]{3}\] /, '') ?? 'the IPSec daemon gives no reason'
}

/** The policy's word for an item of swanctl.conf. */
function itemName(item: string): string {
  const names: Readonly<Record<string, string>> = { proposals: 'the IKE proposals', esp_proposals: 'the ESP proposals', local_ts: 'the local networks', remote_ts: 'the remote networks', id: 'the identities', cacerts: 'the CA certificates', certs: 'the certificate' }
  return names[item] ?? item
}
