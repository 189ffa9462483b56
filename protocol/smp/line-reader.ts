import { milliseconds, seconds, type Duration } from '../time.js'
import { firstMarker, nextMarker, packetLimit, textLimit } from './frame.js'
import { PacketAssembly } from './packet-assembly.js'

export type Piece = { readonly is: 'text'; readonly bytes: Uint8Array<ArrayBuffer> } | { readonly is: 'packet'; readonly packet: Uint8Array<ArrayBuffer> }

type State =
  /** At the start of a line. */
  | 'start'
  /** The first byte of a line is held until the second one says what the line is. */
  | 'held'
  | 'text'
  | 'frame'
  /** In what is left of a damaged frame. */
  | 'rest'

/** A first byte is held no longer than this: a person does not notice, and a machine's second byte is there. */
const holding = milliseconds(20)
/** After damage, text that comes without such a pause is taken for pieces of the damaged frame. */
const doubting = milliseconds(100)
/** A frame that stops in the middle for so long does not go on. */
const stalling = seconds(1)

const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Takes a line apart that people and machines share: into text, and packets from SMP frames. Takes any bytes in any
 * pieces and never throws; what it keeps is bounded.
 *
 * A frame starts at the start of a line: after CR, LF or NUL (which a machine sends to interrupt a line that a person
 * is typing), and after a frame. What is left of a damaged frame is dropped, never given out as text: once machines
 * were seen, a line whose first two bytes are nearly a marker, and what follows damage without a pause, count as such.
 */
export class LineReader {
  readonly #assembly: PacketAssembly
  #state: State = 'start'
  #held = 0
  #place: 'first' | 'next' = 'first'
  #text: number[] = []
  #frame: number[] = []
  #previous = 0
  #seen = false
  #doubt = false
  /** A frame ended with CR; a LF behind it is part of that end. */
  #ending = false
  #damaged = 0

  /** @param options.limit longest packet that is taken, bytes */
  constructor({ limit = packetLimit }: { readonly limit?: number } = {}) {
    this.#assembly = new PacketAssembly(limit)
  }

  /** Frames that were dropped. */
  get damaged(): number {
    return this.#damaged
  }

  /** For how long the line must be silent before `quiet` is called; undefined when nothing is waited for. */
  get patience(): Duration | undefined {
    if (this.#state === 'frame' || this.#state === 'rest') return stalling
    if (this.#doubt) return doubting
    return this.#state === 'held' && this.#seen ? holding : undefined
  }

  read(bytes: Uint8Array): readonly Piece[] {
    const pieces: Piece[] = []
    for (const byte of bytes) {
      const packet = this.#take(byte)
      if (packet === undefined) continue
      this.#flush(pieces)
      pieces.push({ is: 'packet', packet })
    }
    this.#flush(pieces)
    return pieces
  }

  /** The line was silent for as long as `patience` said. */
  quiet(): readonly Piece[] {
    const pieces: Piece[] = []
    if (this.#state === 'held') {
      this.#asText(this.#held)
      this.#flush(pieces)
    } else if (this.#state !== 'text') {
      if (this.#state === 'frame') this.#spoilt()
      this.#state = 'start'
    }
    this.#doubt = false
    return pieces
  }

  #flush(pieces: Piece[]): void {
    if (this.#text.length === 0) return
    pieces.push({ is: 'text', bytes: Uint8Array.from(this.#text) })
    this.#text = []
  }

  #take(byte: number): Uint8Array<ArrayBuffer> | undefined {
    const before = this.#previous
    this.#previous = byte
    if (this.#state === 'frame' || this.#state === 'rest') return this.#inFrame(byte, before)
    if (this.#state === 'start') this.#atStart(byte)
    else if (this.#state === 'held') this.#second(byte)
    else this.#asText(byte)
    return undefined
  }

  #atStart(byte: number): void {
    const ending = this.#ending
    this.#ending = false
    // Before machines were seen only the one byte is held that a frame starts with and that does nothing on a console.
    if (isLineEnd(byte) || byte === 0) {
      if (!this.#doubt && !(ending && byte === lineFeed)) this.#asText(byte)
    } else if (this.#seen || byte === firstMarker[0]) {
      this.#held = byte
      this.#state = 'held'
    } else this.#asText(byte)
  }

  #second(byte: number): void {
    const first = this.#held
    const place = placeOf(first, byte)
    if (place !== undefined) this.#begin(place)
    else if (this.#seen && isMarkerStart(byte)) {
      // One stray byte before a marker, or its own first byte doubled, or what was a marker and does nothing on a console.
      if (!this.#doubt && first !== byte && first !== firstMarker[0]) this.#text.push(first)
      this.#held = byte
    } else if (this.#doubt || (this.#seen && isNearlyMarker(first, byte))) {
      this.#spoilt()
      this.#state = isLineEnd(byte) ? 'start' : 'rest'
    } else {
      this.#asText(first)
      this.#asText(byte)
    }
  }

  #asText(byte: number): void {
    this.#text.push(byte)
    this.#state = isLineEnd(byte) || byte === 0 ? 'start' : 'text'
  }

  #begin(place: 'first' | 'next'): void {
    this.#seen = true
    this.#place = place
    this.#frame = []
    this.#state = 'frame'
  }

  #inFrame(byte: number, before: number): Uint8Array<ArrayBuffer> | undefined {
    // Base64 has no such bytes: the line end before this frame was lost, which must not cost this frame too.
    const place = placeOf(before, byte)
    if (place !== undefined) this.#begin(place)
    else if (isLineEnd(byte)) return this.#end(byte)
    else if (this.#state === 'frame') {
      if (isBase64(byte) && this.#frame.length < textLimit) this.#frame.push(byte)
      else {
        this.#spoilt()
        this.#state = 'rest'
      }
    }
    return undefined
  }

  #end(by: number): Uint8Array<ArrayBuffer> | undefined {
    const wasFrame = this.#state === 'frame'
    this.#state = 'start'
    this.#ending = by === carriageReturn
    if (!wasFrame) return undefined
    const result = this.#assembly.add(this.#place, Uint8Array.from(this.#frame))
    this.#frame = []
    if (result.is === 'damaged') this.#spoilt()
    // Whole packets are written in one go: between the frames of one packet there is no text.
    this.#doubt = result.is !== 'packet'
    return result.is === 'packet' ? result.packet : undefined
  }

  #spoilt(): void {
    this.#damaged += 1
    this.#doubt = true
    this.#frame = []
    this.#assembly.drop()
  }
}

function placeOf(first: number, second: number): 'first' | 'next' | undefined {
  if (first === firstMarker[0] && second === firstMarker[1]) return 'first'
  return first === nextMarker[0] && second === nextMarker[1] ? 'next' : undefined
}

function isMarkerStart(byte: number): boolean {
  return byte === firstMarker[0] || byte === nextMarker[0]
}

/** One of the two bytes is missing or is another one. */
function isNearlyMarker(first: number, second: number): boolean {
  const isEnd = (byte: number): boolean => byte === firstMarker[1] || byte === nextMarker[1]
  return isMarkerStart(first) || isEnd(first) || isEnd(second)
}

function isLineEnd(byte: number): boolean {
  return byte === lineFeed || byte === carriageReturn
}

function isBase64(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x2f && byte <= 0x39) || byte === 0x2b || byte === 0x3d
}
