import { StringDecoder } from 'node:string_decoder'

/** What a person did at the keyboard, as far as the console cares. */
export type Key = { readonly is: 'text'; readonly text: string } | { readonly is: Ending } | { readonly is: Editing }

export type Editing = 'backspace' | 'delete' | 'left' | 'right' | 'home' | 'end' | 'up' | 'down' | 'kill-line' | 'kill-word' | 'kill-to-end' | 'redraw'
type Ending = 'enter' | 'cancel' | 'end-of-input'

const controls: Readonly<Record<string, Ending | Editing>> = {
  '\u0001': 'home', '\u0002': 'left', '\u0003': 'cancel', '\u0004': 'end-of-input', '\u0005': 'end', '\u0006': 'right', '\b': 'backspace', '\u007f': 'backspace',
  '\u000b': 'kill-to-end', '\f': 'redraw', '\u000e': 'down', '\u0010': 'up', '\u0015': 'kill-line', '\u0017': 'kill-word',
}

/** What comes after `ESC [` or `ESC O`, in the forms of common terminals. */
const sequences: Readonly<Record<string, Editing>> = {
  'A': 'up', 'B': 'down', 'C': 'right', 'D': 'left', 'H': 'home', 'F': 'end', '1~': 'home', '7~': 'home', '3~': 'delete', '4~': 'end', '8~': 'end',
}

/** Characters that a terminal shows as themselves; anything else is noise on the line. */
const letter = /^[^\p{C}\p{Zl}\p{Zp}\ufffd]$/u

/** Longest escape sequence that is waited for. */
const sequenceLimit = 16

/** Bytes of the line into keys. Takes any bytes in any pieces; what it does not know is left out. */
export class KeyReader {
  readonly #decoder = new StringDecoder('utf8')
  #afterReturn = false
  /** What follows an ESC so far; undefined outside a sequence. */
  #sequence: string | undefined

  read(bytes: Uint8Array): readonly Key[] {
    // Idle lines show as NUL bytes, even in the middle of a letter.
    const text = this.#decoder.write(Buffer.from(bytes.filter((byte) => byte !== 0)))
    return Array.from(text).flatMap((character) => this.#take(character) ?? [])
  }

  #take(character: string): Key | undefined {
    if (this.#sequence !== undefined) return this.#inSequence(this.#sequence, character)
    const afterReturn = this.#afterReturn
    this.#afterReturn = character === '\r'
    if (character === '\r') return { is: 'enter' }
    if (character === '\n') return afterReturn ? undefined : { is: 'enter' }
    if (character === '\u001b') {
      this.#sequence = ''
      return undefined
    }
    if (character === '\t') return { is: 'text', text: ' ' }
    const command = controls[character]
    if (command !== undefined) return { is: command }
    return letter.test(character) ? { is: 'text', text: character } : undefined
  }

  #inSequence(sofar: string, character: string): Key | undefined {
    const opening = sofar === ''
    if (opening && (character === '[' || character === 'O')) {
      this.#sequence = character
      return undefined
    }
    this.#sequence = undefined
    // A line end or Ctrl-C is never part of a sequence: a lone ESC before it must not swallow it.
    if (character < ' ') return this.#take(character)
    if (opening) return undefined
    if (/[\d;?]/.test(character) && sofar.length < sequenceLimit) {
      this.#sequence = sofar + character
      return undefined
    }
    const command = sequences[sofar.slice(1) + character]
    return command === undefined ? undefined : { is: command }
  }
}
