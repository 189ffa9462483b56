import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { readCommandMessage, replyAddress, writePayload, type CommandMessage, type DevicePlace, type MqttMessage, type ReplyAddress, type ReplyPayload } from '../../protocol/mqtt/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import type { CommandRunner } from '../commands/index.js'
import type { Log } from '../platform/index.js'
import type { AnsweredCommands } from './answered.js'
import type { Outbox } from './outbox.js'

/** Commands under way at once; more are told to come again. */
const mostAtOnce = 8

export interface CommandDeskOptions {
  readonly place: DevicePlace
  readonly bootId: string
  readonly clock: Clock
  readonly log: Log
  readonly commands: Pick<CommandRunner, 'run'>
  readonly answered: AnsweredCommands
  readonly outbox: Outbox
  /** Says what is being done for a command, as the other fronts do. */
  readonly tellProgress: (command: CommandMessage, text: string) => void
}

type Unstamped<Payload> = Payload extends unknown ? Omit<Payload, 'bootId' | 'monotonic'> : never
type Result = Unstamped<ReplyPayload>

/**
 * Takes the commands that come from the broker and answers them. Who may send one is the broker's to see to: it knows
 * the certificates. Here the sender is whom the Response Topic names, and acts as an administrator.
 */
export class CommandDesk {
  readonly #options: CommandDeskOptions
  #running = 0
  /** From the end of a command to its answer in the outbox. */
  readonly #answering = new Set<Promise<void>>()

  constructor(options: CommandDeskOptions) {
    this.#options = options
  }

  /** Never throws. What has no address to answer to is only noted. */
  async receive(message: MqttMessage): Promise<void> {
    const { place, clock, log } = this.#options
    let address: ReplyAddress
    try {
      address = replyAddress(place, message)
    } catch (error) {
      // Not at a level that anyone watches by default: whoever can send these could fill the log.
      log.debug('a command over MQTT has no address for its answer', { reason: asPlatenError(error).message })
      return
    }
    const until = clock.monotonic() + seconds(address.expirySeconds)
    try {
      await this.#do(readCommandMessage(place, message, address), until)
    } catch (error) {
      const verb = message.topic.split('/').at(-1) ?? ''
      this.#answer(address, this.#stamped(failure(verb, asPlatenError(error))), until)
    }
  }

  /** Resolves when what has been done is answered; what is still being done is not waited for. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#answering)
  }

  async #do(command: CommandMessage, until: number): Promise<void> {
    const { answered } = this.#options
    // A replay takes no place: it only waits for the first answer.
    const counts = !answered.knows(command)
    if (counts && this.#running >= mostAtOnce) throw new PlatenError('busy', `${mostAtOnce} commands are under way.`, { fix: 'Wait for an answer, then send this one again.' })
    if (counts) this.#running += 1
    try {
      const taken = await answered.take(command)
      if (taken.replay) {
        this.#answer(command, await taken.reply ?? this.#stamped(noAnswer(command.verb)), until)
        return
      }
      const reply = this.#stamped(await this.#run(command, until))
      const answering = taken.settle(reply).catch((error: unknown) => this.#options.log.error('the answer to a command over MQTT is not on the disk', { reason: asPlatenError(error).message }))
        .then(() => this.#answer(command, reply, until))
      this.#answering.add(answering)
      await answering
      this.#answering.delete(answering)
    } finally {
      if (counts) this.#running -= 1
    }
  }

  async #run(command: CommandMessage, until: number): Promise<Result> {
    const { name, verb, fields, controller } = command
    const { clock, commands, tellProgress } = this.#options
    const abort = new AbortController()
    const deadline = clock.after(`deadline of ${name} over MQTT`, seconds((until - clock.monotonic()) / 1000), () => abort.abort())
    try {
      const reply = await commands.run(name, fields, {
        actor: { account: `controller ${controller}`, privilege: 'administrator' }, front: 'MQTT', signal: abort.signal, progress: (text) => tellProgress(command, text),
      })
      return { ok: true, verb, reply }
    } catch (error) {
      return failure(verb, asPlatenError(error))
    } finally {
      deadline.cancel()
    }
  }

  #answer({ responseTopic, correlationData }: ReplyAddress, reply: ReplyPayload, until: number): void {
    const left = Math.ceil((until - this.#options.clock.monotonic()) / 1000)
    if (left <= 0) return
    this.#options.outbox.put({ topic: responseTopic, payload: writePayload(reply), qos: 1, retain: false, correlationData, expirySeconds: left }, until)
  }

  #stamped(result: Result): ReplyPayload {
    const { bootId, clock } = this.#options
    return { ...result, bootId, monotonic: Math.floor(clock.monotonic()) }
  }
}

function failure(verb: string, { code, message, fix, facts }: PlatenError): Result {
  return { ok: false, verb, code, message, fix, facts: { ...facts } }
}

function noAnswer(verb: string): Result {
  return failure(verb, new PlatenError('interrupted', 'This command was taken before; its answer was cut off by a restart, or is too long to be repeated.', { fix: 'Look at the state of the board, then send a new command.' }))
}
