import { posix } from 'node:path'
import type { Disk, FileFacts } from '../../../firmware/platform/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { applyEffect, emptyImage, entriesOf, rootNode, type DiskImage, type Effect, type Entries, type FileBytes } from './disk-image.js'

/** One call that changed or synced something, in order. */
export interface DiskOperation {
  readonly call: string
  readonly path: string
  readonly effects: readonly Effect[]
  readonly syncs?: { readonly kind: 'file' | 'directory'; readonly node: number }
}

/**
 * A disk in memory that keeps the contract of the port. It outlives the boards that are started on it; whoever wants
 * to know what a power cut could leave is told of every operation.
 */
export class MemoryDisk implements Disk {
  readonly #nodes: Map<number, FileBytes | Entries>
  readonly #onOperation: (operation: DiskOperation) => void
  #nextNode: number
  readonly #locked = new Set<string>()

  /** @param start what is on the disk already, all of it durable */
  constructor(start: DiskImage = emptyImage, onOperation: (operation: DiskOperation) => void = () => undefined) {
    this.#nodes = new Map(start)
    this.#onOperation = onOperation
    this.#nextNode = Math.max(...start.keys()) + 1
  }

  /** The disk as a reader sees it now, whether synced or not. */
  image(): DiskImage {
    return new Map(this.#nodes)
  }

  /** Locks end with the process that holds them: call it when the board's power goes. */
  releaseLocks(): void {
    this.#locked.clear()
  }

  read(path: string, limit: number): Promise<FileBytes> {
    return attempt(() => {
      const bytes = this.#file('read', path)
      if (bytes.length > limit) throw diskFailed('read', path, 'EFBIG')
      return bytes.slice()
    })
  }

  list(path: string): Promise<readonly string[]> {
    return attempt(() => [...this.#directory('list', path)[1].keys()].sort())
  }

  facts(path: string): Promise<FileFacts | undefined> {
    return attempt(() => {
      const node = this.#find(path)
      const found = node === undefined ? undefined : this.#nodes.get(node)
      if (found === undefined) return undefined
      return found instanceof Uint8Array ? { kind: 'file', size: found.length } : { kind: 'directory', size: 0 }
    })
  }

  create(path: string, bytes: Uint8Array): Promise<void> {
    return attempt(() => {
      const node = this.#nextNode++
      this.#make('create', path, node, { kind: 'content', file: node, bytes: Uint8Array.from(bytes) })
    })
  }

  makeDirectory(path: string): Promise<void> {
    return attempt(() => {
      const node = this.#nextNode++
      this.#make('makeDirectory', path, node, { kind: 'directory', node })
    })
  }

  append(path: string, bytes: Uint8Array): Promise<void> {
    return attempt(() => {
      const before = this.#file('append', path)
      const after = new Uint8Array(before.length + bytes.length)
      after.set(before)
      after.set(bytes, before.length)
      this.#record('append', path, [{ kind: 'content', file: this.#node('append', path), bytes: after }])
    })
  }

  truncate(path: string, size: number): Promise<void> {
    return attempt(() => {
      const bytes = new Uint8Array(size)
      bytes.set(this.#file('truncate', path).subarray(0, size))
      this.#record('truncate', path, [{ kind: 'content', file: this.#node('truncate', path), bytes }])
    })
  }

  syncFile(path: string): Promise<void> {
    return attempt(() => {
      this.#file('syncFile', path)
      this.#onOperation({ call: 'syncFile', path, effects: [], syncs: { kind: 'file', node: this.#node('syncFile', path) } })
    })
  }

  syncDirectory(path: string): Promise<void> {
    return attempt(() => {
      const [node] = this.#directory('syncDirectory', path)
      this.#onOperation({ call: 'syncDirectory', path, effects: [], syncs: { kind: 'directory', node } })
    })
  }

  rename(from: string, to: string): Promise<void> {
    return attempt(() => {
      const [fromDirectory, toDirectory] = [this.#parent('rename', from)[0], this.#parent('rename', to)[0]]
      const [node, target] = [this.#find(from), this.#find(to)]
      if (node === undefined) throw diskFailed('rename', from, 'ENOENT')
      if (target !== undefined && entriesOf(this.#nodes, target) !== undefined) throw diskFailed('rename', to, 'EISDIR')
      this.#record('rename', to, [{ kind: 'move', from: fromDirectory, fromName: posix.basename(from), to: toDirectory, toName: posix.basename(to), node }])
    })
  }

  remove(path: string): Promise<void> {
    return attempt(() => {
      const node = this.#find(path)
      if (node === undefined) throw diskFailed('remove', path, 'ENOENT')
      if ((entriesOf(this.#nodes, node)?.size ?? 0) > 0) throw diskFailed('remove', path, 'ENOTEMPTY')
      this.#record('remove', path, [{ kind: 'unlink', directory: this.#parent('remove', path)[0], name: posix.basename(path), node }])
    })
  }

  lock(directory: string): Promise<() => Promise<void>> {
    return attempt(() => {
      this.#directory('lock', directory)
      const path = posix.resolve('/', directory)
      if (this.#locked.has(path)) throw new PlatenError('store-locked', `${directory} is in use by another process`, { facts: { path } })
      this.#locked.add(path)
      return () => attempt(() => void this.#locked.delete(path))
    })
  }

  #make(call: string, path: string, node: number, content: Effect): void {
    const [directory, entries] = this.#parent(call, path)
    const name = posix.basename(path)
    if (entries.has(name)) throw diskFailed(call, path, 'EEXIST')
    this.#record(call, path, [content, { kind: 'link', directory, name, node }])
  }

  #record(call: string, path: string, effects: readonly Effect[]): void {
    for (const effect of effects) applyEffect(this.#nodes, effect)
    this.#onOperation({ call, path, effects })
  }

  #find(path: string): number | undefined {
    let node: number | undefined = rootNode
    for (const name of posix.resolve('/', path).split('/').filter((part) => part !== '')) {
      node = entriesOf(this.#nodes, node)?.get(name)
      if (node === undefined) return undefined
    }
    return node
  }

  #node(call: string, path: string): number {
    const node = this.#find(path)
    if (node === undefined) throw diskFailed(call, path, 'ENOENT')
    return node
  }

  #file(call: string, path: string): FileBytes {
    const found = this.#nodes.get(this.#node(call, path))
    if (found === undefined) throw diskFailed(call, path, 'ENOENT')
    if (!(found instanceof Uint8Array)) throw diskFailed(call, path, 'EISDIR')
    return found
  }

  #directory(call: string, path: string): readonly [number, Entries] {
    const node = this.#node(call, path)
    const entries = entriesOf(this.#nodes, node)
    if (entries === undefined) throw diskFailed(call, path, 'ENOTDIR')
    return [node, entries]
  }

  #parent(call: string, path: string): readonly [number, Entries] {
    return this.#directory(call, posix.dirname(posix.resolve('/', path)))
  }
}

function diskFailed(call: string, path: string, errno: string): PlatenError {
  return new PlatenError('disk-failed', `${call} ${path}: ${errno}`, { facts: { path, errno } })
}

/** Runs at once, so that operations are recorded in the order of their calls. */
function attempt<Result>(run: () => Result): Promise<Result> {
  return new Promise((resolve) => resolve(run()))
}
