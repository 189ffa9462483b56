/**
 * What happens at every start. Without damage: the journal is read, what a power cut left over is removed, and nothing
 * is written. With damage: what can be proved stays, the rest is moved to `quarantine`, never deleted.
 */
import { posix } from 'node:path'
import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { removeStaleTemporaries, takesNothingNew, type Disk } from '../platform/index.js'
import type { KeyId, StoreProblem } from './entries.js'
import { readGeneration, removeGeneration, writeCertificateCopy, type FoundGeneration } from './generation.js'
import { Journal, readJournal, type JournalContent } from './journal.js'
import type { StorePaths } from './paths.js'
import { isKeyId, type CompleteEvent } from './record.js'
import { makeStoreKey, readStoreKey, type StoreKey } from './sealing.js'
import { apply, emptyState, snapshot, type StoreState } from './state.js'

export interface Recovered {
  readonly state: StoreState
  readonly journal: Journal
  readonly storeKey: StoreKey
  /** Sealed private keys by generation. */
  readonly sealed: Map<KeyId, string>
  readonly problems: readonly StoreProblem[]
}

/** @throws store-damaged, disk-failed */
export async function recover(disk: Disk, paths: StorePaths, random: RandomBytes): Promise<Recovered> {
  const full = await prepare(disk, paths)
  const content = await readJournal(disk, paths.journal)
  const found = await readGenerations(disk, paths, content)
  const storeKey = await openStoreKey(disk, paths, random, content, found)
  const recovery = new Recovery(disk, paths, storeKey)
  if (full !== undefined) recovery.tell(full)
  recovery.replay(content, found)
  for (const generation of found) await recovery.settle(generation)
  recovery.dropWithoutDirectory(found)
  if (content.condition === 'damaged') await recovery.keepCopyOfJournal(content)
  const journal = new Journal(disk, paths.directory, paths.journal, content, storeKey.fingerprint)
  if (recovery.changed || content.condition !== 'whole') {
    const putRight = async (): Promise<void> => {
      await forgetRemoved(disk, paths.generations, recovery.state)
      await journal.rewrite(snapshot(recovery.state))
    }
    await whereThereIsSpace(putRight, () => journal.rewriteFirst(() => snapshot(recovery.state)))
  }
  return { state: recovery.state, journal, storeKey, sealed: recovery.sealed, problems: recovery.problems }
}

/** Before a journal is written that does not mention a dropped generation, its directory must be gone for good. @throws disk-failed */
export async function forgetRemoved(disk: Disk, generations: string, state: StoreState): Promise<void> {
  await disk.syncDirectory(generations)
  const left = new Set<string>(await disk.list(generations))
  for (const id of state.dropped) if (!left.has(id)) state.dropped.delete(id)
}

/**
 * A board that could not keep a new key should say so at start, not at the end of its first request. A full disk is no
 * reason not to start: the keys that are there serve. @returns what the disk says then
 */
async function prepare(disk: Disk, paths: StorePaths): Promise<PlatenError | undefined> {
  try {
    await removeStaleTemporaries(disk, paths.directory)
    await disk.create(paths.probe, new Uint8Array())
    await disk.remove(paths.probe)
    return undefined
  } catch (error) {
    if (error instanceof PlatenError && takesNothingNew(error)) return error
    throw error
  }
}

/** @param otherwise what is done instead while the disk takes nothing new */
async function whereThereIsSpace(write: () => Promise<void>, otherwise: () => void): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!takesNothingNew(error)) throw error
    otherwise()
  }
}

async function readGenerations(disk: Disk, paths: StorePaths, content: JournalContent): Promise<readonly FoundGeneration[]> {
  if (await disk.facts(paths.generations) === undefined) {
    if (content.events.some(({ type }) => type === 'complete')) {
      throw new PlatenError('store-damaged', `the directory of the keys, ${paths.generations}, is missing`, {
        facts: { path: paths.generations },
        fix: `Restore it from a backup; to begin anew, move the whole directory ${paths.directory} away.`,
      })
    }
    await disk.makeDirectory(paths.generations)
    await disk.syncDirectory(paths.directory)
    return []
  }
  const found: FoundGeneration[] = []
  for (const name of await disk.list(paths.generations)) {
    if (isKeyId(name)) found.push(await readGeneration(disk, paths.generations, name))
  }
  return found
}

/** A new store key is made only when there is nothing that an old one could have sealed. */
async function openStoreKey(disk: Disk, paths: StorePaths, random: RandomBytes, content: JournalContent, found: readonly FoundGeneration[]): Promise<StoreKey> {
  const stated = found.flatMap(({ key }) => (typeof key === 'object' ? [key.storeKey] : []))
  if (content.storeKey !== undefined) stated.push(content.storeKey)
  const storeKey = await readStoreKey(disk, paths.storeKey)
  const keysExist = stated.length > 0 || found.some(({ key }) => key !== 'missing') || content.events.some(({ type }) => type === 'complete')
  if (storeKey === undefined && !keysExist && paths.ownStoreKey) return makeStoreKey(disk, paths.storeKey, random)
  if (storeKey !== undefined && (stated.length === 0 || stated.includes(storeKey.fingerprint))) return storeKey
  const fault = storeKey === undefined ? 'is missing' : 'is not the one that sealed the keys in this store'
  throw new PlatenError('store-damaged', `the store key ${paths.storeKey} ${fault}`, {
    facts: { path: paths.storeKey },
    fix: `Restore ${paths.storeKey} from a backup: without it the private keys cannot be read. To begin anew, move the whole directory ${paths.directory} away.`,
  })
}

class Recovery {
  readonly state = emptyState()
  readonly sealed = new Map<KeyId, string>()
  readonly problems: StoreProblem[] = []
  changed = false
  readonly #disk: Disk
  readonly #paths: StorePaths
  readonly #storeKey: StoreKey

  constructor(disk: Disk, paths: StorePaths, storeKey: StoreKey) {
    this.#disk = disk
    this.#paths = paths
    this.#storeKey = storeKey
  }

  /** Applies the journal; where it lost the record of a certificate, the copy beside the key stands in, in its place. */
  replay(content: JournalContent, found: readonly FoundGeneration[]): void {
    const known = new Set(content.events.flatMap((event) => (event.type === 'complete' ? [event.key.id] : event.type === 'drop' ? [event.id] : [])))
    const copies = found.flatMap(({ certificate }) => (typeof certificate === 'object' && !known.has(certificate.key.id) ? [certificate] : []))
    for (const event of [...content.events, ...copies].sort((a, b) => a.sequence - b.sequence)) apply(this.state, event)
    const lost = copies.length > 0 || content.condition === 'damaged' || (content.condition === 'missing' && found.length > 0)
    if (!lost) return
    this.changed = true
    this.#report(`the index ${this.#paths.journal} had lost records; it was rebuilt from ${content.events.length} records and ${copies.length} copies. Check the uses of the keys and the CA certificates.`, { path: this.#paths.journal })
  }

  /** Decides on one directory: it is in use, waits for its certificate, is a leftover, or is damaged. */
  async settle({ id, key, certificate }: FoundGeneration): Promise<void> {
    const { state } = this
    const ready = state.ready.get(id)
    if (state.dropped.has(id)) return this.#clear(id)
    if (typeof key === 'object' && key.storeKey === this.#storeKey.fingerprint && (ready === undefined || ready.key.publicKey === key.key.publicKey)) {
      // Only a request waits for its certificate: a first boot or an import did not get to its end.
      if (ready === undefined && key.key.kind !== 'issued') return this.#clear(id)
      this.sealed.set(id, key.sealed)
      if (ready === undefined) state.pending.set(id, key.key)
      else if (typeof certificate !== 'object') await this.#repairCopy({ type: 'complete', sequence: 0, key: ready.key, chain: ready.chain })
      return
    }
    if (ready === undefined && key === 'missing' && certificate === 'missing') return this.#clear(id)
    await this.#quarantine(id, ready?.key.name ?? 'unknown')
  }

  /** A key in the index whose directory is gone altogether. */
  dropWithoutDirectory(found: readonly FoundGeneration[]): void {
    const there = new Set(found.map(({ id }) => id))
    for (const [id, { key }] of this.state.ready) {
      if (there.has(id)) continue
      this.#drop(id)
      this.#report(`the key ${JSON.stringify(key.name)} is gone: its directory is missing. Its uses went back.`, { id, name: key.name })
    }
  }

  tell({ message, facts }: PlatenError): void {
    this.#report(`${message}; no key can be kept until the disk takes something again.`, { path: String(facts['path'] ?? this.#paths.directory) })
  }

  async keepCopyOfJournal(content: JournalContent): Promise<void> {
    const place = await this.#placeInQuarantine('index')
    await this.#disk.create(place, content.bytes)
    await this.#disk.syncFile(place)
    await this.#disk.syncDirectory(this.#paths.quarantine)
  }

  /** Left over from a power cut; if the removal fails or gets lost, the next start comes by here again. */
  async #clear(id: KeyId): Promise<void> {
    this.state.dropped.add(id)
    await removeGeneration(this.#disk, this.#paths.generations, id).catch(() => undefined)
  }

  async #repairCopy(event: CompleteEvent): Promise<void> {
    // A start that finds space makes it; until then the journal alone has the certificate.
    await whereThereIsSpace(() => writeCertificateCopy(this.#disk, this.#paths.generations, event.key.id, event), () => undefined)
  }

  async #quarantine(id: KeyId, name: string): Promise<void> {
    const place = await this.#placeInQuarantine(id)
    await this.#disk.rename(posix.join(this.#paths.generations, id), place)
    await this.#disk.syncDirectory(this.#paths.quarantine)
    this.#drop(id)
    this.#report(`the key ${JSON.stringify(name)} is damaged and was moved to ${place}. Its uses went back.`, { id, name, path: place })
  }

  async #placeInQuarantine(name: string): Promise<string> {
    if (await this.#disk.facts(this.#paths.quarantine) === undefined) {
      await this.#disk.makeDirectory(this.#paths.quarantine)
      await this.#disk.syncDirectory(this.#paths.directory)
    }
    const taken = await this.#disk.list(this.#paths.quarantine)
    const count = taken.filter((other) => other.startsWith(`${name}-`)).length + 1
    return posix.join(this.#paths.quarantine, `${name}-${count}`)
  }

  #drop(id: KeyId): void {
    apply(this.state, { type: 'drop', sequence: 0, id })
    this.changed = true
  }

  #report(message: string, facts: StoreProblem['facts']): void {
    this.problems.push({ message, facts })
  }
}
