import type { KeyObject } from 'node:crypto'
import type { KeyUse } from '../../protocol/key-use.js'
import type { RandomBytes } from '../../protocol/random.js'
import type { Disk, Log } from '../platform/index.js'
import type { CaCertificate, KeyEntry, KeyId, Reservation, StoreLimits, StoreProblem } from './entries.js'

export interface KeyStoreOptions {
  readonly disk: Disk
  /** Made when missing; its parent must exist. */
  readonly directory: string
  readonly random: RandomBytes
  readonly limits: StoreLimits
  /** Called at first boot, and again when the default key was found damaged. The chain is self-signed: one certificate, DER. */
  readonly makeDefaultKey: () => Promise<{ readonly privateKey: KeyObject; readonly chain: readonly Uint8Array[] }>
  readonly log: Log
  /** File with the 32-byte store key, for example a systemd credential. Default: `store.key` in the directory, made at first boot. */
  readonly storeKey?: string
}

/** Being written: the calls and their types stand. */
export abstract class KeyStore {
  /** @throws store-locked, store-damaged, disk-failed */
  static open(options: KeyStoreOptions): Promise<KeyStore> {
    return Promise.reject(new TypeError(`${options.directory}: the key store is not written yet`))
  }

  /** The default key first, then in the order of registration. */
  abstract entries(): readonly KeyEntry[]
  abstract find(name: string): KeyEntry | undefined
  /** @throws key-not-found */
  abstract get(id: KeyId): KeyEntry
  /** The key that serves a use. TLS always has one: the default key when no other is assigned. */
  abstract keyFor(use: KeyUse): KeyEntry | undefined
  /** @throws key-not-found, store-damaged */
  abstract privateKey(id: KeyId): KeyObject
  /** What was found damaged at start and set aside. */
  abstract problems(): readonly StoreProblem[]
  /** @throws store-full, key-name-taken, invalid-value, key-not-found, default-key */
  abstract reserve(name: string, options?: { readonly exchangeFor?: KeyId }): Promise<Reservation>
  /** @throws weak-key, disk-failed */
  abstract put(reservation: Reservation, privateKey: KeyObject, options?: { readonly transactionId?: string }): Promise<KeyEntry>
  /** @throws key-not-found, certificate-not-for-our-key, bad-response, key-in-use, default-key, disk-failed */
  abstract complete(id: KeyId, options: { readonly chain: readonly Uint8Array[]; readonly assign?: KeyUse; readonly replaces?: KeyId }): Promise<KeyEntry>
  /** Gives up a reservation or a pending key; does nothing when it is gone already. @throws disk-failed */
  abstract abandon(what: Reservation | KeyId): Promise<void>
  /** `undefined` takes the use away; TLS then goes back to the default key. @throws key-not-found, key-pending, disk-failed */
  abstract assign(use: KeyUse, id: KeyId | undefined): Promise<void>
  /** @throws key-not-found, default-key, key-in-use (facts.use), key-pending, disk-failed */
  abstract delete(id: KeyId): Promise<void>
  abstract caCertificates(): readonly CaCertificate[]
  /** @throws ca-store-full, key-name-taken, invalid-value, disk-failed */
  abstract addCaCertificate(name: string, der: Uint8Array): Promise<void>
  /** @throws key-not-found, disk-failed */
  abstract deleteCaCertificate(name: string): Promise<void>
  /** Waits for what is under way and gives up the lock. */
  abstract close(): Promise<void>
}
