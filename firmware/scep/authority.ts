import { PlatenError, hasCode } from '../../protocol/errors.js'
import { chooseAuthority, readCaCertificates, readCapabilities, verifyChain, type Authority, type Capabilities, type Certificate, type ChainRules } from '../../protocol/scep/index.js'
import type { Http } from '../platform/index.js'
import { askServer, type ScepServer } from './server.js'

/** What a server shows about itself. Nothing of it is trusted. */
export interface AuthorityOffer {
  readonly certificates: readonly Certificate[]
  readonly capabilities: Capabilities
  /** The roles as they would be; `top.fingerprint` is what a person compares and pins. */
  readonly roles: Authority
}

/** An authority whose certificates lead to the pin: answers can be checked against it. */
export interface TrustedAuthority extends Authority {
  /** Of those that lead to the pin, for building chains. */
  readonly certificates: readonly Certificate[]
  readonly capabilities: Capabilities
  /** The CA that is to follow, once the present one has vouched for it (C-20). */
  readonly next?: Certificate
}

/**
 * GetCACaps and GetCACert (C-3, C-5).
 * @throws bad-response, http-status, redirect-refused, and what the Http port throws
 */
export async function fetchAuthority(http: Http, server: ScepServer): Promise<AuthorityOffer> {
  const capabilities = await fetchCapabilities(http, server)
  const certificates = readCaCertificates((await askServer(http, server, 'GetCACert')).body)
  return { certificates, capabilities, roles: chooseAuthority(certificates) }
}

/** C-3: an HTTP error means that nothing is stated. */
async function fetchCapabilities(http: Http, server: ScepServer): Promise<Capabilities> {
  try {
    return readCapabilities((await askServer(http, server, 'GetCACaps')).body)
  } catch (error) {
    if (hasCode(error, 'http-status')) return readCapabilities()
    throw error
  }
}

/**
 * A certificate for TLS peers, as the CA issues them to devices like this one. GetCACert comes unsigned, so somebody in
 * between can add the certificate of any device of the same CA; as an RA it would be told the challenge.
 */
export function isForTlsPeers({ isCa, extendedKeyUsage }: Certificate): boolean {
  return !isCa && (extendedKeyUsage?.has('serverAuth') === true || extendedKeyUsage?.has('clientAuth') === true)
}

export interface TrustRules extends ChainRules {
  /** Whether a certificate for TLS peers may be the RA: the quirk `tls-ra`, policy `legacy`. Default false. */
  readonly allowTlsRa?: boolean
}

/**
 * C-2: takes from an offer what leads to the pinned CA, and chooses the roles among that alone.
 * @param pin SHA-256 of the top CA certificate, 64 lower-case hex digits
 * @param rules.at wall ms; left out while the clock is not set
 * @param next the CA that the pinned one has vouched for: it is trusted beside it, and alone when that is not shown any more or has ended (C-20)
 * @throws ca-mismatch, chain-not-trusted, certificate-not-valid-now
 */
export function trustAuthority(offer: AuthorityOffer, pin: string, rules: TrustRules, next?: Certificate): TrustedAuthority {
  const pinned = topOf(offer, pin, rules, next)
  if (pinned === undefined) throw mismatch(offer.roles.top, pin)
  const leads = (certificate: Certificate, when: ChainRules): boolean => {
    try {
      return verifyChain(certificate, offer.certificates, pinned, when).length > 0
    } catch {
      return false
    }
  }
  // An expired RA is still the RA: it is an error of its own further down, and not a reason to choose another role.
  const certificates = offer.certificates.filter((certificate) =>
    (rules.allowTlsRa === true || !isForTlsPeers(certificate)) && leads(certificate, { allowSha1: rules.allowSha1 === true }))
  const roles = chooseAuthority(certificates)
  for (const certificate of [roles.issuer, roles.encryption]) verifyChain(certificate, certificates, pinned, rules)
  return { ...roles, top: pinned, signers: roles.signers.filter((certificate) => leads(certificate, rules)), certificates, capabilities: offer.capabilities, ...(next === undefined ? {} : { next }) }
}

/** The old CA as long as it is valid and shown, then the one that it named. */
function topOf({ certificates }: AuthorityOffer, pin: string, { at }: ChainRules, next: Certificate | undefined): Certificate | undefined {
  const shown = (fingerprint: string | undefined): Certificate | undefined => certificates.find((certificate) => certificate.fingerprint === fingerprint)
  const [old, follower] = [shown(pin), shown(next?.fingerprint)]
  const ended = old !== undefined && at !== undefined && at > old.notAfter
  return old === undefined || ended ? follower ?? old : old
}

function mismatch(shown: Certificate, pin: string): PlatenError {
  return new PlatenError('ca-mismatch', `the server shows the CA ${shown.subject} with the fingerprint ${shown.fingerprint}, and not the pinned CA`, {
    facts: { shown: shown.fingerprint, pinned: pin },
    fix: 'Compare the fingerprint with the operator of the CA. Pin it only if it is right; else look for someone in between.',
  })
}
