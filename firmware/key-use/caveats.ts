/** What an administrator should know of a key before a client finds it out; pure. Nothing here refuses a key. */
import { isIpAddress } from '../../protocol/host-name.js'
import { displayKeyUse, type Caveat, type KeyUse } from '../../protocol/key-use.js'
import { ipAddressBytes, isSelfSigned, readCertificate, sameBytes, verifyChain, type Certificate } from '../../protocol/scep/index.js'
import type { KeyEntry } from '../key-store/index.js'

export interface CaveatFacts {
  readonly use: KeyUse
  readonly entry: KeyEntry
  /** The key that serves now; undefined when none does. */
  readonly inService: KeyEntry | undefined
  /** DER of the CA certificates in the key store. */
  readonly authorities: readonly Uint8Array[]
  /** Addresses of this board. */
  readonly addresses: readonly string[]
  /** Where the names in the certificate lead to, by the resolver of this board. */
  readonly resolved: ReadonlyMap<string, readonly string[]>
  /** Addresses of this board under which clients have reached the consumer. */
  readonly addressesUsed: readonly string[]
  readonly clockSet: boolean
}

/** In the order of `caveatCodes`; none for a key without a certificate. */
export function caveatsOf(facts: CaveatFacts): readonly Caveat[] {
  const [leaf] = facts.entry.chain
  if (leaf === undefined) return []
  const certificate = readCertificate(leaf)
  const serverChecks = facts.use === 'tls' && facts.entry.kind !== 'default' ? [nameMismatch, addressMissing, expiresEarlier] : []
  return [...serverChecks, chainIncomplete, keyUsage, extendedKeyUsage, clockNotSet].flatMap((check) => check(certificate, facts) ?? [])
}

type Check = (certificate: Certificate, facts: CaveatFacts) => Caveat | undefined

/** Clients reach the board by a name or an address, and refuse a certificate that is for another. */
const nameMismatch: Check = ({ dnsNames, ipAddresses }, { addresses, resolved }) => {
  const leadsHere = [...ipAddresses, ...dnsNames.flatMap((name) => resolved.get(name) ?? [])].some((address) => isLoopback(address) || includes(addresses, address))
  if (addresses.length === 0 || leadsHere) return undefined
  const named = [...dnsNames, ...ipAddresses].join(', ')
  return {
    code: 'name-mismatch',
    message: `The certificate is for ${named === '' ? 'no name and no address' : named}, which leads to none of this board's addresses (${addresses.join(', ')}): clients that check names refuse it.`,
    fix: 'Request a certificate for a name or an address of this board, or correct its entry in the DNS.',
  }
}

/** device.md section 3: IPPS from Windows goes by the address. */
const addressMissing: Check = ({ ipAddresses }, { addresses, addressesUsed, inService, entry }) => {
  const promised = inService === undefined || inService.id === entry.id ? [] : leafOf(inService)?.ipAddresses.filter((address) => includes(addresses, address)) ?? []
  const wanted = [...addressesUsed, ...promised.filter((address) => !includes(addressesUsed, address))]
  const missing = wanted.filter((address) => !includes(ipAddresses, address))
  if (missing.length === 0) return undefined
  return {
    code: 'address-missing',
    message: `The certificate is not for ${missing.join(', ')}, by which clients reach this board: those that use the address, as IPPS from Windows does, refuse it.`,
    fix: `Request a certificate with ip=${missing.join(',')}.`,
  }
}

/** CUPS keeps the certificate it saw first, and takes another in its place only when that expires later. The default key has no good end (RFC 5280 section 4.1.2.5). */
const expiresEarlier: Check = ({ notAfter }, { inService, entry }) => {
  const last = inService === undefined || inService.id === entry.id || inService.kind === 'default' ? undefined : leafOf(inService)?.notAfter
  if (last === undefined || notAfter >= last) return undefined
  return {
    code: 'expires-earlier',
    message: `The certificate expires on ${day(notAfter)}, before the one in service (${day(last)}): clients that have pinned that one, as CUPS does, refuse it.`,
    fix: 'Remove the pinned certificate at such clients (CUPS: ssl/<name of the board>.crt), or request one that lasts longer.',
  }
}

const chainIncomplete: Check = (certificate, { entry, authorities }) => {
  const pool = entry.chain.slice(1).map(readCertificate)
  const tops = [...authorities.map(readCertificate), ...[certificate, ...pool].filter(isSelfSigned)]
  if (tops.some((top) => leadsTo(certificate, pool, top))) return undefined
  return {
    code: 'chain-incomplete',
    message: `The chain of the certificate ends at ${pool.at(-1)?.issuer ?? certificate.issuer}, which is no CA certificate of the key store: intermediates are missing, and peers that do not have them refuse it.`,
    fix: 'Import the key with its whole chain, or register the CA certificate that issued it.',
  }
}

/** TLS before 1.3 with the RSA key exchange decrypts by the key (RFC 5246 section 7.4.2). A certificate that may not sign serves nothing, and is refused. */
const keyUsage: Check = ({ keyUsage: allowed }, { use }) => {
  if (use !== 'tls' || allowed === undefined || allowed.has('keyEncipherment')) return undefined
  return {
    code: 'key-usage',
    message: 'The certificate does not allow keyEncipherment: old TLS clients that know the RSA key exchange only cannot connect.',
    fix: 'Ask the operator of the CA for digitalSignature and keyEncipherment.',
  }
}

/**
 * RFC 5280 section 4.2.1.12, RFC 4945 section 5.1.3.12. Some CAs state clientAuth for whatever they issue (micromdm's
 * does), and many peers do not look.
 */
const extendedKeyUsage: Check = ({ extendedKeyUsage: stated }, { use }) => {
  const { purpose, oid, who } = purposeOf(use)
  if (stated === undefined || stated.has(anyPurpose) || stated.has(oid)) return undefined
  return {
    code: 'extended-key-usage',
    message: `The certificate is not for ${who} (it states its purposes, and ${purpose} is not among them): strict peers of ${displayKeyUse(use)} refuse it.`,
    fix: `Ask the operator of the CA for ${purpose}, or for no stated purposes.`,
  }
}

const clockNotSet: Check = ({ notBefore, notAfter }, { clockSet }) => {
  if (clockSet) return undefined
  return {
    code: 'clock-not-set',
    message: `The clock is not set, so nobody has looked whether the certificate is valid now (${day(notBefore)} to ${day(notAfter)}).`,
    fix: 'See that the board reaches its time server.',
  }
}

/** anyExtendedKeyUsage, RFC 5280 section 4.2.1.12. */
const anyPurpose = '2.5.29.37.0'

function purposeOf(use: KeyUse): { readonly purpose: string; readonly oid: string; readonly who: string } {
  if (use === 'tls') return { purpose: 'serverAuth', oid: 'serverAuth', who: 'TLS servers' }
  if (use === 'mqtt' || use === 'ieee-802-1x') return { purpose: 'clientAuth', oid: 'clientAuth', who: 'TLS clients' }
  return { purpose: 'ipsecIKE', oid: '1.3.6.1.5.5.7.3.17', who: 'IKE' }
}

function leadsTo(certificate: Certificate, pool: readonly Certificate[], top: Certificate): boolean {
  if (sameBytes(certificate.der, top.der)) return true
  try {
    verifyChain(certificate, pool, top, { allowSha1: true })
    return true
  } catch {
    return false
  }
}

function leafOf({ chain: [leaf] }: KeyEntry): Certificate | undefined {
  return leaf === undefined ? undefined : readCertificate(leaf)
}

/** Addresses have several spellings; their bytes are one. */
function includes(addresses: readonly string[], wanted: string): boolean {
  const bytes = bytesOf(wanted)
  return bytes !== undefined && addresses.some((address) => sameBytes(bytesOf(address) ?? new Uint8Array(), bytes))
}

function isLoopback(address: string): boolean {
  const bytes = bytesOf(address)
  return bytes !== undefined && (bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0)))
}

function bytesOf(address: string): Uint8Array | undefined {
  return isIpAddress(address) ? ipAddressBytes(address) : undefined
}

function day(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10)
}
