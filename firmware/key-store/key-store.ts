import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KeyUse } from '../../protocol/key-use.js'
import type { RandomBytes } from '../../protocol/random.js'
import { ensureDirectory } from '../platform/index.js'
import { caAdded, caCertificatesOf, caDropped, crlSet } from './ca-certificates.js'
import type { CaCertificate, KeyEntry, KeyId, Reservation, StoreLimits, StoreProblem } from './entries.js'
import { removeGeneration, writeCertificateCopy, writeGeneration } from './generation.js'
import { checkKeyHealth } from './key-health.js'
import { Ledger, type LedgerOptions } from './ledger.js'
import { checkNameFree, freeName, namesTaken } from './names.js'
import { storePaths, type StorePaths } from './paths.js'
import { isKeyId, type KeyIdentity, type NewEvent } from './record.js'
import { recover, type Recovered } from './recovery.js'
import { checkChain, checkName, checkNotDefault, checkNotInUse, checkNotKnown, checkRoom, findKey, findReadyKey } from './rules.js'
import { seal, unseal } from './sealing.js'
import { defaultKeyOf, entryOf, identitiesOf, identityOf, keyForUse } from './state.js'

export interface KeyStoreOptions extends LedgerOptions {
  /** Made when missing; its parent must exist. */
  readonly directory: string
  readonly random: RandomBytes
  readonly limits: StoreLimits
  /** Called at first boot, and again when the default key was found damaged. The chain is self-signed: one certificate, DER. */
  readonly makeDefaultKey: () => Promise<{ readonly privateKey: KeyObject; readonly chain: readonly Uint8Array[] }>
  /** File with the 32-byte store key, for example a systemd credential. Default: `store.key` in the directory, made at first boot. */
  readonly storeKey?: string
}

const defaultKeyName = 'Default Key'

/**
 * The keys of the board with their certificates and uses, and CA certificates (device.md section 6). One instance per
 * directory. What a call has done when its promise resolves outlives a power cut; what it was doing before is there
 * wholly or not at all. Calls that change something run one after the other.
 */
export class KeyStore {
  readonly #options: KeyStoreOptions
  readonly #paths: StorePaths
  readonly #release: () => Promise<void>
  readonly #store: Recovered
  readonly #ledger: Ledger
  readonly #reservations = new Map<KeyId, Reservation>()
  #queue: Promise<unknown> = Promise.resolve()
  #closed = false

  private constructor(options: KeyStoreOptions, paths: StorePaths, release: () => Promise<void>, store: Recovered) {
    this.#options = options
    this.#paths = paths
    this.#release = release
    this.#store = store
    this.#ledger = new Ledger(options, paths, store.journal, store.state)
  }

  /** @throws store-locked, store-damaged, disk-failed, weak-key (the default key) */
  static async open(options: KeyStoreOptions): Promise<KeyStore> {
    const { disk, directory, log } = options
    const paths = storePaths(directory, options.storeKey)
    await ensureDirectory(disk, directory)
    const release = await disk.lock(directory)
    try {
      const store = new KeyStore(options, paths, release, await recover(disk, paths, options.random))
      for (const { message, facts } of store.problems()) log.error(message, facts)
      if (defaultKeyOf(store.#store.state) === undefined) await store.#makeDefaultKey()
      return store
    } catch (error) {
      await release()
      throw error
    }
  }

  /** The default key first, then in the order of registration, then what is pending. */
  entries(): readonly KeyEntry[] {
    const { state } = this.#store
    return identitiesOf(state).map((key) => entryOf(state, key))
  }

  find(name: string): KeyEntry | undefined {
    return this.entries().find((entry) => entry.name === name)
  }

  /** @throws key-not-found */
  get(id: KeyId): KeyEntry {
    return entryOf(this.#store.state, findKey(this.#store.state, id))
  }

  /** The key that serves a use. TLS always has one: the default key when no other is assigned. */
  keyFor(use: KeyUse): KeyEntry | undefined {
    const id = keyForUse(this.#store.state, use)
    return id === undefined ? undefined : this.get(id)
  }

  /** Unsealed at each call: keep it no longer than it is needed. @throws key-not-found, store-damaged */
  privateKey(id: KeyId): KeyObject {
    const key = findKey(this.#store.state, id)
    return unseal(this.#store.sealed.get(id) ?? '', key, this.#store.storeKey)
  }

  /** Seals other short secrets of the board: what `derive` makes of the store key. @param derive keeps nothing of it */
  withStoreKey<Made>(derive: (storeKey: Uint8Array) => Made): Made {
    return derive(this.#store.storeKey.bytes)
  }

  /** What was found damaged at start and set aside. */
  problems(): readonly StoreProblem[] {
    return this.#store.problems
  }

  /**
   * The name for a new key: the wanted one where it is free, or becomes free by the exchange; else that with a number.
   * @param exchangeFor the key whose place the new one is to take
   */
  nameFor(wanted: string, exchangeFor?: KeyId): string {
    return freeName(wanted, namesTaken(this.#named(), exchangeFor))
  }

  /**
   * Takes a slot, so that the limit is known to hold before a key is generated. It costs no write: after a crash no
   * process is left that could use it, and the lock keeps others away meanwhile.
   * @param options.exchangeFor the key whose place the new one is to take: may use the one slot beyond the limit, and
   * may have its name. It has that name with a number until the old key is dropped; the same commit then renames it.
   * @throws store-full, key-name-taken, invalid-value, key-not-found, key-pending, default-key
   */
  reserve(name: string, options: { readonly exchangeFor?: KeyId } = {}): Promise<Reservation> {
    return this.#inTurn(() => {
      const { state } = this.#store
      const { exchangeFor } = options
      checkName(name)
      checkNameFree(name, namesTaken(this.#named(), exchangeFor))
      if (exchangeFor !== undefined) checkNotDefault(findReadyKey(state, exchangeFor))
      checkRoom(this.#options.limits, state, [...this.#reservations.values()], exchangeFor !== undefined)
      const own = freeName(name, namesTaken(this.#named()))
      const reservation = { id: this.#newId(), name: own, ...(exchangeFor === undefined ? {} : { exchangeFor }), ...(own === name ? {} : { takesName: name }) }
      this.#reservations.set(reservation.id, reservation)
      return Promise.resolve(reservation)
    })
  }

  /**
   * Keeps a key that has no certificate yet, before anything about it goes to a server. After an error the
   * reservation is still there, to be tried again or given up.
   * @throws weak-key (facts.weakness), disk-failed
   */
  put(reservation: Reservation, privateKey: KeyObject, options: { readonly transactionId?: string } = {}): Promise<KeyEntry> {
    return this.#inTurn(() => {
      if (!this.#reservations.has(reservation.id)) throw new TypeError(`the slot for ${reservation.name} is not reserved`)
      return this.#keep({ ...reservation, kind: 'issued', ...options }, privateKey)
    })
  }

  /**
   * Registers the certificate of a pending key, and with it in one commit: the use it is assigned to, and the key that
   * falls away for it.
   * @param options.chain DER, leaf first
   * @throws key-not-found, bad-response, certificate-not-for-our-key, key-in-use, key-pending, default-key, disk-failed
   */
  complete(id: KeyId, options: { readonly chain: readonly Uint8Array[]; readonly assign?: KeyUse; readonly replaces?: KeyId }): Promise<KeyEntry> {
    return this.#inTurn(() => this.#complete(id, options))
  }

  /**
   * Registers a key that comes with its certificates, in one commit. The limit and the name are checked before all else.
   * @param chain DER, leaf first
   * @throws store-full, key-name-taken, invalid-value, bad-response, certificate-not-for-our-key, key-known, weak-key, disk-failed
   */
  import(name: string, privateKey: KeyObject, chain: readonly Uint8Array[]): Promise<KeyEntry> {
    return this.#inTurn(async () => {
      const { state } = this.#store
      checkName(name)
      checkNameFree(name, namesTaken(this.#named()))
      checkRoom(this.#options.limits, state, [...this.#reservations.values()], false)
      const id = this.#newId()
      const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64')
      checkChain(chain, { id, name, publicKey })
      checkNotKnown(publicKey, state)
      try {
        await this.#keep({ id, name, kind: 'imported' }, privateKey)
        return await this.#complete(id, { chain })
      } catch (error) {
        await this.#forget(id)
        throw error
      }
    })
  }

  /** Gives up a reservation or a pending key; does nothing when it is gone already. @throws disk-failed */
  abandon(what: Reservation | KeyId): Promise<void> {
    return this.#inTurn(async () => {
      const id = typeof what === 'string' ? what : what.id
      if (this.#store.state.ready.has(id)) throw new TypeError(`the key ${id} has its certificate: delete it instead`)
      if (this.#reservations.has(id)) await removeGeneration(this.#options.disk, this.#paths.generations, id)
      if (this.#store.state.pending.has(id)) await this.#drop(id)
      this.#reservations.delete(id)
    })
  }

  /**
   * Gives a use to a key; the key that had it before loses it. `undefined` takes the use away, and TLS then goes back
   * to the default key.
   * @throws key-not-found, key-pending, disk-failed
   */
  assign(use: KeyUse, id: KeyId | undefined): Promise<void> {
    return this.#inTurn(async () => {
      if (id !== undefined) findReadyKey(this.#store.state, id)
      await this.#ledger.commit({ type: 'assign', use, ...(id === undefined ? {} : { id }) })
    })
  }

  /** @throws key-not-found, key-pending, default-key, key-in-use (facts.use, facts.uses), disk-failed */
  delete(id: KeyId): Promise<void> {
    return this.#inTurn(async () => {
      const key = findReadyKey(this.#store.state, id)
      checkNotDefault(key)
      checkNotInUse(this.#store.state, key)
      await this.#drop(id)
    })
  }

  caCertificates(): readonly CaCertificate[] {
    return caCertificatesOf(this.#store.state)
  }

  /** @throws ca-store-full, key-name-taken, invalid-value, bad-response, disk-failed */
  addCaCertificate(name: string, der: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#commit(caAdded(name, der, this.#options.limits, this.#store.state)))
  }

  /** Registers the list of revoked certificates of a CA. @throws what `crlSet` does, disk-failed */
  setCrl(name: string, der: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#commit(crlSet(name, der, this.#store.state)))
  }

  /** With its list of revoked certificates. @throws key-not-found, disk-failed */
  deleteCaCertificate(name: string): Promise<void> {
    return this.#inTurn(() => this.#commit(caDropped(name, this.#store.state)))
  }

  /** Waits for what is under way and gives up the lock. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue
    await this.#release()
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new TypeError('the key store is closed'))
    const result = this.#queue.then(run)
    this.#queue = result.catch(() => undefined)
    return result
  }

  #named(): readonly (KeyIdentity | Reservation)[] {
    return [...identitiesOf(this.#store.state), ...this.#reservations.values()]
  }

  async #makeDefaultKey(): Promise<void> {
    const { privateKey, chain } = await this.#options.makeDefaultKey()
    const id = this.#newId()
    await this.#keep({ id, name: defaultKeyName, kind: 'default' }, privateKey)
    await this.#complete(id, { chain })
  }

  async #keep(key: Omit<KeyIdentity, 'bits' | 'publicKey'>, privateKey: KeyObject): Promise<KeyEntry> {
    const { state, storeKey, sealed } = this.#store
    const publicKey = createPublicKey(privateKey)
    checkKeyHealth(publicKey, key.name, identitiesOf(state).map(publicKeyOf))
    const identity: KeyIdentity = {
      ...key,
      bits: publicKey.asymmetricKeyDetails?.modulusLength ?? 0,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    }
    const seals = seal(privateKey, identity, storeKey, this.#options.random)
    await removeGeneration(this.#options.disk, this.#paths.generations, key.id)
    await writeGeneration(this.#options.disk, this.#paths.generations, { type: 'key', key: identity, storeKey: storeKey.fingerprint, sealed: seals })
    sealed.set(key.id, seals)
    state.pending.set(key.id, identity)
    this.#reservations.delete(key.id)
    return this.get(key.id)
  }

  async #complete(id: KeyId, { chain, assign, replaces }: Parameters<KeyStore['complete']>[1]): Promise<KeyEntry> {
    const { state } = this.#store
    const key = findKey(state, id)
    if (state.ready.has(id)) throw new TypeError(`the key ${id} has its certificate already`)
    checkChain(chain, key)
    if (replaces !== undefined) {
      const old = findReadyKey(state, replaces)
      checkNotDefault(old)
      checkNotInUse(state, old, assign)
    }
    const event = await this.#ledger.commit({
      type: 'complete',
      key,
      chain: chain.map((der) => Buffer.from(der).toString('base64')),
      ...(assign === undefined ? {} : { assign }),
      ...(replaces === undefined ? {} : { replaces }),
    })
    await this.#ledger.afterCommit('copy the certificate', () => writeCertificateCopy(this.#options.disk, this.#paths.generations, id, event))
    if (replaces !== undefined) await this.#clear(replaces)
    return this.get(id)
  }

  /** What an import that failed left: on a disk that refuses that too, the next start does it. */
  async #forget(id: KeyId): Promise<void> {
    const { pending } = this.#store.state
    await (pending.has(id) ? this.#drop(id) : this.#clear(id)).catch(() => pending.delete(id))
  }

  async #commit(event: NewEvent): Promise<void> {
    await this.#ledger.commit(event)
  }

  async #drop(id: KeyId): Promise<void> {
    await this.#ledger.commit({ type: 'drop', id })
    await this.#clear(id)
  }

  #clear(id: KeyId): Promise<void> {
    this.#store.sealed.delete(id)
    return this.#ledger.clear(id)
  }

  #newId(): KeyId {
    for (;;) {
      const id = Buffer.from(this.#options.random(8)).toString('hex')
      if (isKeyId(id) && identityOf(this.#store.state, id) === undefined && !this.#store.state.dropped.has(id)) return id
    }
  }
}

function publicKeyOf({ publicKey }: KeyIdentity): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
}
