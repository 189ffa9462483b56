/** Names and addresses of hosts as certificates carry them. */
import * as z from 'zod'

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i
const ipv4 = z.ipv4()
const ipv6 = z.ipv6()

/** Dotted IPv4, or IPv6 in any of its text forms (no zone). */
export function isIpAddress(text: string): boolean {
  return ipv4.safeParse(text).success || ipv6.safeParse(text).success
}

/**
 * A host name of RFC 1123: labels of 1 to 63 letters, digits and hyphens, 253 characters at most, no dot at the
 * end; the last label is not a number, else a mistyped IP address would pass.
 */
export function isHostName(text: string): boolean {
  const labels = text.split('.')
  return text.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')
}

/** A host name with its domain: two labels at least. */
export function isDomainName(text: string): boolean {
  return isHostName(text) && text.includes('.')
}
