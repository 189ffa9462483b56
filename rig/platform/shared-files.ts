import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { PlatenError } from '../../protocol/errors.js'
import type { SharedFiles, ThisProcess } from './ports.js'

/** What a half-written file is called until it is whole; no other process takes it for a file. */
const temporary = (path: string): string => `${path}.${process.pid}.tmp`

export const linuxSharedFiles: SharedFiles = {
  async makeDirectory(path) {
    await guarded(path, () => mkdir(path, { recursive: true, mode: 0o770 }))
  },
  async names(path) {
    return guarded(path, async () => (await readdir(path)).filter((name) => !name.endsWith('.tmp')).sort())
  },
  read: (path) => guarded(path, () => readFile(path, 'utf8').catch((error: unknown) => absent(error, 'ENOENT', undefined))),
  create: (path, text) => guarded(path, async () => {
    const whole = temporary(path)
    await writeFile(whole, text)
    // A link fails when the name is taken, as O_EXCL does, and no one ever sees half a file.
    const created = await link(whole, path).then(() => true, (error: unknown) => absent(error, 'EEXIST', false))
    await rm(whole)
    return created
  }),
  replace: (path, text) => guarded(path, async () => {
    await writeFile(temporary(path), text)
    await rename(temporary(path), path)
  }),
  remove: (path) => guarded(path, () => rm(path, { force: true })),
}

export const thisProcess: ThisProcess = {
  host: hostname(),
  pid: process.pid,
  isAlive(pid) {
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      // It is there, but another user's.
      return codeOf(error) === 'EPERM'
    }
  },
}

function absent<Value>(error: unknown, expected: string, value: Value): Value {
  if (codeOf(error) === expected) return value
  throw error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

async function guarded<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  return work().catch((cause: unknown) => {
    throw new PlatenError('disk-failed', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { facts: { path }, fix: 'Check that the folder is there and that you may write in it.', cause })
  })
}
