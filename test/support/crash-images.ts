import { UnsyncedChanges } from '../../rig/boards/virtual/index.js'
import { applyEffect, entriesOf, type DiskImage, type Effect, type FileBytes } from './disk-image.js'
import type { RecordingDisk } from './recording-disk.js'

/**
 * Every state that a power cut right after the first `prefix` operations could leave, by the contract of the port:
 * each unsynced change of a name kept or lost, in every combination, and of each file with unsynced content the old
 * content, the new, beginnings of the new, and blocks of zeros where the new should be.
 */
export function* crashImages(disk: RecordingDisk, prefix: number): Generator<DiskImage> {
  const { durable, names, contents } = pendingAfter(disk, prefix)
  const files = [...contents]
  for (let kept = 0; kept < 2 ** names.length; kept += 1) {
    const image = new Map(durable)
    for (const [index, effect] of names.entries()) if ((kept & (1 << index)) !== 0) applyEffect(image, effect)
    yield* withContents(image, files)
  }
}

interface Pending {
  readonly durable: DiskImage
  readonly names: readonly Effect[]
  readonly contents: ReadonlyMap<number, readonly FileBytes[]>
}

function pendingAfter(disk: RecordingDisk, prefix: number): Pending {
  const unsynced = new UnsyncedChanges(disk.start)
  for (const operation of disk.operations.slice(0, prefix)) unsynced.saw(operation)
  const { durable, names, contents } = unsynced
  return { durable, names, contents: new Map([...contents].map(([node, bytes]) => [node, variants(contentOf(durable, node), bytes)])) }
}

function contentOf(image: DiskImage, node: number): FileBytes {
  const found = image.get(node)
  return found instanceof Uint8Array ? found : nothing
}

/** Made once for each content, so that equal states share the same bytes. */
const made = new WeakMap<FileBytes, { readonly before: FileBytes; readonly variants: readonly FileBytes[] }>()
const nothing: FileBytes = new Uint8Array()

function variants(before: FileBytes, after: FileBytes): readonly FileBytes[] {
  const found = made.get(after)
  if (found?.before === before) return found.variants
  const list = variantsOf(before, after)
  made.set(after, { before, variants: list })
  return list
}

/** What may be found of a file whose content went from `before` to `after` without a sync. */
function variantsOf(before: FileBytes, after: FileBytes): readonly FileBytes[] {
  if (after.length <= before.length) return [before, after]
  const grown = after.length - before.length
  const cuts = [...new Set([1, grown >> 2, grown >> 1, grown - 1])].filter((cut) => cut > 0 && cut < grown)
  const zeroed = (from: number): FileBytes => after.map((byte, index) => (index < before.length + from ? byte : 0))
  return [before, after, ...cuts.map((cut) => after.subarray(0, before.length + cut)), zeroed(0), zeroed(grown >> 1)]
}

function* withContents(image: DiskImage, files: readonly (readonly [number, readonly FileBytes[]])[]): Generator<DiskImage> {
  const [first, ...rest] = files
  if (first === undefined) {
    yield image
    return
  }
  for (const bytes of first[1]) yield* withContents(new Map(image).set(first[0], bytes), rest)
}

/** For a report: the names in an image, with the sizes of the files. */
export function describeImage(image: DiskImage, node = 0, path = ''): readonly string[] {
  return [...entriesOf(image, node) ?? []].flatMap(([name, child]) => {
    const found = image.get(child)
    return found instanceof Uint8Array ? [`${path}/${name} ${found.length}`] : [`${path}/${name}/`, ...describeImage(image, child, `${path}/${name}`)]
  })
}
