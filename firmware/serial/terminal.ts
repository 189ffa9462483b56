import type { Duplex } from 'node:stream'
import { visible } from '../../protocol/commands/index.js'
import { KeyReader, type Key } from './key-reader.js'
import { LineEditor, type LineEnd } from './line-editor.js'
import { PasteReader, type PasteEnd } from './paste-reader.js'

/** How a wait for a line ended: by the keyboard, or because there is nobody to wait for any more. */
export type Typed = LineEnd | { readonly is: 'hung-up' } | { readonly is: 'broken-off' }

export interface Question {
  readonly prompt: string
  readonly hidden?: boolean
  /** Many lines are asked for, and none of them is shown. */
  readonly paste?: PasteEnd
  readonly history?: readonly string[]
}

/** Keys kept while nobody reads; a paste of some lines fits, a babbling line does not grow. */
const typeAheadLimit = 4096
/** Bytes that the other end has not taken; beyond this the echo of keys is left out. */
const echoLimit = 64 * 1024

interface Reading {
  readonly editor: Pick<LineEditor, 'press' | 'draw'>
  readonly done: (end: Typed) => void
}

/** A person's terminal at the end of a byte stream: whole lines out, typed lines in. */
export class Terminal {
  /** Called for Ctrl-C while no line is being typed, and when the line hangs up. */
  onInterrupt: () => void = () => undefined
  /** Called for each key. */
  onKey: () => void = () => undefined
  readonly #line: Duplex
  readonly #keys = new KeyReader()
  readonly #ahead: Key[] = []
  #reading: Reading | undefined
  #open: boolean
  readonly #closed: Promise<void>

  constructor(line: Duplex) {
    this.#line = line
    this.#open = !line.destroyed && !line.readableEnded
    this.#closed = new Promise((resolve) => {
      const close = (): void => {
        if (!this.#open) return
        this.#open = false
        this.#finish({ is: 'hung-up' })
        this.onInterrupt()
        resolve()
      }
      // An error of the line is one way to hang up; the stream ends with it.
      for (const event of ['close', 'end', 'error']) line.on(event, close)
    })
  }

  get open(): boolean {
    return this.#open
  }

  /** Bytes that a person's terminal sent; machines share the line, so its splitter calls this. */
  take(bytes: Uint8Array): void {
    for (const key of this.#keys.read(bytes)) {
      this.onKey()
      if (this.#reading !== undefined) this.#press(this.#reading, key)
      else if (key.is === 'cancel') {
        this.#ahead.length = 0
        this.onInterrupt()
      } else if (this.#ahead.length < typeAheadLimit) this.#ahead.push(key)
    }
  }

  /** Writes one whole line; characters that a terminal would act on are shown as escapes. */
  writeLine(text: string): void {
    this.#write(`${visible(text)}\r\n`)
  }

  /**
   * Writes whole lines that are not for the person, and leaves the screen as it was: a line that is being typed is
   * taken off first, as they must start a line of their own, and drawn again after.
   */
  interject(lines: Uint8Array): void {
    const typed = this.#reading === undefined ? undefined : this.#reading.editor.draw()
    this.#write(typed === undefined ? lines : Buffer.concat([Buffer.from('\u001b[2K\r\n'), lines, Buffer.from(`\u001b[A${typed}`)]))
  }

  /** Bytes that the other end has not taken yet. */
  get congestion(): number {
    return this.#line.writableLength
  }

  /** Shows a prompt and waits for a line. */
  async read(question: Question): Promise<Typed> {
    if (this.#reading !== undefined) throw new TypeError('a line is being read already')
    await this.drained()
    if (!this.#open) return { is: 'hung-up' }
    return new Promise((resolve) => {
      const { paste } = question
      const editor = paste === undefined ? new LineEditor(question) : new PasteReader({ ...question, paste })
      const reading = { editor, done: resolve }
      this.#reading = reading
      this.#write(question.prompt)
      while (this.#reading === reading) {
        const key = this.#ahead.shift()
        if (key === undefined) return
        this.#press(reading, key)
      }
    })
  }

  /** Ends the wait for a line from this side; what was typed of it is forgotten. */
  breakOff(): void {
    if (this.#reading !== undefined) this.#write('\r\n')
    this.#finish({ is: 'broken-off' })
  }

  /** Waits until the other end has taken what was written, or is gone. */
  async drained(): Promise<void> {
    if (!this.#open || !this.#line.writableNeedDrain) return
    const drain = new Promise<void>((resolve) => this.#line.once('drain', resolve))
    await Promise.race([drain, this.#closed])
  }

  #press(reading: Reading, key: Key): void {
    const { output, end } = reading.editor.press(key)
    if (output !== '' && (end !== undefined || this.#line.writableLength < echoLimit)) this.#write(output)
    if (end !== undefined) this.#finish(end)
  }

  #finish(end: Typed): void {
    const reading = this.#reading
    this.#reading = undefined
    reading?.done(end)
  }

  #write(text: string | Uint8Array): void {
    if (this.#open && this.#line.writable) this.#line.write(text)
  }
}
