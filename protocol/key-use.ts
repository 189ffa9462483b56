/** What a key is used for (device.md section 7), and how people and commands write it. */
import { PlatenError } from './errors.js'

/** `ipsec:<policy>` is one of the named IPSec policies. */
export type KeyUse = 'tls' | 'ieee-802-1x' | 'mqtt' | `ipsec:${string}`

const policyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** Whether a text can name an IPSec policy: 1 to 32 letters, digits, dots, dashes, underscores, the first a letter or a digit. */
export function isPolicyName(text: string): boolean {
  return policyName.test(text)
}

/**
 * Reads a key use as a person or a command writes it: `tls`, `ieee-802-1x` (or `802.1x`), `mqtt`, `ipsec:<policy>`.
 * Case counts only in the name of a policy.
 * @throws invalid-value (facts.field = `use`)
 */
export function parseKeyUse(text: string): KeyUse {
  const lower = text.trim().toLowerCase()
  if (lower === 'tls' || lower === 'mqtt') return lower
  if (lower === 'ieee-802-1x' || lower === '802.1x' || lower === 'ieee 802.1x') return 'ieee-802-1x'
  const policy = lower.startsWith('ipsec:') ? text.trim().slice('ipsec:'.length) : undefined
  if (policy !== undefined && policyName.test(policy)) return `ipsec:${policy}`
  throw new PlatenError('invalid-value', `use: ${JSON.stringify(text)} is not a use of a key`, {
    facts: { field: 'use' },
    fix: 'Give tls, ieee-802-1x, mqtt, or ipsec:<policy> with a policy name of 1 to 32 letters, digits, dots, dashes or underscores.',
  })
}

/** The name of a use as administrators know it. */
export function displayKeyUse(use: KeyUse): string {
  if (use === 'tls') return 'TLS'
  if (use === 'ieee-802-1x') return 'IEEE 802.1X'
  if (use === 'mqtt') return 'MQTT'
  return `IPSec (${use.slice('ipsec:'.length)})`
}

/**
 * Why a use does not serve, for machines. `peer`: the authentication server, the other end of a tunnel, a broker;
 * `certificate`: our own; `daemon`: the program that serves the key.
 */
export const useReasons = [
  'no-link', 'no-answer', 'peer-not-trusted', 'peer-expired', 'peer-name-mismatch', 'peer-revocation', 'certificate-rejected', 'certificate-expired', 'daemon-failed',
] as const

export type UseReason = (typeof useReasons)[number]

/** What an administrator should know of a key that is put to a use, though it can serve; by codes that never change their meaning. */
export const caveatCodes = ['name-mismatch', 'address-missing', 'expires-earlier', 'chain-incomplete', 'key-usage', 'extended-key-usage', 'clock-not-set'] as const

export type CaveatCode = (typeof caveatCodes)[number]

/** A warning about a key at its use; it blocks nothing. */
export interface Caveat {
  readonly code: CaveatCode
  readonly message: string
  /** What can be done about it, as one sentence. */
  readonly fix: string
}

/** Caveats as one text for people; their codes stand beside it. */
export function adviceOf(caveats: readonly Caveat[]): string {
  return caveats.map(({ message, fix }) => `${message} ${fix}`).join(' ')
}
