import { PlatenError } from '../../protocol/errors.js'
import type { ClockState } from '../../protocol/time.js'
import { isDomainName, isHostName } from '../../protocol/host-name.js'
import { ipAddressBytes } from '../../protocol/scep/index.js'
import type { CommunicationSettings } from '../settings/index.js'
import { keyLengths, requestDigests, type RequestSpecification } from './specification.js'

/** All that is known before a request begins. */
export interface RequestFacts {
  readonly specification: RequestSpecification
  readonly challenge?: string
  readonly settings: CommunicationSettings
  readonly clock: ClockState
  readonly keyNameTaken: boolean
}

/** X.520 ub-common-name and ub-organization-name, as RFC 5280 appendix A.1 has them. */
const nameLimit = 64
const alternativeNameLimit = 32
const challengeLimit = 255

/** Each check by its name: the reason why it may not begin, or nothing. */
export type Checks<Facts> = { readonly [name: string]: (facts: Facts) => PlatenError | undefined }

/** What has to be in order before a server is asked at all: for a request and for a poll. */
export const serverChecks: Checks<Pick<RequestFacts, 'settings' | 'clock'>> = {
  'server-is-configured': ({ settings }) =>
    settings.url !== undefined ? undefined : new PlatenError('not-configured', 'SCEP Server URL is not set', { facts: { field: 'url' }, fix: 'Set SCEP Server URL and Port Number in Communication Settings.' }),
  'ca-is-pinned': ({ settings }) =>
    settings.caFingerprint !== undefined ? undefined : new PlatenError('ca-not-pinned', 'no CA is trusted yet', { fix: 'Fetch the CA, compare its fingerprint with the operator of the CA, and pin it.' }),
  'clock-is-set': ({ clock }) =>
    clock !== 'unset' ? undefined : new PlatenError('clock-not-set', 'the clock of this machine is not set, so no certificate can be judged', { fix: 'Set the clock or its time server, then send the request.' }),
}

/**
 * The checks of a new request, in the order in which a person would mend them. A refusal changes nothing and
 * leaves no row in the history. The limit of the store is not among them: that refusal is a row (device.md 5).
 */
export const requestChecks: Checks<RequestFacts> = {
  'key-name-fits': ({ specification: { keyName } }) =>
    keyName.length >= 1 && keyName.length <= 64 && isPlain(keyName) ? undefined : invalid('keyName', 'Key Name', 'must be 1 to 64 characters without control characters or spaces around it'),
  'key-name-is-free': ({ specification: { keyName }, keyNameTaken }) =>
    !keyNameTaken ? undefined : new PlatenError('key-name-taken', `Key Name: there is a key ${JSON.stringify(keyName)} already`, { facts: { field: 'keyName' }, fix: 'Choose another key name, or delete that key.' }),
  'key-length-is-offered': ({ specification: { keyLength } }) =>
    keyLengths.includes(keyLength) ? undefined : invalid('keyLength', 'Key Length', `must be one of ${keyLengths.join(', ')} bits`),
  'digest-is-offered': ({ specification: { digest }, settings }) => {
    if (!requestDigests.includes(digest)) return invalid('digest', 'Signature Algorithm', 'must be one of sha256, sha384, sha512')
    return digest !== 'sha1' || settings.policy === 'legacy' ? undefined : new PlatenError('algorithm-refused', 'Signature Algorithm: sha1 is allowed by the policy legacy alone', { facts: { field: 'digest' }, fix: 'Choose sha256, sha384 or sha512.' })
  },
  'common-name-is-address-or-fqdn': ({ specification: { commonName } }) =>
    commonName.length <= nameLimit && (isAddress(commonName) || isDomainName(commonName)) ? undefined : invalid('commonName', 'Common Name', `must be an IP address or a full host name with its domain, at most ${nameLimit} characters`, 'Give the address or the name under which others reach this machine, for example 192.0.2.10 or printer.example.com.'),
  'organization-fits': ({ specification: { organization } }) =>
    organization === undefined || (organization.length >= 1 && organization.length <= nameLimit && isPlain(organization)) ? undefined : invalid('organization', 'Organization', `must be 1 to ${nameLimit} characters without control characters, or left out`),
  'alternative-names-are-names': ({ specification: { dnsNames } }) => {
    const wrong = dnsNames.find((name) => !isHostName(name))
    return wrong === undefined ? undefined : invalid('dnsNames', 'Subject Alternative Names', `${JSON.stringify(wrong)} is not a DNS name`)
  },
  'alternative-addresses-are-addresses': ({ specification: { ipAddresses } }) => {
    const wrong = ipAddresses.find((address) => !isAddress(address))
    return wrong === undefined ? undefined : invalid('ipAddresses', 'Subject Alternative Names', `${JSON.stringify(wrong)} is not an IP address`)
  },
  'alternative-names-are-few': ({ specification: { dnsNames, ipAddresses } }) =>
    dnsNames.length + ipAddresses.length <= alternativeNameLimit ? undefined : invalid('dnsNames', 'Subject Alternative Names', `must be at most ${alternativeNameLimit} together`),
  'challenge-fits': ({ challenge }) =>
    challenge === undefined || (challenge.length >= 1 && challenge.length <= challengeLimit) ? undefined : invalid('challenge', 'Challenge Password', `must be 1 to ${challengeLimit} characters, or left out`),
  ...serverChecks,
}

/** @throws the first reason against it */
export function refuseUnless<Facts>(checks: Checks<Facts>, facts: Facts): void {
  for (const check of Object.values(checks)) {
    const reason = check(facts)
    if (reason !== undefined) throw reason
  }
}

/** The names that go into the CSR: the common name is among them whether or not it was typed twice. */
export function alternativeNames({ commonName, dnsNames, ipAddresses }: RequestSpecification): Pick<RequestSpecification, 'dnsNames' | 'ipAddresses'> {
  const own = isAddress(commonName) ? { dnsNames: [], ipAddresses: [commonName] } : { dnsNames: [commonName], ipAddresses: [] }
  return {
    dnsNames: distinct([...own.dnsNames, ...dnsNames], (name) => name.toLowerCase()),
    ipAddresses: distinct([...own.ipAddresses, ...ipAddresses], (address) => String(ipAddressBytes(address))),
  }
}

function distinct(names: readonly string[], keyOf: (name: string) => string): readonly string[] {
  return names.filter((name, index) => names.findIndex((other) => keyOf(other) === keyOf(name)) === index)
}

function isAddress(text: string): boolean {
  return ipAddressBytes(text) !== undefined
}

/** Without control characters and without spaces at the ends, so that it reads the same wherever it is shown. */
function isPlain(text: string): boolean {
  return text.trim() === text && !/\p{Cc}/u.test(text)
}

function invalid(field: string, title: string, rule: string, fix = `Give ${title} (${field}) anew.`): PlatenError {
  return new PlatenError('invalid-value', `${title}: ${rule}`, { facts: { field }, fix })
}
