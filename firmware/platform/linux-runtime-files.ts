import { chmod, chown, mkdir, open, readlink, rename, symlink, unlink } from 'node:fs/promises'
import { attempt, errnoOf } from './disk-failure.js'
import type { FileAccess, RuntimeFiles } from './ports.js'

/** What `chown` takes for "as it is". */
const unchanged = -1

/** The `RuntimeFiles` port on a Linux file system. */
export const linuxRuntimeFiles: RuntimeFiles = {
  makeFolder: (path, access) => attempt('make directory', path, async () => {
    await mkdir(path, { mode: 0o700 })
    await give(path, access)
  }),

  create: (path, bytes, { uid = unchanged, gid = unchanged, mode }) => attempt('create', path, async () => {
    const file = await open(path, 'wx', 0o600)
    try {
      if (uid !== unchanged || gid !== unchanged) await file.chown(uid, gid)
      await file.chmod(mode)
      await file.writeFile(bytes)
    } finally {
      await file.close()
    }
  }),

  setAccess: (path, access) => attempt('change the access of', path, () => give(path, access)),

  link: (path, target) => attempt('link', path, async () => {
    const next = `${path}.new`
    await unlink(next).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error
    })
    await symlink(target, next)
    await rename(next, path)
  }),

  linkTarget: (path) => attempt('look at', path, () => readlink(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })),
}

/** The owner first: a change of owner may take bits of the mode away. */
async function give(path: string, { uid = unchanged, gid = unchanged, mode }: FileAccess): Promise<void> {
  if (uid !== unchanged || gid !== unchanged) await chown(path, uid, gid)
  await chmod(path, mode)
}
