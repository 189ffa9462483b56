import { z } from 'zod'
import { PlatenError } from '../../protocol/errors.js'

/** `legacy` allows what only old servers need: SHA-1 signatures, 3DES, and replies in single DES (quirk `des-reply`). */
export type Policy = 'standard' | 'legacy'

/** device.md section 2, as in force: defaults filled in. */
export interface CommunicationSettings {
  /** Without a port: that is an item of its own. Undefined until an administrator sets it. */
  readonly url?: string
  /** As set, else 80, or 443 for an https: URL. */
  readonly port: number
  /** From the start of communication to no answer. Default 30. */
  readonly timeoutSeconds: number
  /** SHA-256 of the top CA certificate, 64 lower-case hex digits. Undefined: nothing is trusted yet. */
  readonly caFingerprint?: string
  /** Default `standard`. */
  readonly policy: Policy
  /** Names of the CA certificates that an https: server may lead to. Default none: the pinned CA alone. */
  readonly httpsTrust: readonly string[]
}

/** What an administrator wants to change; an item given as undefined goes back to its default. */
export type CommunicationUpdate = { readonly [Item in keyof CommunicationSettings]?: CommunicationSettings[Item] | undefined }

/** What is stored: only what was set. */
export type StoredCommunication = z.infer<typeof storedCommunication>

interface Definition {
  /** The name that administrators know. */
  readonly title: string
  readonly rule: string
  readonly schema: z.ZodType
}

/** Any common way to write 64 hex digits: colons, spaces, upper case. */
const fingerprint = z.string().transform((text) => text.replace(/[:\s]/g, '').toLowerCase()).pipe(z.string().regex(/^[0-9a-f]{64}$/))

const schemas = {
  url: z.string().max(255).refine((text) => urlFault(text) === undefined),
  port: z.coerce.number().int().min(1).max(65535),
  timeoutSeconds: z.coerce.number().int().min(1).max(600),
  caFingerprint: fingerprint,
  policy: z.enum(['standard', 'legacy']),
  httpsTrust: z.array(z.string().min(1).max(64)).max(4),
}

/** Each item with its title and its rule in words, for help, pages and errors. */
export const communicationItems: { readonly [Item in keyof typeof schemas]: Definition } = {
  url: { title: 'SCEP Server URL', rule: 'an http: or https: URL of at most 255 characters, without a port, for example http://ca.example.com/scep', schema: schemas.url },
  port: { title: 'Port Number', rule: 'a whole number from 1 to 65535', schema: schemas.port },
  timeoutSeconds: { title: 'Communication Timeout', rule: 'a whole number of seconds from 1 to 600', schema: schemas.timeoutSeconds },
  caFingerprint: { title: 'CA fingerprint', rule: '64 hex digits, the SHA-256 of the top CA certificate', schema: schemas.caFingerprint },
  policy: { title: 'Policy', rule: 'standard or legacy', schema: schemas.policy },
  httpsTrust: { title: 'HTTPS trust anchors', rule: 'the names of at most 4 CA certificates', schema: schemas.httpsTrust },
}

export const storedCommunication = z.strictObject({
  url: schemas.url.optional(),
  port: schemas.port.optional(),
  timeoutSeconds: schemas.timeoutSeconds.optional(),
  caFingerprint: schemas.caFingerprint.optional(),
  policy: schemas.policy.optional(),
  httpsTrust: schemas.httpsTrust.optional(),
})

/** Fills in the defaults. */
export function inForce(stored: StoredCommunication): CommunicationSettings {
  const secure = stored.url?.toLowerCase().startsWith('https:') ?? false
  return {
    ...(stored.url === undefined ? {} : { url: stored.url }),
    port: stored.port ?? (secure ? 443 : 80),
    timeoutSeconds: stored.timeoutSeconds ?? 30,
    ...(stored.caFingerprint === undefined ? {} : { caFingerprint: stored.caFingerprint }),
    policy: stored.policy ?? 'standard',
    httpsTrust: stored.httpsTrust ?? [],
  }
}

/**
 * The stored settings with an update put in; all of it or nothing.
 * @throws invalid-value, unknown-field: message and facts name the first item that is wrong
 */
export function withUpdate(stored: StoredCommunication, update: CommunicationUpdate): StoredCommunication {
  const next: Record<string, unknown> = { ...stored }
  for (const [item, value] of Object.entries(update)) {
    if (!isItem(item)) throw new PlatenError('unknown-field', `${item}: there is no such setting`, { facts: { field: item }, fix: `Settings are ${Object.keys(schemas).join(', ')}.` })
    if (value === undefined) Reflect.deleteProperty(next, item)
    else next[item] = check(item, value)
  }
  return storedCommunication.parse(next)
}

/** The address that the SCEP client asks: URL and Port Number joined. */
export function serverUrl(settings: CommunicationSettings): URL | undefined {
  if (settings.url === undefined) return undefined
  const url = new URL(settings.url)
  url.port = String(settings.port)
  return url
}

/**
 * A fingerprint as people write it: upper case, colons and spaces are fine.
 * @returns 64 lower-case hex digits
 * @throws invalid-value
 */
export function readFingerprint(text: string): string {
  return String(check('caFingerprint', text))
}

function isItem(item: string): item is keyof typeof schemas {
  return Object.hasOwn(schemas, item)
}

function check(item: keyof typeof schemas, value: unknown): unknown {
  const { title, rule, schema } = communicationItems[item]
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const fault = item === 'url' && typeof value === 'string' ? urlFault(value) : undefined
  throw new PlatenError('invalid-value', `${title}: ${fault ?? `must be ${rule}`}`, { facts: { field: item }, fix: `Give ${title} (${item}) as ${rule}.` })
}

function urlFault(text: string): string | undefined {
  if (text.length > 255) return `has ${text.length} characters, 255 are allowed`
  if (!URL.canParse(text) || !/^https?:\/\/[^/]/i.test(text)) return 'is not an http: or https: URL'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (/[?#]/.test(text)) return 'must not hold a query or a fragment'
  // URL hides a port that is the default of its scheme, so the text itself is asked.
  if (/^https?:\/\/[^/]*:\d*(?:\/|$)/i.test(text)) return 'holds a port: set Port Number instead'
  return undefined
}
