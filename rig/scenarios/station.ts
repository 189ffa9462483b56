import { CHALLENGE_PROMPT, type ResultLine } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import type { Board, CommandOutcome, LineNoise } from '../boards/index.js'
import type { ExchangeRecord } from '../scep-server/index.js'
import { contactsOf, type Contact } from './contacts.js'
import type { RigServer } from './rig-server.js'

/** A line that a board logged. */
export interface LogSeen {
  /** The board's own stamp, monotonic ms of its boot. */
  readonly monotonic: number
  readonly bootId: string
  readonly level: string
  readonly text: string
  /** When the rig saw it, monotonic ms of the world. */
  readonly seenAt: number
}

/** What a bench can do to a board beside its power. */
export interface Handles {
  /** Its command set by frames on the same line. */
  readonly machine?: () => Pick<Board, 'command'>
  /** Harms what goes over its line. */
  readonly noise?: Pick<LineNoise, 'begin' | 'end'>
  /** Cuts its connection to the broker. */
  readonly kick?: () => void
}

interface StationOptions {
  readonly server: RigServer
  readonly password: string
  readonly log: readonly LogSeen[]
  readonly events: readonly LogSeen[]
  /** The only board of its world: all that the server sees is its doing. */
  readonly alone: boolean
  /** Communication Timeout. */
  readonly timeoutSeconds: number
  readonly handles?: Handles
}

/** One board under test: its console with somebody at it, its log, and what the server saw of it. */
export class Station {
  readonly board: Board
  readonly #server: RigServer
  readonly #password: string
  readonly #log: readonly LogSeen[]
  readonly #events: readonly LogSeen[]
  readonly #alone: boolean
  readonly #timeoutSeconds: number
  readonly #handles: Handles
  #forgotten = 0

  constructor(board: Board, { server, password, log, events, alone, timeoutSeconds, handles = {} }: StationOptions) {
    this.board = board
    this.#server = server
    this.#password = password
    this.#log = log
    this.#events = events
    this.#alone = alone
    this.#timeoutSeconds = timeoutSeconds
    this.#handles = handles
  }

  get name(): string {
    return this.board.name
  }

  get log(): readonly LogSeen[] {
    return this.#log
  }

  /** The same log as it came over MQTT; empty where there is no broker. */
  get events(): readonly LogSeen[] {
    return this.#events
  }

  /**
   * Types a command, whatever comes of it; signs in before when the board has signed out.
   * @param challenge what is typed at its prompt; default: the right one
   */
  async types(line: string, challenge: string = this.#server.challenge): Promise<CommandOutcome> {
    await this.board.attend(this.#password)
    return this.board.command(line, { answers: { [CHALLENGE_PROMPT]: challenge } })
  }

  /** A command by frames where that can be had: there tables come whole. */
  async asks(line: string): Promise<CommandOutcome> {
    const { machine } = this.#handles
    if (machine === undefined) return this.types(line)
    await this.board.attend(this.#password)
    return machine().command(line)
  }

  /** Signs out, so that whoever comes to the line next is not the administrator. */
  async leave(): Promise<void> {
    await this.board.command('logout')
    await this.#handles.machine?.().command('logout')
  }

  async says(line: string, challenge?: string): Promise<ResultLine> {
    return (await this.types(line, challenge)).result
  }

  /**
   * Types a command that has to work.
   * @throws the board's own error
   */
  async does(line: string): Promise<Readonly<Record<string, string>>> {
    const result = await this.says(line)
    if (!result.ok) throw new PlatenError(result.code, `${this.name} refused "${line}": ${result.message}`, { facts: { answered: true }, fix: result.fix })
    return result.values
  }

  /** Points it at the server and lets it trust the CA. @throws ca-mismatch when what it fetched is another */
  async connect(): Promise<void> {
    const { fingerprint, url, port, policy } = this.#server
    await this.does(`comm set url=${url} port=${port} timeout=${this.#timeoutSeconds} policy=${policy}`)
    const fetched = (await this.does('ca fetch'))['fingerprint']
    if (fetched !== fingerprint) throw new PlatenError('ca-mismatch', `${this.name} fetched the CA ${fetched ?? 'none'}, the server's is ${fingerprint}`)
    await this.does(`ca pin ${fingerprint}`)
    this.forget()
  }

  /** What only a bench has. @throws not-configured when this board has not */
  handle<Name extends keyof Handles>(name: Name): NonNullable<Handles[Name]> {
    const handle = this.#handles[name]
    if (handle === undefined) throw new PlatenError('not-configured', `the rig has no ${name} for the board ${this.name}`, { facts: { board: this.name }, fix: 'See what the bench file gives it.' })
    return handle
  }

  async reboot(): Promise<void> {
    await this.board.cutPower()
    await this.board.powerOn()
  }

  /** What the server saw of it since `forget`. */
  contacts(): readonly Contact[] {
    return contactsOf(this.#exchanges())
  }

  /** Each message to the server since `forget`, several of one contact too. */
  messages(): readonly string[] {
    return this.#exchanges().flatMap(({ messageType }) => (messageType === undefined ? [] : [messageType]))
  }

  #exchanges(): readonly ExchangeRecord[] {
    return this.#server.exchanges.slice(this.#forgotten).filter(({ peer }) => this.#alone || peer === this.name)
  }

  forget(): void {
    this.#forgotten = this.#server.exchanges.length
  }
}

/** `[monotonic, boot id, level] text`; undefined for anything else that a board writes. */
export function readLogLine(line: string, seenAt: number): LogSeen | undefined {
  const [, monotonic, bootId = '', level = '', text = ''] = /^\[(\d+), ([0-9a-f]{8}), ([a-z]+)\] (.*)$/su.exec(line) ?? []
  return monotonic === undefined ? undefined : { monotonic: Number(monotonic), bootId, level, text, seenAt }
}
