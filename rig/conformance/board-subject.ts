import type { RigPlatform } from '../platform/index.js'
import { BoardClient } from './board-client.js'
import type { Attempt, Enrolment, Subject, Target } from './subject.js'

/** A request is mostly the making of its key, which keeps one core busy. */
const boards = 2

/** The built firmware as processes, driven through their consoles as a person does. */
export class BoardSubject implements Subject {
  readonly name = 'Platen, the built firmware as a process, through its console'
  readonly kind = 'board'
  readonly atOnce = boards
  readonly #boards: readonly BoardClient[]

  private constructor(clients: readonly BoardClient[]) {
    this.#boards = clients
  }

  /** @throws timed-out, connect-failed */
  static async start(platform: RigPlatform): Promise<BoardSubject> {
    const started = await Promise.allSettled(Array.from({ length: boards }, () => BoardClient.start(platform)))
    const clients = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const refused = started.find((each) => each.status === 'rejected')
    if (refused === undefined) return new BoardSubject(clients)
    await Promise.all(clients.map((client) => client.close()))
    throw refused.reason
  }

  prepare(target: Target, attempt: Attempt, place: number): Promise<Enrolment> {
    const client = this.#boards[place]
    return client === undefined ? Promise.reject(new RangeError(`no board at the place ${place}`)) : client.prepare(target, attempt)
  }

  async close(): Promise<void> {
    await Promise.all(this.#boards.map((client) => client.close()))
  }
}
