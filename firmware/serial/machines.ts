import { commandNames, type CommandName } from '../../protocol/commands/index.js'
import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import {
  answerOsGroup, boardCommand, boardGroup, commandRequest, osGroup, packetLimit, parallelLimit, Refusal, seal, signInRequest, SmpServer, subscribeRequest, unseal,
  type Fields, type MessageHeader, type Payload,
} from '../../protocol/smp/index.js'
import { milliseconds, type Clock, type Timer } from '../../protocol/time.js'
import type { Access, Actor, BoardFacts, CommandRunner } from '../commands/index.js'
import type { Log, LogBook } from '../platform/index.js'
import { MachineEvents } from './machine-events.js'
import { idleLimit } from './session.js'

/** Longest request, bytes: the largest file with a key in base64, and its fields. */
export const requestLimit = 48 * 1024
/** What a reply may take of a packet; the rest is its header and seal. */
const replyLimit = packetLimit - 64

export interface MachinesOptions {
  readonly board: Pick<BoardFacts, 'bootId'>
  readonly access: Pick<Access, 'signIn' | 'setFirstPassword'>
  readonly commands: Pick<CommandRunner, 'run'>
  readonly clock: Clock
  readonly log: Log & Pick<LogBook, 'subscribe'>
  readonly random: RandomBytes
  /** Bytes that wait to leave on the line. */
  readonly congestion: () => number
  readonly send: (packet: Uint8Array<ArrayBuffer>) => void
}

interface Session {
  readonly token: string
  readonly actor: Actor
  readonly events: MachineEvents
  readonly stop: AbortController
  lastRequest: number
  idle: Timer | undefined
}

/** The machines on one line: one session at a time, with the same sign-in and the same commands as a person's. */
export class Machines {
  readonly #options: MachinesOptions
  readonly #server: SmpServer
  #session: Session | undefined
  #closed = false

  constructor(options: MachinesOptions) {
    this.#options = options
    this.#server = new SmpServer({
      send: (packet) => {
        if (!this.#closed) options.send(packet)
      },
      handle: (header, payload) => this.#handle(header, payload),
      onMistake: (error) => options.log.error('frames: a mistake of the firmware', { error: asPlatenError(error).message }),
    })
  }

  take(packet: Uint8Array): void {
    void this.#server.take(packet)
  }

  /** The line is gone: whoever was signed in on it is signed out. */
  close(): void {
    this.#closed = true
    this.#signOut('the line hung up')
  }

  async #handle(header: MessageHeader, payload: Payload): Promise<Fields> {
    if (header.group === osGroup) return answerOsGroup(header, payload, { bufferSize: requestLimit, bufferCount: parallelLimit, reset: () => this.#reset() })
    if (header.group !== boardGroup || header.operation !== 'write') throw new Refusal('not-supported')
    const content = unseal(header, payload)
    if (content === undefined) throw new Refusal('corrupt')
    const reply = seal({ ...header, operation: 'write-reply' }, await this.#told(header.id, content))
    if (reply.m.length <= replyLimit) return reply
    return seal({ ...header, operation: 'write-reply' }, failure(content, new PlatenError('response-too-large', `The reply has ${reply.m.length} bytes; frames carry ${replyLimit}.`, { fix: 'Ask for less at a time.' })))
  }

  async #told(id: number, content: Payload): Promise<Fields> {
    try {
      return { n: content['n'] ?? 0, ok: true, reply: await this.#answer(id, content) }
    } catch (error) {
      if (error instanceof Refusal) throw error
      return failure(content, asPlatenError(error))
    }
  }

  #answer(id: number, content: Payload): Promise<Fields> | Fields {
    switch (id) {
      case boardCommand.signIn:
        return this.#signIn(content)
      case boardCommand.command:
        return this.#command(content)
      case boardCommand.subscribe:
        return this.#subscribe(content)
      default:
        throw new Refusal('not-supported')
    }
  }

  async #signIn(content: Payload): Promise<Fields> {
    const request = signInRequest.safeParse(content)
    if (!request.success) throw new Refusal('invalid-value')
    const { access, board, clock, log, random } = this.#options
    const { account, password, first = false } = request.data
    const actor = first ? await access.setFirstPassword(password) : await access.signIn(account, password)
    if (this.#closed) throw new PlatenError('not-signed-in', 'The line hung up.')
    this.#signOut('another one begins')
    const token = Buffer.from(random(12)).toString('base64url')
    const events = new MachineEvents({ bootId: board.bootId, clock, log, congestion: this.#options.congestion, send: this.#options.send })
    this.#session = { token, actor, events, stop: new AbortController(), lastRequest: clock.monotonic(), idle: undefined }
    this.#watch(this.#session)
    log.info('frames: a session begins', { account: actor.account })
    return { session: token }
  }

  async #command(content: Payload): Promise<Fields> {
    const request = commandRequest.safeParse(content)
    if (!request.success) throw new Refusal('invalid-value')
    const { n, name, progress = false } = request.data
    const session = this.#signedIn(request.data.session)
    if (!isCommandName(name)) throw new PlatenError('unknown-verb', 'There is no command of this name.', { fix: 'Give the command help for the list.' })
    const tell = (text: string): void => {
      if (progress) session.events.progress(n, text)
    }
    const reply = await this.#options.commands.run(name, request.data.request, { actor: session.actor, front: 'machine frames', signal: session.stop.signal, progress: tell })
    session.lastRequest = this.#options.clock.monotonic()
    if (name === 'logout') this.#signOut('signed out')
    return reply
  }

  #subscribe(content: Payload): Fields {
    const request = subscribeRequest.safeParse(content)
    if (!request.success) throw new Refusal('invalid-value')
    this.#signedIn(request.data.session).events.follow(request.data.level)
    return {}
  }

  /** The reset that every client of SMP knows is our `restart`; the session of the line says who asks. */
  async #reset(): Promise<void> {
    const session = this.#session
    if (session === undefined) throw new Refusal('access-denied')
    try {
      await this.#options.commands.run('restart', {}, { actor: session.actor, front: 'machine frames', progress: () => undefined })
    } catch {
      throw new Refusal('bad-state')
    }
  }

  #signedIn(token: string): Session {
    const session = this.#session
    if (session?.token !== token) throw new PlatenError('not-signed-in', 'Nobody is signed in by frames on this line.', { fix: 'Sign in first; a session ends with the line, after 15 idle minutes, and when the board restarts.' })
    session.lastRequest = this.#options.clock.monotonic()
    return session
  }

  #watch(session: Session): void {
    const { clock } = this.#options
    session.idle = clock.after('frames idle', milliseconds(session.lastRequest + idleLimit - clock.monotonic()), () => {
      if (clock.monotonic() < session.lastRequest + idleLimit) this.#watch(session)
      else this.#signOut('idle for 15 minutes')
    })
  }

  #signOut(why: string): void {
    const session = this.#session
    if (session === undefined) return
    this.#session = undefined
    session.idle?.cancel()
    session.events.follow('none')
    session.stop.abort()
    this.#server.forget()
    this.#options.log.info('frames: the session ended', { account: session.actor.account, why })
  }
}

function isCommandName(name: string): name is CommandName {
  return (commandNames as readonly string[]).includes(name)
}

function failure(content: Payload, { code, message, fix, facts }: PlatenError): Fields {
  return { n: content['n'] ?? 0, ok: false, code, message, fix, facts }
}
