/**
 * The directory of one generation: `key` with the sealed private key and all that is known of it, and `certificate`,
 * a copy of its record in the journal. So each directory can be understood alone when the journal is lost.
 */
import { posix } from 'node:path'
import { placeFile, readIfThere, type Disk } from '../platform/index.js'
import type { KeyId } from './entries.js'
import { readCompleteLine, readKeyLine, writeLine, type CompleteEvent, type KeyFile, type StoreEvent } from './record.js'

const fileLimit = 1024 * 1024
const keyName = 'key'
const certificateName = 'certificate'

export interface FoundGeneration {
  readonly id: KeyId
  readonly key: KeyFile | 'damaged' | 'missing'
  readonly certificate: CompleteEvent | 'damaged' | 'missing'
}

/** @param generations the directory that holds the directory of each generation */
export async function readGeneration(disk: Disk, generations: string, id: KeyId): Promise<FoundGeneration> {
  const directory = posix.join(generations, id)
  const [keyBytes, certificateBytes] = [
    await readIfThere(disk, posix.join(directory, keyName), fileLimit),
    await readIfThere(disk, posix.join(directory, certificateName), fileLimit),
  ]
  const key = keyBytes === undefined ? 'missing' : readKeyLine(keyBytes) ?? 'damaged'
  const certificate = certificateBytes === undefined ? 'missing' : readCompleteLine(certificateBytes) ?? 'damaged'
  // A directory that was copied or renamed by hand is not what its name says.
  const named = <Found extends KeyFile | CompleteEvent>(found: Found | 'damaged' | 'missing'): Found | 'damaged' | 'missing' =>
    typeof found === 'object' && found.key.id !== id ? 'damaged' : found
  return { id, key: named(key), certificate: named(certificate) }
}

/** Makes the directory with its key; when it returns, both outlive a power cut. @throws disk-failed */
export async function writeGeneration(disk: Disk, generations: string, file: KeyFile): Promise<void> {
  const directory = posix.join(generations, file.key.id)
  await disk.makeDirectory(directory)
  await placeFile(disk, posix.join(directory, keyName), writeLine(file))
  await disk.syncDirectory(directory)
  await disk.syncDirectory(generations)
}

/** Not synced: the journal is the commit, and the next start repairs a copy that got lost. @throws disk-failed */
export async function writeCertificateCopy(disk: Disk, generations: string, id: KeyId, event: StoreEvent): Promise<void> {
  const path = posix.join(generations, id, certificateName)
  if (await disk.facts(path) !== undefined) await disk.remove(path)
  await disk.create(path, writeLine(event))
}

/** Not synced: the journal, or the missing key file, tells the next start that this directory is to go. @throws disk-failed */
export async function removeGeneration(disk: Disk, generations: string, id: KeyId): Promise<void> {
  const directory = posix.join(generations, id)
  if (await disk.facts(directory) === undefined) return
  for (const name of await disk.list(directory)) await disk.remove(posix.join(directory, name))
  await disk.remove(directory)
}
