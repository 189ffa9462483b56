import { LINE_LIMIT } from '../../protocol/commands/index.js'
import { columnsOf, screenWidth } from './columns.js'
import type { Editing, Key } from './key-reader.js'

/** How the typing of a line ended. */
export type LineEnd =
  | { readonly is: 'line'; readonly text: string }
  /** Longer than the console takes; nothing of it may be used. */
  | { readonly is: 'too-long' }
  /** Ctrl-C. */
  | { readonly is: 'cancelled' }
  /** Ctrl-D on an empty line. */
  | { readonly is: 'end-of-input' }

export interface Pressed {
  /** To be written to the terminal as it is. */
  readonly output: string
  readonly end?: LineEnd
}

/** One line being typed. The line scrolls sideways, so it never wraps; hidden input shows nothing at all. */
export class LineEditor {
  readonly #prompt: string
  readonly #hidden: boolean
  readonly #history: readonly string[]
  #characters: string[] = []
  #cursor = 0
  #bytes = 0
  #tooLong = false
  /** Counts back from the end of the history; 0 is the line being typed. */
  #back = 0
  #draft: readonly string[] = []
  /** The first character shown. */
  #from = 0
  /** Columns for the line beside the prompt; the last column stays free, where terminals differ about wrapping. */
  readonly #room: number

  /** @param options.history older lines, the newest last */
  constructor({ prompt, hidden = false, history = [] }: { readonly prompt: string; readonly hidden?: boolean; readonly history?: readonly string[] }) {
    this.#prompt = prompt
    this.#hidden = hidden
    this.#history = history
    this.#room = screenWidth - 1 - columnsOf(prompt)
  }

  press(key: Key): Pressed {
    switch (key.is) {
      case 'enter':
        return { output: '\r\n', end: this.#tooLong ? { is: 'too-long' } : { is: 'line', text: this.#characters.join('') } }
      case 'cancel':
        return { output: '^C\r\n', end: { is: 'cancelled' } }
      case 'end-of-input':
        return this.#characters.length === 0 ? { output: '\r\n', end: { is: 'end-of-input' } } : this.#redrawn(() => this.#remove(this.#cursor, this.#cursor + 1))
      case 'text':
        return { output: this.#insert(key.text) }
      default:
        return this.#redrawn(() => this.#edit(key.is))
    }
  }

  /** The prompt and the part of the line around the cursor, on one row of the screen. */
  draw(): string {
    if (this.#hidden) return `\r${this.#prompt}`
    this.#scroll()
    let to = this.#cursor
    for (let columns = this.#columns(this.#from, to); to < this.#characters.length; to += 1) {
      columns += this.#columns(to, to + 1)
      if (columns > this.#room) break
    }
    const behind = this.#columns(this.#cursor, to)
    return `\r${this.#prompt}${this.#characters.slice(this.#from, to).join('')}\u001b[K${behind === 0 ? '' : `\u001b[${behind}D`}`
  }

  /** Half a row at a time: a long line that is pasted is not drawn anew with each letter. */
  #scroll(): void {
    if (this.#columns(0, this.#characters.length) <= this.#room) this.#from = 0
    else if (this.#cursor < this.#from || this.#columns(this.#from, this.#cursor) > this.#room) {
      this.#from = this.#cursor
      for (let columns = 0; this.#from > 0; this.#from -= 1) {
        columns += this.#columns(this.#from - 1, this.#from)
        if (columns > this.#room / 2) break
      }
    }
  }

  #insert(text: string): string {
    const size = Buffer.byteLength(text)
    this.#tooLong ||= this.#bytes + size > LINE_LIMIT
    if (this.#tooLong) return ''
    const atEnd = this.#cursor === this.#characters.length
    this.#characters.splice(this.#cursor, 0, text)
    this.#cursor += 1
    this.#bytes += size
    if (this.#hidden) return ''
    // The common case needs no escape sequences, so that a plain log of the line stays readable.
    return atEnd && this.#columns(this.#from, this.#cursor) <= this.#room ? text : this.draw()
  }

  #columns(from: number, to: number): number {
    return columnsOf(this.#characters.slice(from, to).join(''))
  }

  #redrawn(edit: () => void): Pressed {
    edit()
    return { output: this.#hidden ? '' : this.draw() }
  }

  #edit(command: Editing): void {
    const edits: { readonly [Command in Editing]: () => void } = {
      'backspace': () => this.#remove(this.#cursor - 1, this.#cursor),
      'delete': () => this.#remove(this.#cursor, this.#cursor + 1),
      'kill-line': () => this.#remove(0, this.#cursor),
      'kill-to-end': () => this.#remove(this.#cursor, this.#characters.length),
      'kill-word': () => this.#remove(this.#wordStart(), this.#cursor),
      'left': () => this.#move(this.#cursor - 1),
      'right': () => this.#move(this.#cursor + 1),
      'home': () => this.#move(0),
      'end': () => this.#move(this.#characters.length),
      'up': () => this.#recall(this.#back + 1),
      'down': () => this.#recall(this.#back - 1),
      'redraw': () => undefined,
    }
    edits[command]()
  }

  #remove(from: number, to: number): void {
    const start = Math.max(0, from)
    const removed = this.#characters.splice(start, Math.max(0, to - start))
    this.#bytes -= Buffer.byteLength(removed.join(''))
    this.#cursor = start
  }

  #move(to: number): void {
    this.#cursor = Math.min(Math.max(0, to), this.#characters.length)
  }

  #wordStart(): number {
    let start = this.#cursor
    while (start > 0 && this.#characters[start - 1] === ' ') start -= 1
    while (start > 0 && this.#characters[start - 1] !== ' ') start -= 1
    return start
  }

  #recall(back: number): void {
    if (this.#hidden || back < 0 || back > this.#history.length) return
    if (this.#back === 0) this.#draft = [...this.#characters]
    this.#back = back
    this.#characters = back === 0 ? [...this.#draft] : Array.from(this.#history[this.#history.length - back] ?? '')
    this.#cursor = this.#characters.length
    this.#bytes = Buffer.byteLength(this.#characters.join(''))
  }
}
