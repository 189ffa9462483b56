/** The IPSec policies (device.md section 7). */
import * as z from 'zod'
import { isDomainName, isHostName, isIpAddress } from '../host-name.js'
import { isPolicyName } from '../key-use.js'
import { command } from './definition.js'
import { field, listOf, oneOf, text, wholeNumber, yesOrNo } from './fields.js'
import { count, flag, shown, shownList, shownNames } from './replies.js'
import { useState } from './uses.js'

const name = field(z.string().refine(isPolicyName), 'Policy Name', '1 to 32 letters, digits, dots, dashes or underscores')
const peer = field(z.string().max(253).refine((value) => isIpAddress(value) || isHostName(value)), 'Peer', 'an IP address or a host name')
const identity = (about: string) => field(z.string().max(253).refine((value) => value === '' || isIpAddress(value) || isDomainName(value)), about, 'a domain name or an IP address; empty for the default')
const networks = (about: string) => listOf(about, text('a network', 1, 64), 8, 'networks like 10.1.0.0/24')
const proposals = (about: string) => listOf(about, text('a proposal', 1, 64), 8, 'proposals in the words of strongSwan, like aes256-sha256-modp2048')

const revocationChecks = ['relaxed', 'ifuri', 'strict'] as const

const items = {
  'local-id': identity('Local identity; default: the name or address that the certificate is for').optional(),
  'remote-id': identity('Remote identity; default: the peer as given').optional(),
  local: networks('Networks behind this board; default: its own address').optional(),
  remote: networks('Networks behind the peer; default: its own address').optional(),
  ca: listOf('CA certificates of the store that the peer\'s certificate must lead to, by name', text('a name', 1, 64), 16, 'names').optional(),
  ike: proposals('IKE proposals; default: those of the daemon').optional(),
  esp: proposals('ESP proposals; default: those of the daemon').optional(),
  lifetime: wholeNumber('Lifetime of the tunnel\'s keys, minutes; default 60', 5, 1440).optional(),
  revocation: oneOf('When neither CRL nor OCSP tells whether the peer\'s certificate is revoked: accept it (relaxed, the default), refuse it if it names one (ifuri), refuse it (strict)', revocationChecks).optional(),
}

const policy = z.strictObject({
  name: shown('Name'),
  enabled: flag('Enabled'),
  state: useState,
  key: shown('Key').optional(),
  detail: shown('Detail'),
  peer: shown('Peer'),
  'local-id': shown('Local identity').optional(),
  'remote-id': shown('Remote identity').optional(),
  local: shownList('Networks here'),
  remote: shownList('Networks there'),
  ca: shownList('CA certificates'),
  ike: shownList('IKE proposals'),
  esp: shownList('ESP proposals'),
  lifetime: count('Lifetime (min)'),
  revocation: shownNames('Revocation check', revocationChecks),
})

export const ipsecList = command({
  name: 'ipsec list',
  summary: 'list the IPSec policies in their order',
  request: z.strictObject({}),
  reply: z.strictObject({ limit: count('Policy limit'), policies: z.array(policy) }),
  columns: { policies: ['name', 'enabled', 'state', 'key', 'peer', 'detail'] },
  examples: ['ipsec list'],
})

export const ipsecStatus = command({
  name: 'ipsec status',
  summary: 'show one IPSec policy and whether its tunnel is up',
  help: ['serving: an IKE_SA and a tunnel stand by the certificate of the key. no-key: put a key to the use ipsec:<policy> with keys assign. A tunnel that is down is tried again every 15 s.'],
  request: z.strictObject({ name }),
  reply: policy,
  positional: ['name'],
  errors: ['policy-not-found'],
  examples: ['ipsec status office'],
})

export const ipsecAdd = command({
  name: 'ipsec add',
  summary: 'add an IPSec policy at the end of the list',
  help: [
    'IKEv2 with certificates on both sides, ESP in tunnel mode; at most 10 policies. A new policy is off unless enabled is yes.',
    'A peer\'s certificate that is known to be revoked is refused, whatever revocation says. The lists are those registered with ca import, and those that the certificate names, like the OCSP responder, by http.',
    'Without ca no peer is trusted and no key can serve. The identity of this board is a name or an address that its certificate is for.',
  ],
  request: z.strictObject({ name, peer, ...items, enabled: yesOrNo('Enabled; default no').optional() }),
  reply: policy,
  positional: ['name', 'peer'],
  errors: ['policy-name-taken', 'policy-limit', 'use-cannot-serve'],
  examples: ['ipsec add office 192.0.2.2 remote-id=gateway.example.com local=10.1.0.0/24 remote=10.2.0.0/24 ca="CA 0123456789abcdef"'],
  idempotent: false,
})

export const ipsecEdit = command({
  name: 'ipsec edit',
  summary: 'change an IPSec policy',
  help: ['Only the fields given are changed; an empty one goes back to its default. What the IPSec daemon refuses is not stored. The tunnel moves to the new policy before the old one ends.'],
  request: z.strictObject({ name, peer: peer.optional(), ...items }),
  reply: policy,
  positional: ['name'],
  errors: ['policy-not-found', 'use-cannot-serve'],
  examples: ['ipsec edit office lifetime=120', 'ipsec edit office remote-id=""'],
})

export const ipsecRemove = command({
  name: 'ipsec remove',
  summary: 'remove an IPSec policy and end its tunnel',
  help: ['A key put to it stays in the store, and is taken from this use.'],
  request: z.strictObject({ name }),
  reply: z.strictObject({ name: shown('Name') }),
  positional: ['name'],
  errors: ['policy-not-found'],
  examples: ['ipsec remove office'],
  idempotent: false,
})

export const ipsecOrder = command({
  name: 'ipsec order',
  summary: 'move an IPSec policy to another place',
  help: ['Where two policies are for the same traffic, the first has it, for tunnels that are set up from then on.'],
  request: z.strictObject({ name, place: wholeNumber('Place, 1 is the first', 1, 10) }),
  reply: z.strictObject({ order: shownList('Order') }),
  positional: ['name', 'place'],
  errors: ['policy-not-found'],
  examples: ['ipsec order office 1'],
})

export const ipsecEnable = command({
  name: 'ipsec enable',
  summary: 'switch an IPSec policy on',
  help: ['With a key assigned the tunnel is brought up at once, and the reply says whether it came. What the IPSec daemon refuses stays off.'],
  request: z.strictObject({ name }),
  reply: policy,
  positional: ['name'],
  errors: ['policy-not-found', 'use-cannot-serve'],
  examples: ['ipsec enable office'],
})

export const ipsecDisable = command({
  name: 'ipsec disable',
  summary: 'switch an IPSec policy off and end its tunnel',
  help: ['Its key stays assigned.'],
  request: z.strictObject({ name }),
  reply: policy,
  positional: ['name'],
  errors: ['policy-not-found'],
  examples: ['ipsec disable office'],
})
