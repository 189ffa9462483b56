import type { SharedFiles } from '../../rig/platform/index.js'

/** Shared files in memory. @param turn comes before each operation, so that a test decides who goes first */
export function sharedMemory(turn: () => Promise<unknown> = () => Promise.resolve()): SharedFiles & { readonly content: Map<string, string> } {
  const content = new Map<string, string>()
  return {
    content,
    makeDirectory: () => Promise.resolve(),
    async names(directory) {
      await turn()
      return [...content.keys()].map((path) => path.slice(directory.length + 1)).sort()
    },
    async read(path) {
      await turn()
      return content.get(path)
    },
    async create(path, text) {
      await turn()
      if (content.has(path)) return false
      content.set(path, text)
      return true
    },
    async replace(path, text) {
      await turn()
      content.set(path, text)
    },
    async remove(path) {
      await turn()
      content.delete(path)
    },
  }
}
