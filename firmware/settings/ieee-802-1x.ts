import { posix } from 'node:path'
import { z } from 'zod'
import { PlatenError } from '../../protocol/errors.js'
import { isDomainName } from '../../protocol/host-name.js'
import { revocationChecks, type RevocationCheck } from '../../protocol/revocation.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'

/** IEEE 802.1X Settings, as in force. */
export interface Ieee8021xSettings {
  /** Default off. Never on without a CA. */
  readonly enabled: boolean
  /** The wired interface that authenticates. Default `eth0`. */
  readonly interface: string
  /** The EAP identity. Undefined: the name in the certificate. */
  readonly identity?: string
  /** Names of the CA certificates in the key store, one of which the authentication server must lead to. */
  readonly caNames: readonly string[]
  /** The name, or a domain above it, that the server's certificate must hold. Undefined: any server of those CAs. */
  readonly serverName?: string
  /** Of the authentication server, by OCSP stapling; wpa_supplicant has no check by CRL. Default `off`. */
  readonly revocation: RevocationCheck
}

/** What an administrator wants to change; an item given as undefined goes back to its default. */
export type Ieee8021xUpdate = { readonly [Item in keyof Ieee8021xSettings]?: Ieee8021xSettings[Item] | undefined }

const schemas = {
  enabled: z.boolean(),
  // Linux: at most 15 bytes; a program must not take it for an option.
  interface: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/),
  identity: z.string().min(1).max(255).refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text)),
  caNames: z.array(z.string().min(1).max(64)).max(4),
  serverName: z.string().refine(isDomainName),
  revocation: z.enum(revocationChecks),
}

const rules: { readonly [Item in keyof typeof schemas]: string } = {
  enabled: 'Use IEEE 802.1X: yes or no',
  interface: 'Interface: 1 to 15 letters, digits, dots, dashes or underscores',
  identity: 'Login Name: 1 to 255 characters without control characters',
  caNames: 'CA certificates: at most 4 names of CA certificates in the key store',
  serverName: 'Authentication Server Name: a domain name',
  revocation: 'Revocation check of the authentication server: off, if-stapled or required',
}

const stored = z.strictObject({
  version: z.literal(1),
  items: z.strictObject({
    enabled: schemas.enabled.optional(),
    interface: schemas.interface.optional(),
    identity: schemas.identity.optional(),
    caNames: schemas.caNames.optional(),
    serverName: schemas.serverName.optional(),
    revocation: schemas.revocation.optional(),
  }),
})
type Stored = z.infer<typeof stored>

/** The settings of IEEE 802.1X, kept in one file. An update is in force when it is durable, and not before. */
export class Ieee8021xSettingsFile {
  readonly #file: RecordFile<Stored>

  private constructor(file: RecordFile<Stored>) {
    this.#file = file
  }

  /**
   * A damaged file gives the defaults, under which the function is off, and a problem.
   * @throws disk-failed
   */
  static async open({ disk, directory, log }: { readonly disk: Disk; readonly directory: string; readonly log: Log }): Promise<Ieee8021xSettingsFile> {
    const file = await RecordFile.open<Stored>({
      disk,
      path: posix.join(directory, 'ieee-802-1x.json'),
      check: (content) => stored.parse(content),
      empty: { version: 1, items: {} },
    })
    if (file.problem !== undefined) log.error(`settings: ${file.problem.message}; IEEE 802.1X is off`)
    return new Ieee8021xSettingsFile(file)
  }

  /** What is wrong with the stored settings: codes `store-damaged`. */
  problems(): readonly PlatenError[] {
    return this.#file.problem === undefined ? [] : [this.#file.problem]
  }

  get(): Ieee8021xSettings {
    return inForce(this.#file.value)
  }

  /**
   * Changes the items given; all of it or nothing.
   * @throws invalid-value (facts.field names the item); missing-field when it would be on without a CA; disk-failed
   */
  async update(update: Ieee8021xUpdate): Promise<Ieee8021xSettings> {
    await this.#file.update((value) => withUpdate(value, update))
    return this.get()
  }
}

function inForce({ items }: Stored): Ieee8021xSettings {
  const { enabled, interface: name, identity, caNames, serverName, revocation } = items
  return {
    enabled: enabled ?? false,
    interface: name ?? 'eth0',
    ...(identity === undefined ? {} : { identity }),
    caNames: caNames ?? [],
    ...(serverName === undefined ? {} : { serverName }),
    revocation: revocation ?? 'off',
  }
}

function withUpdate(value: Stored, update: Ieee8021xUpdate): Stored {
  const items: Record<string, unknown> = { ...value.items }
  for (const item of Object.keys(schemas) as (keyof typeof schemas)[]) {
    if (!Object.hasOwn(update, item)) continue
    if (update[item] === undefined) Reflect.deleteProperty(items, item)
    else items[item] = check(item, update[item])
  }
  const next = stored.parse({ version: 1, items })
  const { enabled, caNames } = inForce(next)
  if (enabled && caNames.length === 0) {
    // Without a CA any station could pose as the authentication server.
    throw new PlatenError('missing-field', 'IEEE 802.1X: no CA is chosen for the authentication server', { facts: { field: 'caNames' }, fix: 'Choose at least one CA certificate of the key store.' })
  }
  return next
}

function check(item: keyof typeof schemas, value: unknown): unknown {
  const result = schemas[item].safeParse(value)
  if (result.success) return result.data
  throw new PlatenError('invalid-value', `IEEE 802.1X: the value of ${item} is not acceptable`, { facts: { field: item }, fix: `${rules[item]}.` })
}
