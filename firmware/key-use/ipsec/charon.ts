import type { KeyObject } from 'node:crypto'
import { posix } from 'node:path'
import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { certificatePem, crlPem } from '../../../protocol/pem.js'
import { sameBytes } from '../../../protocol/scep/index.js'
import type { KeyId } from '../../key-store/index.js'
import { replaceFile, type Disk, type Log } from '../../platform/index.js'
import { certificateFile, isOurs, policyPart, type Connection } from './connection.js'
import { renderConnections } from './render.js'
import type { ConnectionState, Refusals, Swanctl } from './swanctl.js'

export interface CharonOptions {
  readonly disk: Disk
  /** On tmpfs: what the daemon reads lies here in clear, a private key only while it is loaded. Made when missing, with its parent. */
  readonly directory: string
  readonly swanctl: Swanctl
  readonly privateKey: (id: KeyId) => KeyObject
  /** DER of the lists of revoked certificates that the board has. */
  readonly revocationLists: () => readonly Uint8Array[]
  readonly log: Log
}

/**
 * The IPSec daemon with the connections that this board wants in it: all of them and no others, so the daemon has to
 * be the board's own. Changes run one after the other. It never ends a connection that it was not told to end.
 */
export class Charon {
  readonly #options: CharonOptions
  readonly #wanted = new Map<string, Connection>()
  /** What a daemon that did not answer may still have; it is put right when it answers. */
  readonly #leftOver = new Set<string>()
  /** The daemon has what this board wants, and nothing older; the lists of revoked certificates that it has. */
  #inLine = false
  #lists: readonly Uint8Array[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: CharonOptions) {
    this.#options = options
  }

  /** Loads a connection beside the others. @throws use-cannot-serve with the daemon's reason; then it is not loaded */
  add(connection: Connection): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#wanted.get(connection.name)
      const takeBack = (): void => {
        if (before !== undefined) return void this.#wanted.set(connection.name, before)
        this.#wanted.delete(connection.name)
        this.#leftOver.add(connection.name)
      }
      this.#leftOver.delete(connection.name)
      this.#wanted.set(connection.name, connection)
      const refusals = await this.#load().catch((error: unknown) => {
        // The daemon is told later: one that hangs would only take more time.
        takeBack()
        throw error
      })
      const reason = refusals.get(connection.name)
      if (reason === undefined) return
      takeBack()
      await this.#told('take back a connection', () => this.#clear())
      throw new PlatenError('use-cannot-serve', reason, { fix: 'Change the policy with ipsec edit.' })
    })
  }

  /** Forgets a connection and ends what it has with its peer; a daemon that does not answer is told later. */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#wanted.delete(name)) return
      this.#leftOver.add(name)
      await this.#told('end a tunnel', () => this.#clear())
    })
  }

  /**
   * Gives the daemon new lists of revoked certificates, and ends what it has of us and should not: what it kept of a
   * board that lost its power in the middle of a change. A tunnel whose policy has another connection now goes on until
   * that one is up.
   */
  bringInLine(): Promise<void> {
    return this.#inTurn(() => this.#told('bring the daemon in line', async () => {
      const strays = (await this.#options.swanctl.busy().catch(() => [])).filter((name) => isOurs(name) && !this.#wanted.has(name))
      // A daemon that this board has nothing to do with is left alone.
      if (strays.length === 0 && (this.#wanted.size === 0 || (this.#inLine && isSame(this.#lists, this.#options.revocationLists())))) return
      await this.#load()
      this.#inLine = true
      for (const name of strays) if (await this.#isSuperseded(name)) await this.#options.swanctl.terminate(name)
    }))
  }

  async #isSuperseded(stray: string): Promise<boolean> {
    const heirs = [...this.#wanted.keys()].filter((name) => policyPart(name) === policyPart(stray))
    for (const name of heirs) if (await this.#options.swanctl.state(name) === 'established') return true
    return heirs.length === 0
  }

  async #clear(): Promise<void> {
    await this.#load()
    for (const name of this.#leftOver) {
      await this.#options.swanctl.terminate(name)
      this.#leftOver.delete(name)
    }
  }

  /**
   * Brings the tunnel up where it is not; a daemon that was started anew is given its connections again first.
   * @throws probe-failed with the reason
   */
  async establish(name: string): Promise<void> {
    if (await this.state(name) === 'established') {
      await this.#tidy()
      return
    }
    try {
      await this.#options.swanctl.initiate(name)
    } catch (error) {
      if (!/ not found$/.test(asPlatenError(error).message)) throw asProbeFailure(error)
      await this.#inTurn(() => this.#load()).catch((cause: unknown) => {
        throw asProbeFailure(cause)
      })
      await this.#options.swanctl.initiate(name)
    }
    if (await this.state(name) !== 'established') throw new PlatenError('probe-failed', 'the tunnel came up and was gone at once')
  }

  /** @throws probe-failed when the daemon does not answer */
  async state(name: string): Promise<ConnectionState> {
    return this.#options.swanctl.state(name).catch((cause: unknown) => {
      throw asProbeFailure(cause)
    })
  }

  async #tidy(): Promise<void> {
    if (this.#leftOver.size > 0) await this.#inTurn(() => this.#told('end a tunnel', () => this.#clear()))
  }

  async #told(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.log.warn(`IPSec: cannot ${what}`, { reason: asPlatenError(error).message })
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #load(): Promise<Refusals> {
    const { disk, directory, privateKey, swanctl, revocationLists } = this.#options
    const connections = [...this.#wanted.values()]
    const lists = revocationLists()
    const [certificates, intermediates, revoked, keys] = ['certificates', 'x509', 'x509crl', 'private'].map((name) => posix.join(directory, name)) as [string, string, string, string]
    for (const each of [posix.dirname(directory), directory, certificates, intermediates, revoked, keys]) await ensureDirectory(disk, each)
    await this.#fill(certificates, connections.flatMap(({ chain, authorities }) => [...chain.slice(0, 1), ...authorities]), certificatePem)
    await this.#fill(intermediates, connections.flatMap(({ chain }) => chain.slice(1)), certificatePem)
    await this.#fill(revoked, lists, crlPem)
    await replaceFile(disk, posix.join(directory, 'swanctl.conf'), Buffer.from(renderConnections(connections, certificates)))
    try {
      await empty(disk, keys)
      for (const id of new Set(connections.map(({ key }) => key))) {
        await disk.create(posix.join(keys, `${id}.pem`), Buffer.from(privateKey(id).export({ type: 'pkcs8', format: 'pem' })))
      }
      const refusals = await swanctl.load()
      this.#lists = lists
      return refusals
    } finally {
      // The daemon holds what it has loaded; nobody else needs the keys in clear.
      await empty(disk, keys)
    }
  }

  /** Makes a folder hold these files and no others. */
  async #fill(folder: string, contents: readonly Uint8Array[], write: (der: Uint8Array) => string): Promise<void> {
    const { disk } = this.#options
    const wanted = new Map(contents.map((der) => [certificateFile(der), der]))
    const present = new Set(await disk.list(folder))
    for (const name of present) if (!wanted.has(name)) await disk.remove(posix.join(folder, name))
    for (const [name, der] of wanted) if (!present.has(name)) await replaceFile(disk, posix.join(folder, name), Buffer.from(write(der)))
  }
}

function asProbeFailure(error: unknown): PlatenError {
  const { code, message, facts, fix } = asPlatenError(error)
  return code === 'probe-failed' && error instanceof PlatenError ? error : new PlatenError('probe-failed', message, { facts, fix, cause: error })
}

function isSame(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  return one.length === other.length && one.every((bytes, index) => sameBytes(bytes, other[index] ?? new Uint8Array()))
}

async function ensureDirectory(disk: Disk, directory: string): Promise<void> {
  if (await disk.facts(directory) === undefined) await disk.makeDirectory(directory)
}

async function empty(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory)) await disk.remove(posix.join(directory, name))
}
