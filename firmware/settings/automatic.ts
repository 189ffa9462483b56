import { z } from 'zod'
import { isDomainName, isIpAddress } from '../../protocol/host-name.js'
import { PlatenError } from '../../protocol/errors.js'
import { parseKeyUse, type KeyUse } from '../../protocol/key-use.js'
import type { ClockState } from '../../protocol/time.js'

/** Settings for Certificate Issuance Auto Request (device.md section 4), as in force: defaults filled in. */
export interface AutomaticSettings {
  /** Grows by one with each Update; 0 while nothing was ever set. The scheduler keeps it and so sees every change. */
  readonly revision: number
  /** Enable Timer. */
  readonly enabled: boolean
  /** Request Start Date/Time, wall ms. Always there while `enabled`. */
  readonly startAt?: number
  /** Auto Adjust Issuance Request Time: 1 to 600 s are added to each date and time. Default on. */
  readonly autoAdjust: boolean
  /** Undefined: off, the default. */
  readonly polling?: { readonly count: number; readonly intervalMinutes: number }
  /** Undefined: off, the default. */
  readonly periodic?: { readonly everyDays: number }
  /** (ours) Request again when a third of the lifetime is left. Default on. */
  readonly renewByExpiry: boolean
  /** Default off. */
  readonly restartAfterAcquiring: boolean
  /** Default off. */
  readonly deleteOld: boolean
  /** Settings for Key and Certificate To Be Issued. Always complete while `enabled`. */
  readonly request?: AutomaticRequest
  /** Whether a Challenge Password is stored; the password itself is shown nowhere. */
  readonly hasChallenge: boolean
}

/** The fields of Certificate Issuance Request (device.md section 3), without the challenge. */
export interface AutomaticRequest {
  readonly keyName: string
  readonly digest: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly keyLength: 2048 | 3072 | 4096
  readonly organization?: string
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly use?: KeyUse
}

const printable = (low: number, high: number) => z.string().min(low).max(high).refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value))
const latest = Date.UTC(9999, 11, 31)

/** One schema for each item; the stored form of `challenge` is sealed and has its own. */
const schemas = {
  enabled: z.boolean(),
  startAt: z.int().min(0).max(latest),
  autoAdjust: z.boolean(),
  polling: z.boolean(),
  pollCount: z.int().min(1).max(100),
  pollIntervalMinutes: z.int().min(1).max(1440),
  periodic: z.boolean(),
  periodicDays: z.int().min(1).max(365),
  renewByExpiry: z.boolean(),
  restartAfterAcquiring: z.boolean(),
  deleteOld: z.boolean(),
  keyName: printable(1, 64),
  digest: z.enum(['sha1', 'sha256', 'sha384', 'sha512']),
  keyLength: z.literal([2048, 3072, 4096]),
  organization: printable(1, 64),
  commonName: z.string().max(64).refine((value) => isIpAddress(value) || isDomainName(value)),
  dnsNames: z.array(z.string().refine(isDomainName)).max(16),
  ipAddresses: z.array(z.string().refine(isIpAddress)).max(16),
  use: z.string().refine(isKeyUse).transform(parseKeyUse),
  challenge: printable(0, 255),
}

export type AutomaticItem = keyof typeof schemas

interface Definition {
  /** The name that administrators know. */
  readonly title: string
  /** What is accepted, as the end of a sentence. */
  readonly rule: string
  /** What is in force when it was never set; undefined: nothing. */
  readonly standard?: string | number | boolean
  /** Write-only: never shown, logged or exported in clear. */
  readonly secret?: true
}

const onOrOff = 'on or off (true or false)'

/** Each item with its title, its limits in words and its default, for help, pages and errors. */
export const automaticItems: { readonly [Item in AutomaticItem]: Definition } = {
  enabled: { title: 'Enable Timer for Certificate Issuance Auto Request', rule: onOrOff, standard: false },
  startAt: { title: 'Request Start Date/Time', rule: 'a date and time that is still to come' },
  autoAdjust: { title: 'Auto Adjust Issuance Request Time', rule: onOrOff, standard: true },
  polling: { title: 'Perform Polling When Communication Error Occurs or When Issuance Request Is Deferred', rule: onOrOff, standard: false },
  pollCount: { title: 'Maximum Number of Times to Perform Polling', rule: 'a whole number from 1 to 100', standard: 5 },
  pollIntervalMinutes: { title: 'Polling Interval', rule: 'a whole number of minutes from 1 to 1440', standard: 10 },
  periodic: { title: 'Send Periodic Certificate Issuance Requests', rule: onOrOff, standard: false },
  periodicDays: { title: 'Request Interval: Every', rule: 'a whole number of days from 1 to 365', standard: 365 },
  renewByExpiry: { title: 'Renew Before Expiry', rule: onOrOff, standard: true },
  restartAfterAcquiring: { title: 'Automatically Restart Device After Acquiring Certificate', rule: onOrOff, standard: false },
  deleteOld: { title: 'Delete Old Key and Certificate', rule: onOrOff, standard: false },
  keyName: { title: 'Key Name', rule: '1 to 64 characters without control characters' },
  digest: { title: 'Signature Algorithm', rule: 'sha256, sha384 or sha512 (sha1 under the policy legacy)', standard: 'sha256' },
  keyLength: { title: 'Key Length (bit)', rule: '2048, 3072 or 4096', standard: 2048 },
  organization: { title: 'Organization', rule: '1 to 64 characters without control characters' },
  commonName: { title: 'Common Name', rule: 'an IP address or a fully qualified domain name of at most 64 characters' },
  dnsNames: { title: 'Subject Alternative Names (DNS)', rule: 'at most 16 domain names' },
  ipAddresses: { title: 'Subject Alternative Names (IP)', rule: 'at most 16 IP addresses' },
  use: { title: 'Key Use Location', rule: 'tls, ieee-802-1x, mqtt or ipsec:<policy>' },
  challenge: { title: 'Challenge Password', rule: 'at most 255 characters without control characters', secret: true },
}

/** What is stored: only what was set; the challenge sealed. */
const storedItems = z.strictObject({ ...schemas, challenge: z.string() }).partial()
export const storedAutomatic = z.strictObject({ version: z.literal(1), revision: z.int().min(0), items: storedItems })
export type StoredAutomatic = z.infer<typeof storedAutomatic>

/** What an administrator wants to change; an item given as undefined goes back to its default. */
export type AutomaticUpdate = { readonly [Item in AutomaticItem]?: z.infer<(typeof schemas)[Item]> | undefined }

/** Fills in the defaults. */
export function automaticInForce({ revision, items }: StoredAutomatic): AutomaticSettings {
  const request = requestOf(items)
  return {
    revision,
    enabled: items.enabled ?? false,
    ...(items.startAt === undefined ? {} : { startAt: items.startAt }),
    autoAdjust: items.autoAdjust ?? true,
    ...(items.polling === true ? { polling: { count: items.pollCount ?? 5, intervalMinutes: items.pollIntervalMinutes ?? 10 } } : {}),
    ...(items.periodic === true ? { periodic: { everyDays: items.periodicDays ?? 365 } } : {}),
    renewByExpiry: items.renewByExpiry ?? true,
    restartAfterAcquiring: items.restartAfterAcquiring ?? false,
    deleteOld: items.deleteOld ?? false,
    ...(request === undefined ? {} : { request }),
    hasChallenge: items.challenge !== undefined,
  }
}

/**
 * The stored settings with an update put in; all of it or nothing.
 * - Request Start Date/Time must be still to come when it is changed and when the timer is switched on. An Update of
 *   other items while the timer runs is fine after the start. While the clock is unset nothing can be compared: any
 *   start is taken, and one that turns out to be past runs once the clock is set.
 * - The timer is not switched on without a start and the fields of the request.
 * @param seal what is stored of a challenge
 * @throws invalid-value, unknown-field, missing-field: message and facts name the first item that is wrong
 */
export function withAutomaticUpdate(
  stored: StoredAutomatic,
  update: AutomaticUpdate,
  { wall, clock, seal }: { readonly wall: number; readonly clock: ClockState; readonly seal: (challenge: string) => string },
): StoredAutomatic {
  const next: Record<string, unknown> = { ...stored.items }
  for (const [item, value] of Object.entries(update)) {
    if (!isItem(item)) throw new PlatenError('unknown-field', `${item}: there is no such setting`, { facts: { field: item }, fix: `Settings are ${Object.keys(schemas).join(', ')}.` })
    if (value === undefined) Reflect.deleteProperty(next, item)
    else next[item] = item === 'challenge' ? seal(check(item, value) as string) : check(item, value)
  }
  const items = storedItems.parse(next)
  const before = stored.items
  const startCounts = items.startAt !== before.startAt || (items.enabled === true && before.enabled !== true)
  if (startCounts && items.startAt !== undefined && items.startAt <= wall && clock !== 'unset') throw pastStart(items.startAt)
  if (items.enabled === true) requireComplete(items)
  return { version: 1, revision: stored.revision + 1, items }
}

/** Communication Settings and requests by hand are refused while the timer is on (device.md sections 2, 3). @throws timer-enabled */
export function refuseWhileTimerEnabled({ enabled }: Pick<AutomaticSettings, 'enabled'>): void {
  if (enabled) throw new PlatenError('timer-enabled', 'the timer for automatic issuance requests is on', { fix: 'Switch it off with timer off, then try again.' })
}

function requestOf(items: StoredAutomatic['items']): AutomaticRequest | undefined {
  if (items.keyName === undefined || items.commonName === undefined) return undefined
  return {
    keyName: items.keyName,
    digest: items.digest ?? 'sha256',
    keyLength: items.keyLength ?? 2048,
    ...(items.organization === undefined ? {} : { organization: items.organization }),
    commonName: items.commonName,
    dnsNames: items.dnsNames ?? [],
    ipAddresses: items.ipAddresses ?? [],
    ...(items.use === undefined ? {} : { use: items.use }),
  }
}

function requireComplete(items: StoredAutomatic['items']): void {
  const missing = (['startAt', 'keyName', 'commonName'] as const).find((item) => items[item] === undefined)
  if (missing === undefined) return
  const { title, rule } = automaticItems[missing]
  throw new PlatenError('missing-field', `${title}: must be set before the timer is enabled`, { facts: { field: missing }, fix: `Give ${title} (${missing}) as ${rule}.` })
}

function pastStart(startAt: number): PlatenError {
  const { title } = automaticItems.startAt
  return new PlatenError('invalid-value', `${title}: ${new Date(startAt).toISOString()} is past`, {
    facts: { field: 'startAt' },
    fix: `Give ${title} (startAt) as a date and time that is still to come.`,
  })
}

function isItem(item: string): item is AutomaticItem {
  return Object.hasOwn(schemas, item)
}

function isKeyUse(text: string): boolean {
  try {
    parseKeyUse(text)
    return true
  } catch {
    return false
  }
}

function check(item: AutomaticItem, value: unknown): unknown {
  const { title, rule } = automaticItems[item]
  const result = schemas[item].safeParse(value)
  if (result.success) return result.data
  throw new PlatenError('invalid-value', `${title}: must be ${rule}`, { facts: { field: item }, fix: `Give ${title} (${item}) as ${rule}.` })
}
