import type { KeyObject } from 'node:crypto'
import { posix } from 'node:path'
import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { certificatePem } from '../../../protocol/pem.js'
import type { Disk, Processes, RuntimeFiles } from '../../platform/index.js'
import { refuseLastingStorage } from '../memory-only.js'
import type { TlsDaemonDeclaration } from './declaration.js'
import { lookUpOwner } from './owner.js'

export interface PairFilesOptions {
  readonly disk: Disk
  readonly files: RuntimeFiles
  readonly processes: Processes
  /** On tmpfs, for all daemons together; made when it is missing, with its parent. */
  readonly directory: string
  readonly daemon: Pick<TlsDaemonDeclaration, 'name' | 'keyFile' | 'certificateFile' | 'owner' | 'mode'>
}

/** One written pair of key and certificates: the name of its folder. */
export type Pair = string

/** Others may pass through, to what they may read; they cannot list it. */
const passage = { mode: 0o711 }
const publicMode = 0o644

/**
 * The key and the certificates that a daemon reads, in clear and therefore in memory only. Its paths never change, and
 * it never finds a new key beside an old certificate:
 *
 * ```
 * keyFile         → <directory>/<name>/current/key.pem
 * certificateFile → <directory>/<name>/current/chain.pem
 * <directory>/<name>/current → 7, and the folder 7 has one pair, which is written whole before the link points there
 * ```
 * One rename of `current` moves both. What the paths lead to is taken up when a file is opened, so a daemon that opens
 * the one before that rename and the other after it has two halves; it has microseconds to do so.
 */
export class PairFiles {
  readonly #options: PairFilesOptions
  readonly #folder: string
  #last = 0

  constructor(options: PairFilesOptions) {
    this.#options = options
    this.#folder = posix.join(options.directory, options.daemon.name)
  }

  /** Writes a pair; nobody is led to it yet. @throws disk-failed; use-cannot-serve when the folder is not in memory, or the owner is unknown */
  async write({ privateKey, chain }: { readonly privateKey: KeyObject; readonly chain: readonly Uint8Array[] }): Promise<Pair> {
    const { files, processes, daemon } = this.#options
    this.#last = Math.max(this.#last, await this.#prepare()) + 1
    const owner = await lookUpOwner(processes, daemon.owner)
    const pair = String(this.#last)
    const at = (name: string): string => posix.join(this.#folder, pair, name)
    await files.makeFolder(at('.'), passage)
    await files.create(at('key.pem'), Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })), { ...owner, mode: daemon.mode })
    await files.create(at('chain.pem'), Buffer.from(chain.map(certificatePem).join('')), { ...owner, mode: publicMode })
    return pair
  }

  /** Whether a pair is still there. @throws disk-failed */
  async has(pair: Pair): Promise<boolean> {
    return await this.#options.disk.facts(posix.join(this.#folder, pair)) !== undefined
  }

  /** From now on the daemon finds this pair. @throws disk-failed; use-cannot-serve when something else stands at one of its paths */
  async lead(pair: Pair): Promise<void> {
    const { files, daemon } = this.#options
    const current = posix.join(this.#folder, 'current')
    await this.#place('keyFile', daemon.keyFile, posix.join(current, 'key.pem'))
    await this.#place('certificateFile', daemon.certificateFile, posix.join(current, 'chain.pem'))
    await files.link(current, pair)
  }

  /** Removes every pair but these. @throws disk-failed */
  async keepOnly(pairs: readonly Pair[]): Promise<void> {
    const { disk } = this.#options
    for (const name of await disk.list(this.#folder)) {
      if (/^\d+$/.test(name) && !pairs.includes(name)) await removeFolder(disk, posix.join(this.#folder, name))
    }
  }

  /** @returns the highest number in use: a pair of an earlier run serves until there is a new one */
  async #prepare(): Promise<number> {
    const { disk, files, processes, directory } = this.#options
    for (const each of [posix.dirname(directory), directory, this.#folder]) {
      // Where the folder for all is somebody else's, its access is too.
      if (!await made(files, each)) await files.setAccess(each, passage).catch(unless('EPERM'))
    }
    await refuseLastingStorage(processes, this.#folder)
    return Math.max(0, ...(await disk.list(this.#folder)).filter((name) => /^\d+$/.test(name)).map(Number))
  }

  /** What is no link of ours is never replaced: it may be the only copy of somebody's key. */
  async #place(setting: string, path: string, target: string): Promise<void> {
    const { files, directory, daemon } = this.#options
    const there = await files.linkTarget(path).catch((error: unknown) => {
      unless('EINVAL')(error)
      return ''
    })
    if (there === target) return
    if (there !== undefined && !there.startsWith(`${directory}/`)) {
      throw new PlatenError('use-cannot-serve', `${setting} ${path} is there already, and is no link of this board`, { facts: { path, daemon: daemon.name }, fix: `Move it away; the board puts a link there, to ${target}.` })
    }
    const folder = posix.dirname(path)
    if (folder.startsWith(`${posix.dirname(directory)}/`)) await made(files, folder)
    await files.link(path, target)
  }
}

/** Several daemons may come to the same folder at once. @returns false when it is there already */
async function made(files: RuntimeFiles, folder: string): Promise<boolean> {
  return files.makeFolder(folder, passage).then(() => true, unless('EEXIST')).then((done) => done === true)
}

function unless(errno: string): (error: unknown) => void {
  return (error) => {
    if (asPlatenError(error).facts['errno'] !== errno) throw error
  }
}

/** Removes what was written for daemons that the config no longer has. @throws disk-failed */
export async function removeOtherPairs(disk: Disk, directory: string, names: readonly string[]): Promise<void> {
  if (await disk.facts(directory) === undefined) return
  for (const name of await disk.list(directory)) if (!names.includes(name)) await removeFolder(disk, posix.join(directory, name))
}

/** Through no link: `facts` follows one, so a link is removed before it is asked about. */
async function removeFolder(disk: Disk, folder: string): Promise<void> {
  for (const name of await disk.list(folder)) {
    const path = posix.join(folder, name)
    if (name !== 'current' && name !== 'current.new' && (await disk.facts(path))?.kind === 'directory') await removeFolder(disk, path)
    else await disk.remove(path)
  }
  await disk.remove(folder)
}
