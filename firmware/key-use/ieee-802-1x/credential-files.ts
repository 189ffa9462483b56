import type { KeyObject } from 'node:crypto'
import { posix } from 'node:path'
import { certificatePem } from '../../../protocol/pem.js'
import { ensureDirectory, removeStaleTemporaries, replaceFile, type Disk, type Processes } from '../../platform/index.js'
import { refuseLastingStorage } from '../memory-only.js'

/** What a supplicant needs to authenticate with one key. */
export interface Credentials {
  readonly privateKey: KeyObject
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  /** DER. */
  readonly authorities: readonly Uint8Array[]
}

/** One written set of files. */
export interface CredentialSet {
  readonly directory: string
  readonly keyFile: string
  readonly chainFile: string
  readonly caFile: string
}

/**
 * The files that wpa_supplicant reads, in clear and therefore in memory only (tmpfs), mode 0600. Each set has a folder
 * of its own, and the configuration names one of them: replacing it swaps key, chain and CA at once.
 */
export class CredentialFiles {
  readonly #disk: Disk
  readonly #processes: Processes
  readonly #directory: string
  #number = 0

  constructor({ disk, processes, directory }: { readonly disk: Disk; readonly processes: Processes; readonly directory: string }) {
    this.#disk = disk
    this.#processes = processes
    this.#directory = directory
  }

  get configPath(): string {
    return posix.join(this.#directory, 'wpa_supplicant.conf')
  }

  get controls(): string {
    return posix.join(this.#directory, 'controls')
  }

  /** Writes a new set; nothing uses it yet. @throws disk-failed; use-cannot-serve when the folder is not in memory */
  async write({ privateKey, chain, authorities }: Credentials): Promise<CredentialSet> {
    if (this.#number === 0) await this.#prepare()
    this.#number += 1
    const directory = posix.join(this.#directory, String(this.#number))
    const set = { directory, keyFile: posix.join(directory, 'key.pem'), chainFile: posix.join(directory, 'chain.pem'), caFile: posix.join(directory, 'ca.pem') }
    await this.#disk.makeDirectory(directory)
    await this.#disk.create(set.keyFile, Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })))
    await this.#disk.create(set.chainFile, pem(chain))
    await this.#disk.create(set.caFile, pem(authorities))
    return set
  }

  /** From now on the daemon that reads its configuration reads this. @throws disk-failed */
  async configure(text: string): Promise<void> {
    await replaceFile(this.#disk, this.configPath, Buffer.from(text))
  }

  /** Removes the configuration, when no set is kept, and all other sets. @throws disk-failed */
  async keepOnly(sets: readonly CredentialSet[]): Promise<void> {
    if (await this.#disk.facts(this.#directory) === undefined) return
    if (sets.length === 0 && await this.#disk.facts(this.configPath) !== undefined) await this.#disk.remove(this.configPath)
    for (const name of await this.#disk.list(this.#directory)) {
      const path = posix.join(this.#directory, name)
      if (!/^\d+$/.test(name) || sets.some(({ directory }) => directory === path)) continue
      for (const file of await this.#disk.list(path)) await this.#disk.remove(posix.join(path, file))
      await this.#disk.remove(path)
    }
  }

  async #prepare(): Promise<void> {
    await ensureDirectory(this.#disk, posix.dirname(this.#directory))
    await ensureDirectory(this.#disk, this.#directory)
    await refuseLastingStorage(this.#processes, this.#directory)
    await removeStaleTemporaries(this.#disk, this.#directory)
    await this.keepOnly([])
  }
}

function pem(certificates: readonly Uint8Array[]): Uint8Array {
  return Buffer.from(certificates.map(certificatePem).join(''))
}
