import { PlatenError } from '../../../protocol/errors.js'
import { ipAddressBytes, readCertificate, sameBytes, type Certificate } from '../../../protocol/scep/index.js'
import { isIpAddress } from '../../../protocol/host-name.js'

/**
 * Who a board is to its peers: a name or an address that its certificate is for. A peer refuses any other.
 * @param wanted of the policy; undefined: the certificate's first DNS name, else its first IP address
 * @throws use-cannot-serve
 */
export function identityOf(leaf: Uint8Array, wanted: string | undefined): string {
  const certificate = readCertificate(leaf)
  // A wildcard names many hosts and is nobody's identity.
  const names = certificate.dnsNames.filter((name) => !name.includes('*'))
  if (wanted === undefined) {
    const [first] = [...names, ...certificate.ipAddresses]
    if (first !== undefined) return first
    throw new PlatenError('use-cannot-serve', 'its certificate is for no DNS name and no IP address, so it gives the board no identity', { fix: 'Request a certificate with the name or the address of the board in it.' })
  }
  if (isFor(certificate, wanted)) return wanted
  const known = [...names, ...certificate.ipAddresses].join(', ') || 'no name and no address'
  throw new PlatenError('use-cannot-serve', `its certificate is for ${known}, not for the local identity ${wanted}`, { fix: 'Change the local identity of the policy, or request a certificate for it.' })
}

function isFor({ dnsNames, ipAddresses }: Certificate, wanted: string): boolean {
  if (!isIpAddress(wanted)) return dnsNames.some((name) => name.toLowerCase() === wanted.toLowerCase())
  const bytes = ipAddressBytes(wanted)
  return bytes !== undefined && ipAddresses.some((address) => sameBytes(ipAddressBytes(address) ?? new Uint8Array(), bytes))
}
