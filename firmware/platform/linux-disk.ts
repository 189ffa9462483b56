import { constants, type BigIntStats } from 'node:fs'
import { mkdir, open, readdir, rename, rmdir, stat, truncate, unlink, type FileHandle } from 'node:fs/promises'
import { createServer } from 'node:net'
import { PlatenError } from '../../protocol/errors.js'
import { attempt, diskFailed, errnoOf } from './disk-failure.js'
import type { Disk, FileFacts } from './ports.js'

/** The `Disk` port on a Linux file system. */
export class LinuxDisk implements Disk {
  read(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    return attempt('read', path, () => withFile(path, constants.O_RDONLY, async (file) => {
      const { size } = await file.stat()
      if (size > limit) throw Object.assign(new Error(`larger than ${limit} bytes`), { code: 'EFBIG' })
      const bytes = new Uint8Array(size)
      let filled = 0
      while (filled < size) {
        const { bytesRead } = await file.read(bytes, filled, size - filled, filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    }))
  }

  list(path: string): Promise<readonly string[]> {
    return attempt('list', path, async () => (await readdir(path)).sort())
  }

  facts(path: string): Promise<FileFacts | undefined> {
    return attempt('look at', path, async () => {
      const found = await stat(path).catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw error
      })
      return found === undefined ? undefined : { kind: found.isDirectory() ? 'directory' : 'file', size: found.size }
    })
  }

  create(path: string, bytes: Uint8Array): Promise<void> {
    return attempt('create', path, () => withFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (file) => file.writeFile(bytes)))
  }

  append(path: string, bytes: Uint8Array): Promise<void> {
    return attempt('append to', path, () => withFile(path, constants.O_WRONLY | constants.O_APPEND, (file) => file.writeFile(bytes)))
  }

  truncate(path: string, size: number): Promise<void> {
    return attempt('shorten', path, () => truncate(path, size))
  }

  /** fdatasync: the content and the size that is needed to read it, not the time stamps. */
  syncFile(path: string): Promise<void> {
    return attempt('sync', path, () => withFile(path, constants.O_RDONLY, (file) => file.datasync()))
  }

  makeDirectory(path: string): Promise<void> {
    return attempt('make directory', path, () => mkdir(path, { mode: 0o700 }).then(() => undefined))
  }

  syncDirectory(path: string): Promise<void> {
    return attempt('sync', path, () => withFile(path, constants.O_RDONLY | constants.O_DIRECTORY, (file) => file.sync()))
  }

  rename(from: string, to: string): Promise<void> {
    return attempt('rename', from, () => rename(from, to))
  }

  remove(path: string): Promise<void> {
    return attempt('remove', path, () => unlink(path).catch((error: unknown) => {
      if (errnoOf(error) === 'EISDIR') return rmdir(path)
      throw error
    }))
  }

  /**
   * The lock is a socket name in the kernel's abstract namespace, made from the directory's device and inode: it ends
   * with the process however that dies, and no path leads around it. It holds within one network namespace.
   */
  async lock(directory: string): Promise<() => Promise<void>> {
    const found = await attempt('lock', directory, () => stat(directory, { bigint: true }))
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => socket.destroy())
      server.once('error', (error) => reject(lockError(directory, error)))
      server.listen({ path: lockName(found) }, () => {
        server.unref()
        resolve(() => new Promise((released) => void server.close(() => released())))
      })
    })
  }
}

function lockName({ dev, ino }: BigIntStats): string {
  return `\0platen-directory-${dev}-${ino}`
}

function lockError(directory: string, error: Error): PlatenError {
  if (errnoOf(error) !== 'EADDRINUSE') return diskFailed('lock', directory, error)
  return new PlatenError('store-locked', `${directory} is in use by another process`, {
    facts: { path: directory },
    fix: 'Stop the other board that runs on this data directory, or give this one a data directory of its own.',
  })
}

async function withFile<Result>(path: string, flags: number, run: (file: FileHandle) => Promise<Result>): Promise<Result> {
  const file = await open(path, flags, 0o600)
  try {
    return await run(file)
  } finally {
    await file.close()
  }
}
