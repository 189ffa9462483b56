import type { ExchangeRecord, FaultScript } from '../scep-server/index.js'
import type { ServerForm } from './server-form.js'

/** The SCEP server of a scenario, the main witness. It can go down and come back as the same. */
export class RigServer {
  readonly #form: ServerForm
  readonly #listeners = new Set<(record: ExchangeRecord) => void>()
  readonly #exchanges: ExchangeRecord[] = []
  #server: Awaited<ReturnType<ServerForm['listen']>> | undefined
  #script: FaultScript = { faults: [] }
  /** What boards are set to: the port stands apart, as administrators know it. */
  readonly url: string
  readonly port: number

  private constructor(form: ServerForm, server: Awaited<ReturnType<ServerForm['listen']>>) {
    this.#form = form
    this.#server = server
    this.url = server.url.replace(/:\d+(?=\/)/u, '')
    this.port = server.port
  }

  static async start(form: ServerForm): Promise<RigServer> {
    const early: ExchangeRecord[] = []
    let take = (record: ExchangeRecord): void => void early.push(record)
    const rigServer = new RigServer(form, await form.listen(0, { faults: [] }, (record) => take(record)))
    take = (record) => rigServer.#take(record)
    return rigServer
  }

  get fingerprint(): string {
    return this.#form.fingerprint
  }

  /** Empty when none is asked for. */
  get challenge(): string {
    return this.#form.challenge
  }

  get policy(): ServerForm['policy'] {
    return this.#form.policy
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

  /** From now on it misbehaves so. @throws not-configured when it is not the rig's own */
  misbehave(script: FaultScript): void {
    this.#server?.misbehave(script)
    this.#script = script
  }

  /** Nobody listens any more. */
  async goDown(): Promise<void> {
    await this.#server?.close()
    this.#server = undefined
  }

  /** The same authority on the same port, with the same script begun anew. */
  async comeBack(): Promise<void> {
    this.#server ??= await this.#form.listen(this.port, this.#script, (record) => this.#take(record))
  }

  #take(record: ExchangeRecord): void {
    this.#exchanges.push(record)
    for (const listener of [...this.#listeners]) listener(record)
  }
}
