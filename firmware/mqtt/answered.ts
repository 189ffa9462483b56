import { posix } from 'node:path'
import * as z from 'zod'
import { PlatenError } from '../../protocol/errors.js'
import { replyPayload, type CommandMessage, type ReplyPayload } from '../../protocol/mqtt/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'

/** Commands remembered at once. When all of them may still be replayed, a new one is refused rather than one forgotten. */
const mostEntries = 256
/** A longer answer is not kept, bytes of JSON. Together with `mostEntries` it bounds the file. */
const longestReply = 8 * 1024
/** Brokers and clocks count whole seconds, and a message takes its time. */
const grace = seconds(60)

const stored = z.strictObject({
  version: z.literal(1),
  commands: z.array(z.strictObject({ key: z.string(), digest: z.string(), seconds: z.number(), reply: replyPayload.optional() })),
})
type Stored = z.output<typeof stored>

interface Entry {
  readonly key: string
  readonly digest: string
  /** Longest expiry it was seen with. */
  readonly seconds: number
  /** Clock.monotonic() after which no broker delivers it. */
  readonly until: number
  /** Undefined for what was cut off, or is too long to keep. */
  readonly reply: Promise<ReplyPayload | undefined>
  /** Undefined while it is being done. */
  readonly settled?: { readonly reply?: ReplyPayload }
}

/** A command that nobody gave before, and where its answer goes. */
export interface Fresh {
  readonly replay: false
  /** Keeps the answer, on the disk too. @throws disk-failed */
  readonly settle: (reply: ReplyPayload) => Promise<void>
}

/** A command that was given before, with its answer: undefined when there is none to repeat. */
export interface Replay {
  readonly replay: true
  readonly reply: Promise<ReplyPayload | undefined>
}

/**
 * The commands that were taken, by idempotency key, until their deadline is over: none is executed twice. Each is on
 * the disk before it is done. After a restart each is kept for its whole time again, since nobody knows how long the
 * board was off.
 */
export class AnsweredCommands {
  readonly #clock: Clock
  readonly #file: RecordFile<Stored>
  readonly #entries = new Map<string, Entry>()

  private constructor(clock: Clock, file: RecordFile<Stored>) {
    this.#clock = clock
    this.#file = file
    for (const { key, digest, seconds: life, reply } of file.value.commands) {
      this.#entries.set(key, { key, digest, seconds: life, until: this.#end(life), reply: Promise.resolve(reply), settled: reply === undefined ? {} : { reply } })
    }
  }

  /** @throws disk-failed */
  static async open({ disk, directory, clock, log }: { readonly disk: Disk; readonly directory: string; readonly clock: Clock; readonly log: Log }): Promise<AnsweredCommands> {
    const file = await RecordFile.open<Stored>({ disk, path: posix.join(directory, 'mqtt-commands.json'), check: (content) => stored.parse(content), empty: { version: 1, commands: [] } })
    if (file.problem !== undefined) log.error(`commands over MQTT: ${file.problem.message}; a command given before the restart may be done again`)
    return new AnsweredCommands(clock, file)
  }

  /** Whether this very key was taken before. */
  knows(command: CommandMessage): boolean {
    return this.#entries.has(keyOf(command))
  }

  /**
   * Takes a command, durably, unless it was taken before.
   * @throws invalid-value (the key was used for another command), busy (too many are remembered), disk-failed
   */
  async take(command: CommandMessage): Promise<Fresh | Replay> {
    const key = keyOf(command)
    const known = this.#entries.get(key)
    if (known !== undefined) return await this.#again(known, command)
    this.#forget()
    if (this.#entries.size >= mostEntries) throw new PlatenError('busy', `The deadlines of ${mostEntries} commands are not over yet.`, { fix: 'Give commands a shorter Message Expiry Interval.' })
    let answer: (reply: ReplyPayload | undefined) => void = () => undefined
    const reply = new Promise<ReplyPayload | undefined>((resolve) => (answer = resolve))
    const entry: Entry = { key, digest: command.digest, seconds: command.expirySeconds, until: this.#end(command.expirySeconds), reply }
    this.#entries.set(key, entry)
    try {
      await this.#save()
    } catch (error) {
      this.#entries.delete(key)
      answer(undefined)
      throw error
    }
    return {
      replay: false,
      settle: async (full) => {
        const short = Buffer.byteLength(JSON.stringify(full)) <= longestReply ? full : undefined
        answer(short)
        // It may have been seen again with another expiry meanwhile.
        this.#entries.set(key, { ...(this.#entries.get(key) ?? entry), settled: { ...(short === undefined ? {} : { reply: short }) } })
        await this.#save()
      },
    }
  }

  async #again(known: Entry, command: CommandMessage): Promise<Replay> {
    if (known.digest !== command.digest) throw new PlatenError('invalid-value', 'Correlation Data was used for another command.', { facts: { field: 'Correlation Data' }, fix: 'Give each command a value of its own.' })
    const later = { ...known, seconds: Math.max(known.seconds, command.expirySeconds), until: Math.max(known.until, this.#end(command.expirySeconds)) }
    this.#entries.set(known.key, later)
    if (later.seconds > known.seconds) await this.#save()
    return { replay: true, reply: known.reply }
  }

  #end(life: number): number {
    return this.#clock.monotonic() + seconds(life) + grace
  }

  #forget(): void {
    const now = this.#clock.monotonic()
    // What is still being done is never forgotten.
    for (const { key, until, settled } of this.#entries.values()) if (until < now && settled !== undefined) this.#entries.delete(key)
  }

  #save(): Promise<void> {
    return this.#file.update(() => ({
      version: 1,
      commands: [...this.#entries.values()].map(({ key, digest, seconds: life, settled }) => ({ key, digest, seconds: life, ...(settled?.reply === undefined ? {} : { reply: settled.reply }) })),
    }))
  }
}

/** A key is its controller's own: two controllers may draw the same. */
function keyOf({ controller, correlationData }: CommandMessage): string {
  return `${controller} ${Buffer.from(correlationData).toString('base64')}`
}
