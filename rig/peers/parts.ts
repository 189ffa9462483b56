/** What the rig needs of the machine it runs on, beyond Node: by a short name, with what to install. */
import { PlatenError } from '../../protocol/errors.js'
import type { RigPlatform } from '../platform/index.js'
import { canMakeNamespaces } from './network-namespace.js'

/** By name: where it is found (`/…` is a path, else a program on the path) and the Debian package that has it. */
const places = {
  'scepserver': ['scepserver', 'scep'],
  'hostapd': ['hostapd', 'hostapd'],
  'wpa_supplicant': ['wpa_supplicant', 'wpasupplicant'],
  'swanctl': ['swanctl', 'strongswan-swanctl'],
  'charon': ['/usr/lib/ipsec/charon', 'strongswan-charon'],
  'ping': ['ping', 'iputils-ping'],
  'openssl': ['openssl', 'openssl'],
  'nginx': ['nginx', 'nginx-light'],
  'ipptool': ['ipptool', 'cups-ipp-utils'],
  'ippeveprinter': ['ippeveprinter', 'cups-ipp-utils'],
  'dbus-daemon': ['dbus-daemon', 'dbus-daemon'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>

/** `network namespaces` needs root and iproute2, and a machine that allows them. */
export type Part = keyof typeof places | 'network namespaces'

/** Those that are not here, each with what to install: `hostapd (Debian package hostapd)`. */
export async function missingParts({ processes, files }: Pick<RigPlatform, 'processes' | 'files'>, parts: readonly Part[]): Promise<readonly string[]> {
  const looked = await Promise.all(parts.map(async (part) => {
    if (part === 'network namespaces') return await canMakeNamespaces(processes) ? [] : [`${part} (root, Debian package iproute2)`]
    const [place, packageName] = places[part]
    return await (place.startsWith('/') ? files.exists(place) : processes.has(place)) ? [] : [`${part} (Debian package ${packageName})`]
  }))
  return looked.flat()
}

/** @throws connect-failed that names what is missing */
export async function needParts(platform: Pick<RigPlatform, 'processes' | 'files'>, parts: readonly Part[]): Promise<void> {
  const missing = await missingParts(platform, parts)
  if (missing.length > 0) throw new PlatenError('connect-failed', `this machine does not have ${missing.join(', ')}`, { fix: 'Install it (scripts/install-debian-parts.sh does), and run as root where namespaces are needed.' })
}
