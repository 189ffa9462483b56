import { applyEffect, type DiskImage, type Effect, type Entries, type FileBytes } from './disk-image.js'
import type { DiskOperation } from './memory-disk.js'

/** What of a disk is durable, and what only seems so, by the contract of the port `Disk`. */
export class UnsyncedChanges {
  readonly #durable: Map<number, FileBytes | Entries>
  #names: Effect[] = []
  readonly #contents = new Map<number, FileBytes>()

  /** @param start all of it durable */
  constructor(start: DiskImage) {
    this.#durable = new Map(start)
  }

  /** What was synced, with all directories: empty and reachable by nobody until they are linked. */
  get durable(): DiskImage {
    return this.#durable
  }

  /** What was done to names and not synced, in order. */
  get names(): readonly Effect[] {
    return this.#names
  }

  /** The newest content of each file whose content is not synced. */
  get contents(): ReadonlyMap<number, FileBytes> {
    return this.#contents
  }

  /** Takes in the next operation of the disk. */
  saw({ effects, syncs }: DiskOperation): void {
    for (const effect of effects) {
      if (effect.kind === 'content') this.#contents.set(effect.file, effect.bytes)
      else if (effect.kind === 'directory') applyEffect(this.#durable, effect)
      else this.#names.push(effect)
    }
    if (syncs?.kind === 'file') {
      const bytes = this.#contents.get(syncs.node)
      if (bytes !== undefined) this.#durable.set(syncs.node, bytes)
      this.#contents.delete(syncs.node)
    }
    if (syncs?.kind === 'directory') {
      for (const effect of this.#names) if (changes(effect, syncs.node)) applyEffect(this.#durable, effect)
      this.#names = this.#names.filter((effect) => !changes(effect, syncs.node))
    }
  }

  /**
   * What a power cut leaves: each unsynced change of a name is there or not, and of unsynced content all, nothing or
   * the beginning.
   * @param draw one whole number from `low` to `high`, both included
   */
  afterPowerCut(draw: (low: number, high: number) => number): DiskImage {
    const image = new Map(this.#durable)
    for (const effect of this.#names) if (draw(0, 1) === 1) applyEffect(image, effect)
    for (const [file, bytes] of this.#contents) {
      const fate = draw(0, 2)
      if (fate > 0) image.set(file, fate === 1 ? bytes : bytes.slice(0, draw(0, bytes.length)))
      else if (!image.has(file)) image.set(file, new Uint8Array())
    }
    return image
  }
}

/** A move between directories counts as lasting once its target has been synced. */
function changes(effect: Effect, directory: number): boolean {
  return effect.kind === 'move' ? effect.to === directory : (effect.kind === 'link' || effect.kind === 'unlink') && effect.directory === directory
}
