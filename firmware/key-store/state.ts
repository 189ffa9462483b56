/** What the store holds, as the outcome of its events. Pure: the disk is elsewhere. */
import type { KeyUse } from '../../protocol/key-use.js'
import type { KeyEntry, KeyId } from './entries.js'
import type { KeyIdentity, NewEvent, StoreEvent } from './record.js'

export interface ReadyKey {
  readonly key: KeyIdentity
  /** DER in base64, leaf first. */
  readonly chain: readonly string[]
}

/** Changed by `apply` only, and `pending` by whoever writes a generation's key file. */
export interface StoreState {
  readonly ready: Map<KeyId, ReadyKey>
  /** Not in the journal: a pending key is its generation directory. */
  readonly pending: Map<KeyId, KeyIdentity>
  /** Without the entry that says that TLS belongs to the default key: that is the rule. */
  readonly uses: Map<KeyUse, KeyId>
  /** DER in base64 by name. */
  readonly authorities: Map<string, string>
  /** Lists of revoked certificates, DER in base64, by the name of their CA. */
  readonly crls: Map<string, string>
  /** Generations that are gone, but whose directory may still be there. */
  readonly dropped: Set<KeyId>
}

export function emptyState(): StoreState {
  return { ready: new Map(), pending: new Map(), uses: new Map(), authorities: new Map(), crls: new Map(), dropped: new Set() }
}

/** An event about a generation that is gone, or that happened already, changes nothing. */
export function apply(state: StoreState, event: StoreEvent): void {
  switch (event.type) {
    case 'complete':
      if (state.ready.has(event.key.id) || state.dropped.has(event.key.id)) break
      state.pending.delete(event.key.id)
      state.ready.set(event.key.id, { key: event.key, chain: event.chain })
      if (event.key.exchangeFor !== undefined && !state.ready.has(event.key.exchangeFor)) takeName(state, event.key.id)
      if (event.assign !== undefined) assign(state, event.assign, event.key.id)
      if (event.replaces !== undefined) drop(state, event.replaces)
      break
    case 'assign':
      assign(state, event.use, event.id)
      break
    case 'drop':
      drop(state, event.id)
      break
    case 'ca-add':
      state.authorities.set(event.name, event.der)
      break
    case 'ca-crl':
      if (state.authorities.has(event.name)) state.crls.set(event.name, event.der)
      break
    case 'ca-drop':
      state.authorities.delete(event.name)
      state.crls.delete(event.name)
      break
  }
}

/** The fewest events that make this state from nothing. */
export function snapshot(state: StoreState): readonly NewEvent[] {
  return [
    ...[...state.dropped].map((id) => ({ type: 'drop', id }) as const),
    ...[...state.ready.values()].map(({ key, chain }) => ({ type: 'complete', key, chain }) as const),
    ...[...state.uses].map(([use, id]) => ({ type: 'assign', use, id }) as const),
    ...[...state.authorities].map(([name, der]) => ({ type: 'ca-add', name, der }) as const),
    ...[...state.crls].map(([name, der]) => ({ type: 'ca-crl', name, der }) as const),
  ]
}

export function defaultKeyOf(state: StoreState): KeyId | undefined {
  for (const [id, { key }] of state.ready) if (key.kind === 'default') return id
  return undefined
}

export function keyForUse(state: StoreState, use: KeyUse): KeyId | undefined {
  return state.uses.get(use) ?? (use === 'tls' ? defaultKeyOf(state) : undefined)
}

export function usesOf(state: StoreState, id: KeyId): readonly KeyUse[] {
  const assigned = [...state.uses].filter(([, user]) => user === id).map(([use]) => use)
  return keyForUse(state, 'tls') === id && !assigned.includes('tls') ? ['tls', ...assigned] : assigned
}

export function identityOf(state: StoreState, id: KeyId): KeyIdentity | undefined {
  return state.ready.get(id)?.key ?? state.pending.get(id)
}

/** The default key first, then by registration, then what is pending. */
export function identitiesOf(state: StoreState): readonly KeyIdentity[] {
  const ready = [...state.ready.values()].map(({ key }) => key)
  return [...ready.filter(({ kind }) => kind === 'default'), ...ready.filter(({ kind }) => kind !== 'default'), ...state.pending.values()]
}

export function entryOf(state: StoreState, { id, name, kind, bits, transactionId, exchangeFor }: KeyIdentity): KeyEntry {
  const ready = state.ready.get(id)
  return {
    id,
    name,
    kind,
    bits,
    state: ready === undefined ? 'pending' : 'ready',
    chain: (ready?.chain ?? []).map((der) => Uint8Array.from(Buffer.from(der, 'base64'))),
    uses: usesOf(state, id),
    ...(transactionId === undefined ? {} : { transactionId }),
    ...(exchangeFor === undefined || !state.ready.has(exchangeFor) ? {} : { exchangeFor }),
  }
}

function assign(state: StoreState, use: KeyUse, id: KeyId | undefined): void {
  if (id === undefined || (use === 'tls' && id === defaultKeyOf(state))) state.uses.delete(use)
  else if (state.ready.has(id)) state.uses.set(use, id)
}

function drop(state: StoreState, id: KeyId): void {
  state.ready.delete(id)
  state.pending.delete(id)
  state.dropped.add(id)
  for (const [use, user] of state.uses) if (user === id) state.uses.delete(use)
  for (const { key } of state.ready.values()) if (key.exchangeFor === id) takeName(state, key.id)
}

/** The exchange is over: the new key has the name that the old one had. */
function takeName(state: StoreState, id: KeyId): void {
  const ready = state.ready.get(id)
  if (ready?.key.takesName === undefined) return
  const { takesName: name, ...key } = ready.key
  state.ready.set(id, { ...ready, key: { ...key, name } })
}
