import { posix } from 'node:path'

/** Where the store keeps what. */
export interface StorePaths {
  readonly directory: string
  readonly journal: string
  readonly generations: string
  readonly quarantine: string
  /** Made and removed at each start; its name is that of a temporary. */
  readonly probe: string
  readonly storeKey: string
  /** Whether the store makes its store key, or is given one from outside. */
  readonly ownStoreKey: boolean
}

export function storePaths(directory: string, storeKey: string | undefined): StorePaths {
  return {
    directory,
    journal: posix.join(directory, 'index.journal'),
    generations: posix.join(directory, 'generations'),
    quarantine: posix.join(directory, 'quarantine'),
    probe: posix.join(directory, 'probe.new'),
    storeKey: storeKey ?? posix.join(directory, 'store.key'),
    ownStoreKey: storeKey === undefined,
  }
}
