import { milliseconds, type Clock, type Duration } from '../../../protocol/time.js'
import type { Processes } from '../../platform/index.js'
import type { LoadSample } from '../../verdicts/index.js'
import type { Seen } from './use-under-test.js'

/** Something that asks a use again and again while its key is exchanged. */
export interface Load {
  /** For people: "new connections". */
  readonly name: string
  /** What an exchange of keys may cost it. */
  readonly promise: { readonly lost: number; readonly gap: number }
  /** Each request is a handshake of its own: the bench takes one, when nothing happens, for the floor of an exchange. */
  readonly handshakes?: boolean
  start(): Promise<RunningLoad>
}

export interface RunningLoad {
  /** How many requests have ended so far. */
  asked(): number
  /** Ends it. @returns what came of each request, in the order of their starts, stamped by the rig's clock */
  stop(): Promise<readonly LoadSample[]>
}

interface RequestLoad extends Pick<Load, 'name' | 'promise' | 'handshakes'> {
  readonly clock: Clock
  readonly ask: () => Promise<Seen>
  /** From the end of one request to the start of the next. */
  readonly pause: Duration
  readonly close?: () => void
}

/** One request after the other. */
export function requestLoad({ name, promise, handshakes = false, clock, ask, pause, close }: RequestLoad): Load {
  const run = async (samples: LoadSample[], going: { on: boolean }): Promise<void> => {
    while (going.on) {
      const started = clock.monotonic()
      const seen = await ask().catch(() => undefined)
      const { serial } = seen ?? {}
      samples.push({ started, ended: clock.monotonic(), served: seen !== undefined, ...(serial === undefined ? {} : { serial }) })
      await new Promise<void>((resolve) => void clock.after(`load: ${name}`, pause, resolve))
    }
  }
  return {
    name, promise, handshakes,
    start: () => {
      const samples: LoadSample[] = []
      const going = { on: true }
      const ended = run(samples, going)
      return Promise.resolve({
        asked: () => samples.length,
        stop: async () => {
          going.on = false
          await ended
          close?.()
          return samples
        },
      })
    },
  }
}

interface PingLoad extends Pick<Load, 'promise'> {
  readonly clock: Clock
  /** Of the machine that it is sent from. */
  readonly processes: Processes
  readonly from: string
  readonly to: string
  /** Default 10 ms. */
  readonly every?: Duration
}

/** ICMP echo requests at a steady pace, by iputils `ping`; it stamps them by the wall time, which runs with the rig's clock over so short a time. */
export function pingLoad({ promise, clock, processes, from, to, every = milliseconds(10) }: PingLoad): Load {
  return {
    name: `a ping every ${every} ms`, promise,
    start: async () => {
      const record = new PingRecord(clock.monotonic() - clock.wall(), every)
      const running = await processes.start('ping', ['-D', '-O', '-n', '-i', String(every / 1000), '-W', '2', '-I', from, to], { onLine: (line) => record.read(line) })
      return {
        asked: () => record.samples().length,
        stop: async () => {
          running.signal('SIGINT')
          await running.exited
          return record.samples()
        },
      }
    },
  }
}

/** Reads what `ping -D -O` says as it says it. */
export class PingRecord {
  /** Monotonic minus wall, ms. */
  readonly #offset: number
  readonly #every: number
  readonly #bySequence = new Map<number, LoadSample>()

  constructor(offset: number, every: number) {
    this.#offset = offset
    this.#every = every
  }

  read(line: string): void {
    const [, stamp, rest = ''] = /^\[(\d+\.\d+)\] (.*)$/u.exec(line) ?? []
    if (stamp === undefined) return
    const ended = Number(stamp) * 1000 + this.#offset
    const [, answered, took] = /icmp_seq=(\d+) .*time=([\d.]+) ms/u.exec(rest) ?? []
    if (answered !== undefined) this.#bySequence.set(Number(answered), { started: ended - Number(took), ended, served: true })
    // Said when the next is sent, one interval after it; an answer may come yet.
    const [, silent] = /no answer yet for icmp_seq=(\d+)/u.exec(rest) ?? []
    if (silent !== undefined) this.#bySequence.set(Number(silent), { started: ended - this.#every, ended, served: false })
    const [, refused] = /icmp_seq=(\d+) .*[Uu]nreachable/u.exec(rest) ?? []
    if (refused !== undefined) this.#bySequence.set(Number(refused), { started: ended, ended, served: false })
  }

  samples(): readonly LoadSample[] {
    return [...this.#bySequence.values()].sort((one, other) => one.started - other.started)
  }
}
