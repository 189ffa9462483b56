import { PASTE_LIMIT } from '../../protocol/commands/index.js'
import type { Key } from './key-reader.js'
import type { Pressed } from './line-editor.js'

/** See `AskedSecret.paste`. */
export type PasteEnd = 'block' | 'dot'

/** Longest line that can end a paste, characters. */
const endLength = 80

/** Many lines that are pasted in answer to one prompt. Nothing of them is shown. */
export class PasteReader {
  readonly #prompt: string
  readonly #end: PasteEnd
  #lines: string[] = []
  #line = ''
  #length = 0

  constructor({ prompt, paste }: { readonly prompt: string; readonly paste: PasteEnd }) {
    this.#prompt = prompt
    this.#end = paste
  }

  press(key: Key): Pressed {
    switch (key.is) {
      case 'text':
        this.#length += key.text.length
        // Beyond the limit nothing is kept but what a line begins with: its end must still be seen.
        if (!this.#tooLong || this.#line.length < endLength) this.#line += key.text
        return { output: '' }
      case 'enter':
        return this.#lineEnd()
      case 'cancel':
        return { output: '^C\r\n', end: { is: 'cancelled' } }
      case 'end-of-input':
        return this.#line === '' ? { output: '\r\n', end: { is: 'end-of-input' } } : { output: '' }
      case 'backspace':
        this.#line = this.#line.slice(0, -1)
        return { output: '' }
      case 'kill-line':
        this.#line = ''
        return { output: '' }
      default:
        return { output: '' }
    }
  }

  draw(): string {
    return `\r${this.#prompt}`
  }

  get #tooLong(): boolean {
    return this.#length > PASTE_LIMIT
  }

  #lineEnd(): Pressed {
    const line = this.#line.trim()
    this.#line = ''
    const dot = line === '.'
    if (!dot && !this.#tooLong) this.#lines.push(line)
    if (!dot && !(this.#end === 'block' && /^-----END [^-]+-----$/u.test(line))) return { output: '' }
    return { output: '\r\n', end: this.#tooLong ? { is: 'too-long' } : { is: 'line', text: this.#lines.join('\n') } }
  }
}
