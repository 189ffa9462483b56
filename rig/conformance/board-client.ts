import { fileURLToPath } from 'node:url'
import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { ProcessBoard } from '../boards/index.js'
import type { RigPlatform } from '../platform/index.js'
import { challenge, type Attempt, type Ended, type Enrolment, type Target } from './subject.js'

const password = 'the rig signs in with this'

/** How often a deferred request is asked for again. */
const polls = 3

/** One board, which goes from server to server. */
export class BoardClient {
  readonly #board: ProcessBoard
  readonly #remove: () => Promise<void>
  #requests = 0
  #pinned = ''

  private constructor(board: ProcessBoard, remove: () => Promise<void>) {
    this.#board = board
    this.#remove = remove
  }

  /** @throws timed-out, connect-failed */
  static async start(platform: RigPlatform): Promise<BoardClient> {
    const directory = await platform.files.temporaryDirectory('platen-conformance')
    const firmware = fileURLToPath(new URL('../../firmware/main.js', import.meta.url))
    const board = await ProcessBoard.create(platform, { name: 'board', directory: directory.path, firmware })
    const client = new BoardClient(board, async () => {
      await board.dispose()
      await directory.remove()
    })
    try {
      await board.powerOn()
      await board.signIn(password)
      return client
    } catch (error) {
      await client.close()
      throw error
    }
  }

  async prepare(target: Target, { trust = target, policy = 'standard', timeout = 10 }: Attempt): Promise<Enrolment> {
    if (trust !== 'nobody') await this.#pin(trust, timeout)
    await this.#point(target, policy, timeout)
    return {
      enrol: (attempt = {}) => this.#enrol(attempt),
      cutOff: async () => {
        const ended = await this.#request(challenge)
        if (ended.code !== 'deferred') throw new PlatenError('probe-failed', `the board was to wait, and ended with ${ended.code ?? 'a certificate'}`)
        await this.#board.cutPower()
        await this.#board.powerOn()
        await this.#board.attend(password)
      },
      resume: () => this.#cleared(this.#poll()),
    }
  }

  close(): Promise<void> {
    return this.#remove()
  }

  async #pin(trust: Target, timeout: number): Promise<void> {
    if (this.#pinned === trust.authority.fingerprint) return
    await this.#point(trust, 'standard', timeout)
    await this.#does(`ca pin ${trust.authority.fingerprint}`)
    this.#pinned = trust.authority.fingerprint
  }

  async #point({ port }: Target, policy: string, timeout: number): Promise<void> {
    await this.#does(`comm set url=http://127.0.0.1/scep port=${port} timeout=${timeout} policy=${policy}`)
  }

  /** The store has room for a few, so each goes at once; a request that still waits keeps its key. */
  async #enrol({ challenge: secret = challenge }: Attempt): Promise<Ended> {
    const ended = await this.#request(secret)
    return this.#cleared(ended.code === 'deferred' ? this.#poll() : Promise.resolve(ended))
  }

  async #cleared(request: Promise<Ended>): Promise<Ended> {
    const ended = await request
    if (ended.enrolled) await this.#does(`keys delete k${this.#requests}`)
    return ended
  }

  #request(secret: string): Promise<Ended> {
    this.#requests += 1
    return this.#ended(`request key-name=k${this.#requests} cn=printer.example.com`, secret)
  }

  async #poll(): Promise<Ended> {
    let ended = await this.#ended('poll')
    for (let asked = 1; asked < polls && ended.code === 'deferred'; asked += 1) ended = await this.#ended('poll')
    return ended
  }

  async #ended(line: string, secret?: string): Promise<Ended> {
    const { result } = await this.#board.command(line, secret === undefined ? {} : { answers: { [CHALLENGE_PROMPT]: secret } })
    return result.ok ? { enrolled: true, said: result.values['details'] ?? 'ok', hung: false } : { enrolled: false, code: result.code, said: result.message, hung: false }
  }

  async #does(line: string): Promise<void> {
    const { result } = await this.#board.command(line)
    if (!result.ok) throw new PlatenError(result.code, `the board refused "${line}": ${result.message}`, { fix: result.fix })
  }
}
