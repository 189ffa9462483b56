import { pino } from 'pino'
import type { ErrorFacts } from '../../protocol/errors.js'
import type { Clock } from '../../protocol/time.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What a module writes its story to. Facts are safe values: secrets by name are struck out, but do not pass them. */
export interface Log {
  debug(text: string, facts?: ErrorFacts): void
  info(text: string, facts?: ErrorFacts): void
  warn(text: string, facts?: ErrorFacts): void
  error(text: string, facts?: ErrorFacts): void
}

export interface LogLine {
  /** Clock.monotonic() at the event, whole milliseconds. */
  readonly monotonic: number
  readonly bootId: string
  readonly level: LogLevel
  /** Text and facts on one line; control characters are escaped. */
  readonly text: string
}

const kept = 500
const secrets = ['challenge', 'challengePassword', 'password', 'passphrase', 'privateKey', 'secret']

/** The board's log: keeps the last 500 lines, tells its subscribers, and writes each line out. */
export class LogBook implements Log {
  readonly #pino: pino.Logger
  readonly #clock: Clock
  readonly #bootId: string
  readonly #write: (line: string) => void
  readonly #lines: LogLine[] = []
  readonly #subscribers = new Set<(line: LogLine) => void>()

  /** @param options.write takes each finished line with its line feed; usually standard output */
  constructor(options: { readonly clock: Clock; readonly bootId: string; readonly write: (line: string) => void; readonly level?: LogLevel }) {
    this.#clock = options.clock
    this.#bootId = options.bootId
    this.#write = options.write
    this.#pino = pino({
      level: options.level ?? 'info',
      base: null,
      // Stamps come from the Clock port, when the line is made.
      timestamp: false,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: secrets.map((name) => `facts.${name}`), censor: '[not shown]' },
    }, { write: (record: string) => this.#take(record) })
  }

  debug(text: string, facts: ErrorFacts = {}): void {
    this.#pino.debug({ facts }, text)
  }

  info(text: string, facts: ErrorFacts = {}): void {
    this.#pino.info({ facts }, text)
  }

  warn(text: string, facts: ErrorFacts = {}): void {
    this.#pino.warn({ facts }, text)
  }

  error(text: string, facts: ErrorFacts = {}): void {
    this.#pino.error({ facts }, text)
  }

  /** The last lines, oldest first. */
  recent(count: number = kept): readonly LogLine[] {
    return count <= 0 ? [] : this.#lines.slice(-count)
  }

  /** @returns a call that ends the subscription */
  subscribe(tell: (line: LogLine) => void): () => void {
    this.#subscribers.add(tell)
    return () => void this.#subscribers.delete(tell)
  }

  #take(record: string): void {
    const { level, msg, facts } = JSON.parse(record) as { level: LogLevel; msg: string; facts: ErrorFacts }
    const line = { monotonic: Math.floor(this.#clock.monotonic()), bootId: this.#bootId, level, text: oneLine(msg, facts) }
    this.#lines.push(line)
    if (this.#lines.length > kept) this.#lines.shift()
    this.#write(`${formatLogLine(line)}\n`)
    for (const tell of this.#subscribers) tell(line)
  }
}

/** `[monotonic ms, boot id, level] text`, as rig.md asks for on the serial line. */
export function formatLogLine(line: LogLine): string {
  return `[${line.monotonic}, ${line.bootId}, ${line.level}] ${line.text}`
}

/** What a server sent may end up in a text; it must not be able to forge a line of its own. */
function oneLine(text: string, facts: ErrorFacts): string {
  const words = Object.entries(facts).map(([name, value]) => `${name}=${typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : String(value)}`)
  return [text, ...words].join(' ').replace(/[\p{Cc}\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
