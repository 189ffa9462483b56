import { checkScript, startScepServer, type Authority, type ExchangeRecord, type FaultScript, type ScepServer } from '../scep-server/index.js'
import type { World } from './world.js'

/** The SCEP server of a scenario, the main witness. It can go down and come back as the same. */
export class RigServer {
  readonly #world: World
  readonly #authority: Authority
  readonly #listeners = new Set<(record: ExchangeRecord) => void>()
  readonly #exchanges: ExchangeRecord[] = []
  #server: ScepServer | undefined
  readonly port: number
  #script: FaultScript = { faults: [] }

  private constructor(world: World, server: ScepServer) {
    this.#world = world
    this.#authority = server.authority
    this.#server = server
    this.port = server.port
  }

  static async start(world: World): Promise<RigServer> {
    const early: ExchangeRecord[] = []
    let take = (record: ExchangeRecord): void => void early.push(record)
    const rigServer = new RigServer(world, await startScepServer({ platform: world.server, onExchange: (record) => take(record) }))
    take = (record) => rigServer.#take(record)
    return rigServer
  }

  get fingerprint(): string {
    return this.#authority.fingerprint
  }

  /** All exchanges so far, over every time it was down. */
  get exchanges(): readonly ExchangeRecord[] {
    return this.#exchanges
  }

  /** @returns ends the subscription */
  subscribe(listener: (record: ExchangeRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** From now on it misbehaves so. */
  misbehave(script: FaultScript): void {
    this.#script = script
    this.#server?.setScript(checkScript(script))
  }

  /** Nobody listens any more. */
  async goDown(): Promise<void> {
    await this.#server?.close()
    this.#server = undefined
  }

  /** The same authority on the same port, with the same script begun anew. */
  async comeBack(): Promise<void> {
    this.#server ??= await startScepServer({
      platform: this.#world.server, authority: this.#authority, port: this.port, script: checkScript(this.#script),
      onExchange: (record) => this.#take(record),
    })
  }

  #take(record: ExchangeRecord): void {
    this.#exchanges.push(record)
    for (const listener of [...this.#listeners]) listener(record)
  }
}
