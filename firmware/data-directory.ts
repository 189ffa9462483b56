import { posix } from 'node:path'
import { PlatenError } from '../protocol/errors.js'
import type { Disk } from './platform/index.js'

/**
 * Makes the data directory when it is missing, and takes it for this process alone.
 * @returns a call that gives it up
 * @throws disk-failed, store-locked
 */
export async function openDataDirectory(disk: Disk, directory: string): Promise<() => Promise<void>> {
  const found = await disk.facts(directory)
  if (found?.kind === 'file') {
    throw new PlatenError('disk-failed', `the data directory ${directory} is a file`, { facts: { path: directory }, fix: 'Set data in the config to a directory; it is made when it is missing.' })
  }
  if (found === undefined) {
    await disk.makeDirectory(directory)
    await disk.syncDirectory(posix.dirname(directory))
  }
  return disk.lock(directory)
}
