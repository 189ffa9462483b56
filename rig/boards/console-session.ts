import { StringDecoder } from 'node:string_decoder'
import type { Duplex } from 'node:stream'
import { PlatenError } from '../../protocol/errors.js'
import type { Clock, Duration } from '../../protocol/time.js'

/** Text that the board wrote, complete up to a prompt or line that was waited for. */
interface Wait {
  readonly pattern: RegExp
  readonly resolve: (text: string) => void
  readonly reject: (error: Error) => void
}

/** Enough for the longest reply of a board; what is older was read by nobody and is let go. */
const bufferLimit = 256 * 1024

/** Cursor moves and erasures of a line editor at the board's end; a driver reads the text alone. */
const terminalControl = /\u001b\[[0-9;?]*[A-Za-z]/gu

/**
 * One end of a serial line, as a person at a terminal uses it: read up to something, then type.
 * It never sleeps: it waits for text, with a deadline.
 */
export class ConsoleSession {
  readonly #line: Duplex
  readonly #clock: Clock
  readonly #decoder = new StringDecoder('utf8')
  #unread = ''
  #wait: Wait | undefined
  #ended = false

  /** @param onText sees all that the board writes, without terminal control */
  constructor(line: Duplex, clock: Clock, onText: (text: string) => void = () => undefined) {
    this.#line = line
    this.#clock = clock
    line.on('data', (bytes: Buffer) => {
      const text = this.#decoder.write(bytes).replace(terminalControl, '')
      onText(text)
      this.#unread = (this.#unread + text).slice(-bufferLimit)
      this.#settle()
    })
    const end = (): void => {
      this.#ended = true
      this.#wait?.reject(new PlatenError('connect-failed', 'the serial line to the board was closed'))
    }
    line.on('close', end)
    line.on('error', end)
  }

  /** Types text as it is; a line ends with carriage return, as a terminal's Enter key sends it. */
  type(text: string): void {
    this.#line.write(text)
  }

  /** Lets go of what nobody has read: prompts that the board has drawn anew after each event, for one. */
  skip(): void {
    this.#unread = ''
  }

  /**
   * Waits until what the board has written since the last call matches, and returns it up to the end of the match.
   * @throws timed-out with the last line that the board wrote
   */
  async until(pattern: RegExp, deadline: Duration): Promise<string> {
    if (this.#ended) throw new PlatenError('connect-failed', 'the serial line to the board is closed')
    if (this.#wait !== undefined) throw new TypeError('this session is waited on already')
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after('console-wait', deadline, () => this.#wait?.reject(this.#silence(pattern, deadline)))
      const finish = (act: () => void): void => {
        timer.cancel()
        this.#wait = undefined
        act()
      }
      this.#wait = { pattern, resolve: (text) => finish(() => resolve(text)), reject: (error) => finish(() => reject(error)) }
      this.#settle()
    })
  }

  /** Ends the wait under way, if there is one, with `connect-failed`. What was not read is let go. */
  interrupt(): void {
    this.#unread = ''
    this.#wait?.reject(new PlatenError('connect-failed', 'the board was cut off while the rig waited for what it says'))
  }

  close(): void {
    this.#line.destroy()
  }

  #settle(): void {
    const match = this.#wait?.pattern.exec(this.#unread)
    if (this.#wait === undefined || match === null || match === undefined) return
    const end = match.index + match[0].length
    const text = this.#unread.slice(0, end)
    this.#unread = this.#unread.slice(end)
    this.#wait.resolve(text)
  }

  #silence(pattern: RegExp, deadline: Duration): PlatenError {
    const last = this.#unread.trimEnd().split('\n').at(-1) ?? ''
    return new PlatenError('timed-out', `the board did not say ${String(pattern)} within ${deadline} ms; its last line: ${JSON.stringify(last)}`)
  }
}
