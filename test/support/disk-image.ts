/** The file system as data that the rig's disk in memory is made of, for tests that branch, damage or compare it. */
export { applyEffect, emptyImage, entriesOf, filesOf, rootNode } from '../../rig/boards/virtual/index.js'
export type { DiskImage, Effect, Entries, FileBytes } from '../../rig/boards/virtual/index.js'
