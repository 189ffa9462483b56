/**
 * Files that are whole after a power cut: the old content or the new, never a mixture. Works over any `Disk`.
 * The order is the point: content first, then its name, and the directory's sync is what makes the name last.
 */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { PlatenError } from '../../protocol/errors.js'
import type { Disk } from './ports.js'

/** Ends the name of a file that is still being written; after a crash such a file means nothing. */
const temporarySuffix = '.new'

/** Largest JSON file that `readJson` takes, bytes. */
const jsonLimit = 4 * 1024 * 1024

/** Makes a directory when it is missing, durably; its parent must be there. @throws disk-failed */
export async function ensureDirectory(disk: Disk, directory: string): Promise<void> {
  if (await disk.facts(directory) !== undefined) return
  await disk.makeDirectory(directory)
  await disk.syncDirectory(posix.dirname(directory))
}

/**
 * Puts `bytes` at `path`, replacing what was there, and returns when that outlives a power cut.
 * @throws disk-failed; then either the old or the new content is there
 */
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  await placeFile(disk, path, bytes)
  await disk.syncDirectory(posix.dirname(path))
}

/**
 * Like `replaceFile`, but the new name lasts only once the caller has synced the directory: for several files that
 * share one directory sync. The content is safe on return.
 * @throws disk-failed
 */
export async function placeFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = path + temporarySuffix
  if (await disk.facts(temporary) !== undefined) await disk.remove(temporary)
  await disk.create(temporary, bytes)
  await disk.syncFile(temporary)
  await disk.rename(temporary, path)
}

/**
 * Reads a file that may not be there yet.
 * @param limit largest size accepted, bytes
 * @returns undefined when nothing is there
 * @throws disk-failed
 */
export async function readIfThere(disk: Disk, path: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return await disk.facts(path) === undefined ? undefined : await disk.read(path, limit)
}

/** Removes what a crash left half written in a directory. Only the owner of the directory may call it. */
export async function removeStaleTemporaries(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory)) {
    if (name.endsWith(temporarySuffix)) await disk.remove(posix.join(directory, name))
  }
}

/** Puts a value at `path` as JSON with a checksum, as durably as `replaceFile`. @throws disk-failed */
export async function replaceJson(disk: Disk, path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value, undefined, 2)
  await replaceFile(disk, path, Buffer.from(`${text}\n${checksumLine(text)}\n`))
}

/**
 * Reads what `replaceJson` wrote. The shape of the value is the caller's to check.
 * @returns undefined when nothing is there
 * @throws store-damaged when the content is not what was written; disk-failed
 */
export async function readJson(disk: Disk, path: string): Promise<unknown> {
  const bytes = await readIfThere(disk, path, jsonLimit)
  if (bytes === undefined) return undefined
  const [, text = '', line] = /^([^]*)\n(sha256 [0-9a-f]{64})\n$/.exec(Buffer.from(bytes).toString('utf8')) ?? []
  if (line === undefined || line !== checksumLine(text)) {
    throw new PlatenError('store-damaged', `${path} is damaged: its checksum does not match`, {
      facts: { path },
      fix: `Restore ${path} from a backup, or move it away to go on without what it held.`,
    })
  }
  return JSON.parse(text)
}

function checksumLine(text: string): string {
  return `sha256 ${createHash('sha256').update(text).digest('hex')}`
}
