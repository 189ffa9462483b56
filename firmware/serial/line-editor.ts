import { LINE_LIMIT } from '../../protocol/commands/index.js'
import { columnsOf, columnsOfCharacter, screenWidth } from './columns.js'
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

/** One line being typed. The line scrolls sideways, so that it never wraps; hidden input shows nothing at all. */
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

  /** @param options.history older lines, the newest last */
  constructor({ prompt, hidden = false, history = [] }: { readonly prompt: string; readonly hidden?: boolean; readonly history?: readonly string[] }) {
    this.#prompt = prompt
    this.#hidden = hidden
    this.#history = history
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

  /** The prompt and what is typed so far, on a line of its own. */
  draw(): string {
    if (this.#hidden) return `\r${this.#prompt}`
    const room = screenWidth - 1 - columnsOf(this.#prompt)
    let from = 0
    while (columnsOf(this.#characters.slice(from, this.#cursor).join('')) > room) from += 1
    let to = this.#cursor
    let columns = columnsOf(this.#characters.slice(from, to).join(''))
    for (let next = this.#characters[to]; next !== undefined && columns + columnsOfCharacter(next) <= room; next = this.#characters[to]) {
      columns += columnsOfCharacter(next)
      to += 1
    }
    const behind = columnsOf(this.#characters.slice(this.#cursor, to).join(''))
    return `\r${this.#prompt}${this.#characters.slice(from, to).join('')}\u001b[K${behind === 0 ? '' : `\u001b[${behind}D`}`
  }

  #insert(text: string): string {
    const size = Buffer.byteLength(text)
    if (this.#bytes + size > LINE_LIMIT) {
      this.#tooLong = true
      return ''
    }
    const atEnd = this.#cursor === this.#characters.length
    this.#characters.splice(this.#cursor, 0, text)
    this.#cursor += 1
    this.#bytes += size
    if (this.#hidden) return ''
    // The common case needs no escape sequences, so that a plain log of the line stays readable.
    return atEnd && columnsOf(this.#prompt) + columnsOf(this.#characters.join('')) < screenWidth ? text : this.draw()
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
