import { boardCommand, boardGroup, eventLevels, seal, writeMessage, writePayload, type BoardEvent, type MessageHeader } from '../../protocol/smp/index.js'
import type { Clock } from '../../protocol/time.js'
import type { LogBook } from '../platform/index.js'

/** Bytes waiting on the line beyond which events are left out; their sequence numbers show the gap. */
const congested = 32 * 1024

export interface MachineEventsOptions {
  readonly bootId: string
  readonly clock: Clock
  readonly log: Pick<LogBook, 'subscribe'>
  readonly congestion: () => number
  readonly send: (packet: Uint8Array<ArrayBuffer>) => void
}

/** What a session is told without asking each time: lines of the log, and what its commands are doing. */
export class MachineEvents {
  readonly #options: MachineEventsOptions
  #sequence = 0
  #unsubscribe: (() => void) | undefined

  constructor(options: MachineEventsOptions) {
    this.#options = options
  }

  follow(level: BoardEvent['level'] | 'none'): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    if (level === 'none') return
    const lowest = eventLevels.indexOf(level)
    this.#unsubscribe = this.#options.log.subscribe((line) => {
      if (eventLevels.indexOf(line.level) >= lowest) this.#send({ kind: 'log', monotonic: line.monotonic, level: line.level, text: line.text })
    })
  }

  progress(of: number, text: string): void {
    this.#send({ kind: 'progress', monotonic: Math.floor(this.#options.clock.monotonic()), level: 'info', text, of })
  }

  #send(event: Omit<BoardEvent, 'boot' | 'sequence'>): void {
    const sequence = this.#sequence
    this.#sequence += 1
    if (this.#options.congestion() > congested) return
    const header: MessageHeader = { operation: 'write-reply', version: 1, flags: 0, group: boardGroup, sequence: sequence % 256, id: boardCommand.event }
    this.#options.send(writeMessage({ ...header, data: writePayload(seal(header, { ...event, boot: this.#options.bootId, sequence })) }))
  }
}
