import { access, appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Files } from './ports.js'

/** A tmpfs on every Linux with glibc. */
const sharedMemory = '/dev/shm'

export const linuxFiles: Files = {
  async temporaryDirectory(name, on = 'disk') {
    const place = on === 'memory' && await linuxFiles.exists(sharedMemory) ? sharedMemory : tmpdir()
    const path = await mkdtemp(join(place, `${name}-`))
    return { path, remove: () => rm(path, { recursive: true, force: true }) }
  },
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  write: (path, text) => writeFile(path, text, { mode: 0o600 }),
  append: (path, text) => appendFile(path, text, { mode: 0o600 }),
  read: (path) => readFile(path).catch(() => undefined),
  exists: (path) => access(path).then(() => true, () => false),
}
