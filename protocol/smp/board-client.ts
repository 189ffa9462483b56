import { ADMINISTRATOR, definitionOf, type CommandName, type ReplyOf } from '../commands/index.js'
import { PlatenError } from '../errors.js'
import { seconds, type Clock, type Duration } from '../time.js'
import { boardCommand, boardEvent, boardGroup, boardReply, errorCodeOf, type BoardEvent, type BoardReply } from './board-group.js'
import { SmpClient, type SmpRequest } from './client.js'
import type { Message, MessageHeader } from './message.js'
import { osCommand, osGroup } from './os-group.js'
import { readPayload, type Fields, type Payload } from './payload.js'
import { Refusal, refusalCodes } from './refusal.js'
import { seal, unseal } from './sealed.js'

const shortDeadline = seconds(30)
/** The longest command makes a 4096-bit key on a small board and waits for a server. */
const commandDeadline = seconds(120)

export interface BoardClientOptions {
  readonly send: (packet: Uint8Array<ArrayBuffer>) => void
  readonly clock: Clock
  readonly firstSequence?: number
  /** Told each event of the log after `subscribe`. */
  readonly onEvent?: (event: BoardEvent) => void
}

export interface CommandOptions {
  /** For all of it, from now; 120 s where not given. */
  readonly deadline?: Duration
  /** Told what is being done, in short sentences. */
  readonly progress?: (text: string) => void
}

/** A board's command set by SMP frames, typed both ways. */
export class BoardClient {
  readonly #smp: SmpClient
  readonly #progress = new Map<number, (text: string) => void>()
  readonly #onEvent: (event: BoardEvent) => void
  #number = 0
  #session = ''

  constructor({ send, clock, firstSequence = 0, onEvent = () => undefined }: BoardClientOptions) {
    this.#onEvent = onEvent
    this.#smp = new SmpClient({ send, clock, firstSequence, onEvent: (message) => this.#event(message) })
  }

  /** Takes each packet that came. */
  take(packet: Uint8Array): void {
    this.#smp.take(packet)
  }

  /** Ends what is waited for; the board signs out by itself when the line ends. */
  close(reason?: PlatenError): void {
    this.#smp.close(reason)
  }

  /** Whether a board is there. @throws timed-out */
  async echo(text: string, deadline: Duration = shortDeadline): Promise<string> {
    return this.#request({ operation: 'write', group: osGroup, id: osCommand.echo, payload: () => ({ d: text }), deadline, read: ({ r }) => (r === text ? text : undefined) })
  }

  /** Longest request that the board takes, and how many at a time. @throws timed-out */
  async parameters(deadline: Duration = shortDeadline): Promise<{ readonly bufferSize: number; readonly bufferCount: number }> {
    return this.#request({
      operation: 'read', group: osGroup, id: osCommand.parameters, deadline,
      read: ({ buf_size, buf_count }) => (typeof buf_size === 'number' && typeof buf_count === 'number' ? { bufferSize: buf_size, bufferCount: buf_count } : undefined),
    })
  }

  /**
   * Signs in as the administrator on this line.
   * @param options.first sets the password of a new board
   * @throws wrong-password, locked-out, not-configured on a new board, timed-out
   */
  async signIn(password: string, { first = false, deadline = shortDeadline }: { readonly first?: boolean; readonly deadline?: Duration } = {}): Promise<void> {
    const { session } = await this.#ask(boardCommand.signIn, { account: ADMINISTRATOR, password, ...(first ? { first } : {}) }, deadline)
    if (typeof session !== 'string') throw new PlatenError('bad-response', 'The board gave no session.')
    this.#session = session
  }

  /**
   * Gives a command and waits for its end. It runs once, however often its frames are sent.
   * @throws the board's own errors; timed-out, when it may have run all the same
   */
  async command<Name extends CommandName>(name: Name, request: Fields = {}, options: CommandOptions = {}): Promise<ReplyOf<Name>> {
    const { deadline = commandDeadline, progress } = options
    const fields = { session: this.#session, name, request, ...(progress === undefined ? {} : { progress: true }) }
    const reply = await this.#ask(boardCommand.command, fields, deadline, progress)
    const checked = definitionOf(name).reply.safeParse(reply)
    if (checked.success) return checked.data as ReplyOf<Name>
    throw new PlatenError('bad-response', `The board's reply to ${name} is not as this side knows it.`, { fix: 'Use the rig and the firmware of the same version.' })
  }

  /** Asks for the lines of the log from a level on, as events; `none` ends it. @throws not-signed-in, timed-out */
  async subscribe(level: BoardEvent['level'] | 'none', deadline: Duration = shortDeadline): Promise<void> {
    await this.#ask(boardCommand.subscribe, { session: this.#session, level }, deadline)
  }

  async #ask(id: number, fields: Fields, deadline: Duration, progress?: (text: string) => void): Promise<Readonly<Record<string, unknown>>> {
    const n = this.#number
    this.#number += 1
    if (progress !== undefined) this.#progress.set(n, progress)
    try {
      const reply = await this.#request({
        operation: 'write', group: boardGroup, id, payload: (header) => seal(header, { n, ...fields }), deadline,
        read: (payload, header) => readReply(n, payload, header),
      })
      if (reply.ok) return reply.reply
      throw new PlatenError(errorCodeOf(reply.code), reply.message, { fix: reply.fix, facts: reply.facts })
    } finally {
      this.#progress.delete(n)
    }
  }

  async #request<Result>(request: SmpRequest<Result>): Promise<Result> {
    try {
      return await this.#smp.request(request)
    } catch (error) {
      throw error instanceof Refusal ? refused(error) : error
    }
  }

  #event({ data, ...header }: Message): void {
    if (header.group !== boardGroup || header.id !== boardCommand.event) return
    const event = boardEvent.safeParse(unseal(header, readPayload(data) ?? {}))
    if (!event.success) return
    if (event.data.kind === 'progress') this.#progress.get(event.data.of ?? -1)?.(event.data.text)
    else this.#onEvent(event.data)
  }
}

/** The reply to the request of that number, and to no other. */
function readReply(n: number, payload: Payload, header: MessageHeader): BoardReply | undefined {
  const reply = boardReply.safeParse(unseal(header, payload))
  return reply.success && reply.data.n === n ? reply.data : undefined
}

function refused(refusal: Refusal): PlatenError {
  if (refusal.rc === refusalCodes.busy) return new PlatenError('busy', 'The board has too many requests at work on this line.', { fix: 'Wait for one of them.', cause: refusal })
  if (refusal.rc === refusalCodes['not-supported']) {
    return new PlatenError('bad-response', 'What is at the other end of the line speaks SMP but does not know this command.', { fix: 'Check that the line leads to a board that runs Platen.', cause: refusal })
  }
  return new PlatenError('bad-response', `The board refused the request by the protocol: ${refusal.message}.`, { facts: { rc: refusal.rc }, cause: refusal })
}
