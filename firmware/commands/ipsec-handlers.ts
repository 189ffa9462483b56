/** `ipsec …`. */
import type { ReplyOf, RequestOf } from '../../protocol/commands/index.js'
import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import type { PolicyStatus } from '../key-use/index.js'
import { maxPolicies, type IpsecPolicyUpdate } from '../settings/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'

export const ipsecHandlers: Handlers<'ipsec list' | 'ipsec status' | 'ipsec add' | 'ipsec edit' | 'ipsec remove' | 'ipsec order' | 'ipsec enable' | 'ipsec disable'> = {
  'ipsec list': async (_, { ipsec }) => ({ limit: maxPolicies, policies: (await ipsec.status()).map(policyRow) }),

  'ipsec status': async ({ name }, { ipsec }) => policyRow(await ipsec.statusOf(name)),

  'ipsec add': async (request, { ipsec }) => {
    const update = { ...updateOf(request), ...given({ enabled: request.enabled }) }
    return policyRow(await inWordsOfTheCommand(ipsec.add(request.name, update)))
  },

  'ipsec edit': async (request, { ipsec }, { progress }) => {
    const update = updateOf(request)
    if (Object.keys(update).length === 0) throw new PlatenError('missing-field', 'ipsec edit: nothing to change is given.', { fix: 'Give peer, local-id, remote-id, local, remote, ca, ike, esp, lifetime or revocation.' })
    progress(`Changing the policy "${request.name}" …`)
    return policyRow(await inWordsOfTheCommand(ipsec.edit(request.name, update)))
  },

  'ipsec remove': async ({ name }, { ipsec, automatic }) => {
    await ipsec.remove(name)
    automatic.keysChanged()
    return { name }
  },

  'ipsec order': async ({ name, place }, { ipsec }) => {
    await ipsec.order(name, place)
    return { order: (await ipsec.status()).map(({ policy }) => policy.name) }
  },

  'ipsec enable': async ({ name }, { ipsec }, { progress }) => {
    progress(`Bringing the tunnel of "${name}" up …`)
    return policyRow(await ipsec.enable(name))
  },

  'ipsec disable': async ({ name }, { ipsec }) => policyRow(await ipsec.disable(name)),
}

/** The fields of the commands, by the items of a policy. */
const fields = {
  peer: 'peer',
  localIdentity: 'local-id',
  remoteIdentity: 'remote-id',
  localNetworks: 'local',
  remoteNetworks: 'remote',
  authorities: 'ca',
  ikeProposals: 'ike',
  espProposals: 'esp',
  lifetimeMinutes: 'lifetime',
  revocation: 'revocation',
} as const satisfies Partial<Record<keyof IpsecPolicyUpdate, keyof RequestOf<'ipsec edit'>>>

function updateOf(request: Omit<RequestOf<'ipsec edit'>, 'name'>): IpsecPolicyUpdate {
  return Object.fromEntries(Object.entries(fields).flatMap(([item, field]) => {
    const value = request[field]
    return value === undefined ? [] : [[item, value === '' ? undefined : value]]
  }))
}

/** The settings name their items; a person has typed fields. */
async function inWordsOfTheCommand<Reply>(work: Promise<Reply>): Promise<Reply> {
  try {
    return await work
  } catch (thrown) {
    const error = asPlatenError(thrown)
    const item = String(error.facts['field'] ?? '')
    const field = Object.hasOwn(fields, item) ? fields[item as keyof typeof fields] : undefined
    if (field === undefined) throw error
    throw new PlatenError(error.code, error.message.replace(item, field), { facts: { ...error.facts, field }, fix: error.fix.replace(item, field), cause: error })
  }
}

function policyRow({ policy, key, state, detail }: PolicyStatus): ReplyOf<'ipsec status'> {
  return {
    name: policy.name,
    enabled: policy.enabled,
    state,
    ...given({ key }),
    detail,
    peer: policy.peer,
    ...given({ 'local-id': policy.localIdentity, 'remote-id': policy.remoteIdentity }),
    local: [...policy.localNetworks],
    remote: [...policy.remoteNetworks],
    ca: [...policy.authorities],
    ike: [...policy.ikeProposals],
    esp: [...policy.espProposals],
    lifetime: policy.lifetimeMinutes,
    revocation: policy.revocation,
  }
}
