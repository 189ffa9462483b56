/** A file system as data: nodes by number, copied on write, so that one image can branch into thousands. */

export type FileBytes = Uint8Array<ArrayBuffer>
export type Entries = ReadonlyMap<string, number>
export type DiskImage = ReadonlyMap<number, FileBytes | Entries>

/** The node of `/`. */
export const rootNode = 0

export const emptyImage: DiskImage = new Map([[rootNode, new Map<string, number>()]])

/** What an operation did to names or to the content of one file. Content is whole, before and after. */
export type Effect =
  | { readonly kind: 'link'; readonly directory: number; readonly name: string; readonly node: number }
  | { readonly kind: 'unlink'; readonly directory: number; readonly name: string; readonly node: number }
  | { readonly kind: 'move'; readonly from: number; readonly fromName: string; readonly to: number; readonly toName: string; readonly node: number }
  | { readonly kind: 'content'; readonly file: number; readonly bytes: FileBytes }
  | { readonly kind: 'directory'; readonly node: number }

/** Applies an effect to an image that the caller owns; directories are copied before they change. */
export function applyEffect(image: Map<number, FileBytes | Entries>, effect: Effect): void {
  switch (effect.kind) {
    case 'link':
      changeEntries(image, effect.directory, (entries) => entries.set(effect.name, effect.node))
      break
    case 'unlink':
      changeEntries(image, effect.directory, (entries) => removeEntry(entries, effect.name, effect.node))
      break
    case 'move':
      changeEntries(image, effect.from, (entries) => removeEntry(entries, effect.fromName, effect.node))
      changeEntries(image, effect.to, (entries) => entries.set(effect.toName, effect.node))
      break
    case 'content':
      image.set(effect.file, effect.bytes)
      break
    case 'directory':
      if (!image.has(effect.node)) image.set(effect.node, new Map())
      break
  }
}

export function entriesOf(image: DiskImage, node: number): Entries | undefined {
  const found = image.get(node)
  return found instanceof Map ? found : undefined
}

/** The files of an image by path, for a sweep over every one of them. */
export function filesOf(image: DiskImage, node = rootNode, path = ''): ReadonlyMap<string, FileBytes> {
  const files = new Map<string, FileBytes>()
  for (const [name, child] of entriesOf(image, node) ?? []) {
    const found = image.get(child)
    if (found instanceof Uint8Array) files.set(`${path}/${name}`, found)
    else for (const [inner, bytes] of filesOf(image, child, `${path}/${name}`)) files.set(inner, bytes)
  }
  return files
}

function changeEntries(image: Map<number, FileBytes | Entries>, directory: number, change: (entries: Map<string, number>) => void): void {
  const entries = new Map(entriesOf(image, directory))
  change(entries)
  image.set(directory, entries)
}

/** A lost rename or creation may have left another node under the name; that one stays. */
function removeEntry(entries: Map<string, number>, name: string, node: number): void {
  if (entries.get(name) === node) entries.delete(name)
}
