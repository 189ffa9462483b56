import { posix } from 'node:path'
import { z } from 'zod'
import { isDomainName, isHostName, isIpAddress } from '../../protocol/host-name.js'
import { isPolicyName } from '../../protocol/key-use.js'
import { PlatenError } from '../../protocol/errors.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'

/** How many policies a board holds. */
export const maxPolicies = 10

/** What strongSwan makes of a peer's certificate whose revocation cannot be learned; one known to be revoked is refused in any case. */
export const revocationChecks = ['relaxed', 'ifuri', 'strict'] as const
export type RevocationCheck = (typeof revocationChecks)[number]

const onePolicy = z.strictObject({
  name: z.string().refine(isPolicyName),
  enabled: z.boolean(),
  peer: z.string().max(253).refine((value) => isIpAddress(value) || isHostName(value)),
  localIdentity: z.string().max(253).refine(isIdentity).optional(),
  remoteIdentity: z.string().max(253).refine(isIdentity).optional(),
  localNetworks: z.array(z.string().refine(isNetwork)).max(8),
  remoteNetworks: z.array(z.string().refine(isNetwork)).max(8),
  authorities: z.array(z.string().min(1).max(64).refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value))).max(16),
  ikeProposals: z.array(z.string().refine(isProposal)).max(8),
  espProposals: z.array(z.string().refine(isProposal)).max(8),
  lifetimeMinutes: z.int().min(5).max(1440),
  // Files of before this item have none.
  revocation: z.enum(revocationChecks).default('relaxed'),
})

/** One IPSec policy: IKEv2 with certificates on both sides, ESP in tunnel mode (device.md section 7). */
export interface IpsecPolicy {
  /** What `ipsec:<name>` names: 1 to 32 letters, digits, dots, dashes, underscores; unique. */
  readonly name: string
  /** Default off: a new policy waits until it is switched on. */
  readonly enabled: boolean
  /** IP address or host name of the peer. */
  readonly peer: string
  /** Undefined: what the certificate is for, its first DNS name, else its first IP address. */
  readonly localIdentity?: string
  /** Who the peer's certificate must be for. Undefined: its address as given. */
  readonly remoteIdentity?: string
  /** Networks behind this board, `10.1.0.0/24`; none: its own address. */
  readonly localNetworks: readonly string[]
  /** Networks behind the peer; none: its own address. */
  readonly remoteNetworks: readonly string[]
  /** Names of the CA certificates of the store that a peer's certificate must lead to. None: no peer is trusted. */
  readonly authorities: readonly string[]
  /** In the words of strongSwan, `aes256-sha256-modp2048`; none: what the daemon proposes by itself. */
  readonly ikeProposals: readonly string[]
  readonly espProposals: readonly string[]
  /** How long the keys of the tunnel live, 5 to 1440 minutes, default 60; those of the IKE_SA four times as long. */
  readonly lifetimeMinutes: number
  /**
   * Whether a peer's certificate is checked against a CRL or by OCSP, as the certificate itself says where. A revoked
   * one is never accepted. When nothing can be learned: `relaxed`, the default, accepts it; `ifuri` refuses it if it
   * names a CRL or an OCSP responder; `strict` refuses it.
   */
  readonly revocation: RevocationCheck
}

/** What an administrator gives of a policy; an item given as undefined goes back to its default. */
export type IpsecPolicyUpdate = { readonly [Item in Exclude<keyof IpsecPolicy, 'name'>]?: IpsecPolicy[Item] | undefined }

const rules: { readonly [Item in keyof IpsecPolicy]-?: string } = {
  name: 'a name of 1 to 32 letters, digits, dots, dashes or underscores',
  enabled: 'on or off (true or false)',
  peer: 'an IP address or a host name',
  localIdentity: 'a domain name or an IP address that stands in the certificate',
  remoteIdentity: 'a domain name or an IP address',
  localNetworks: 'at most 8 networks like 10.1.0.0/24',
  remoteNetworks: 'at most 8 networks like 10.1.0.0/24',
  authorities: 'at most 16 names of CA certificates of the store',
  ikeProposals: 'at most 8 proposals like aes256-sha256-modp2048',
  espProposals: 'at most 8 proposals like aes256gcm16',
  lifetimeMinutes: 'a whole number of minutes from 5 to 1440',
  revocation: 'relaxed, ifuri or strict',
}

const standard = { enabled: false, localNetworks: [], remoteNetworks: [], authorities: [], ikeProposals: [], espProposals: [], lifetimeMinutes: 60, revocation: 'relaxed' }

const stored = z.strictObject({ version: z.literal(1), policies: z.array(onePolicy).max(maxPolicies).refine(areDistinct) })
type StoredPolicies = z.infer<typeof stored>

/** The IPSec policies in their order, kept in one file. A change is in force when it is durable, and not before. */
export class IpsecPolicies {
  readonly #file: RecordFile<StoredPolicies>

  private constructor(file: RecordFile<StoredPolicies>) {
    this.#file = file
  }

  /**
   * A damaged file gives no policies, and a problem.
   * @throws disk-failed
   */
  static async open({ disk, directory, log }: { readonly disk: Disk; readonly directory: string; readonly log: Log }): Promise<IpsecPolicies> {
    const file = await RecordFile.open<StoredPolicies>({
      disk,
      path: posix.join(directory, 'ipsec-policies.json'),
      check: (content) => stored.parse(content),
      empty: { version: 1, policies: [] },
    })
    if (file.problem !== undefined) log.error(`settings: ${file.problem.message}; there are no IPSec policies`)
    return new IpsecPolicies(file)
  }

  /** What is wrong with the stored settings: codes `store-damaged`. */
  problems(): readonly PlatenError[] {
    return this.#file.problem === undefined ? [] : [this.#file.problem]
  }

  /** In their order: where two policies are for the same traffic, the first one has it. */
  list(): readonly IpsecPolicy[] {
    return this.#file.value.policies.map(asPolicy)
  }

  find(name: string): IpsecPolicy | undefined {
    return this.list().find((policy) => policy.name === name)
  }

  /** @throws policy-not-found */
  get(name: string): IpsecPolicy {
    const policy = this.find(name)
    if (policy !== undefined) return policy
    throw notFound(name)
  }

  /** What `add` and `edit` would store, checked but not stored. @throws policy-not-found, invalid-value (facts.field), missing-field, unknown-field */
  withUpdate(name: string, update: IpsecPolicyUpdate): IpsecPolicy {
    return changed(this.get(name), update)
  }

  /** Puts a policy at the end. @throws policy-name-taken, policy-limit, invalid-value, missing-field, unknown-field, disk-failed */
  async add(name: string, update: IpsecPolicyUpdate): Promise<IpsecPolicy> {
    const policy = changed({ name }, update)
    await this.#change((policies) => {
      if (policies.some((each) => each.name === name)) throw new PlatenError('policy-name-taken', `there is an IPSec policy ${JSON.stringify(name)} already`, { facts: { name }, fix: 'Change it with ipsec edit, or give another name.' })
      if (policies.length >= maxPolicies) throw new PlatenError('policy-limit', `there are ${maxPolicies} IPSec policies, which is the limit`, { facts: { limit: maxPolicies }, fix: 'Remove one first.' })
      return [...policies, policy]
    })
    return policy
  }

  /** @throws policy-not-found, invalid-value, missing-field, unknown-field, disk-failed */
  async edit(name: string, update: IpsecPolicyUpdate): Promise<IpsecPolicy> {
    await this.#change((policies) => {
      if (!policies.some((each) => each.name === name)) throw notFound(name)
      return policies.map((each) => (each.name === name ? changed(each, update) : each))
    })
    return this.get(name)
  }

  /** @throws policy-not-found, disk-failed */
  remove(name: string): Promise<void> {
    return this.#change((policies) => {
      if (!policies.some((each) => each.name === name)) throw notFound(name)
      return policies.filter((each) => each.name !== name)
    })
  }

  /** Moves a policy to a place, 1 is the first; a place beyond the end is the end. @throws policy-not-found, disk-failed */
  order(name: string, place: number): Promise<void> {
    return this.#change((policies) => {
      const moved = policies.find((each) => each.name === name)
      if (moved === undefined) throw notFound(name)
      return policies.filter((each) => each !== moved).toSpliced(Math.max(0, place - 1), 0, moved)
    })
  }

  #change(change: (policies: readonly IpsecPolicy[]) => readonly IpsecPolicy[]): Promise<void> {
    return this.#file.update((value) => stored.parse({ ...value, policies: change(value.policies.map(asPolicy)) }))
  }
}

/** The schema's optional items may be undefined; a policy leaves them out. */
function asPolicy({ localIdentity, remoteIdentity, ...policy }: z.infer<typeof onePolicy>): IpsecPolicy {
  return { ...policy, ...(localIdentity === undefined ? {} : { localIdentity }), ...(remoteIdentity === undefined ? {} : { remoteIdentity }) }
}

function changed(policy: Partial<IpsecPolicy>, update: IpsecPolicyUpdate): IpsecPolicy {
  const given = Object.entries(update).filter(([, value]) => value !== undefined)
  const cleared = new Set(Object.entries(update).filter(([, value]) => value === undefined).map(([item]) => item))
  const kept = Object.entries(policy).filter(([item]) => !cleared.has(item))
  const result = onePolicy.safeParse({ ...standard, ...Object.fromEntries(kept), ...Object.fromEntries(given) })
  if (result.success) return asPolicy(result.data)
  throw fault(result.error.issues[0], update)
}

function fault(issue: z.ZodError['issues'][number] | undefined, update: IpsecPolicyUpdate): PlatenError {
  if (issue?.code === 'unrecognized_keys') return new PlatenError('unknown-field', `${issue.keys.join(', ')}: an IPSec policy has no such item`, { facts: { field: issue.keys[0] ?? '' }, fix: `Items are ${Object.keys(rules).join(', ')}.` })
  const item = String(issue?.path[0] ?? 'name') as keyof IpsecPolicy
  const missing = item !== 'name' && update[item] === undefined
  return new PlatenError(missing ? 'missing-field' : 'invalid-value', `${item}: ${missing ? 'is missing; it' : 'must be'} ${missing ? `is ${rules[item]}` : rules[item]}`, {
    facts: { field: item }, fix: `Give ${item} as ${rules[item]}.`,
  })
}

function notFound(name: string): PlatenError {
  return new PlatenError('policy-not-found', `there is no IPSec policy ${JSON.stringify(name)}`, { facts: { name }, fix: 'List the policies with ipsec list.' })
}

function isIdentity(text: string): boolean {
  return isIpAddress(text) || isDomainName(text)
}

/** `address/prefix`, or an address alone. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  if (rest.length > 0 || !isIpAddress(address)) return false
  return prefix === undefined || (/^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (address.includes(':') ? 128 : 32))
}

/** Algorithms in the words of strongSwan with dashes between. Whether it knows them, the daemon says. */
function isProposal(text: string): boolean {
  return text.length <= 64 && /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/.test(text)
}

function areDistinct(policies: readonly { readonly name: string }[]): boolean {
  return new Set(policies.map(({ name }) => name)).size === policies.length
}
