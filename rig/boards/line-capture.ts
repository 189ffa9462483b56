import { Duplex } from 'node:stream'
import { LOGIN_PROMPT, PROMPT } from '../../protocol/commands/index.js'
import { LineSplitter } from '../../protocol/smp/index.js'
import type { Clock } from '../../protocol/time.js'
import type { Lines } from '../platform/index.js'

/** What went over a serial line, as it came: one record for each piece. */
export interface CapturedPiece {
  /** Monotonic ms of the rig. */
  readonly at: number
  readonly from: 'board' | 'rig'
  /** Each character is one byte. Absent where it may hold a secret. */
  readonly text?: string
  /** How many bytes are not shown: the answer to a hidden prompt, or machine frames to the board, which may sign in. */
  readonly hidden?: number
}

/** Where the board's last line may be a prompt. */
const tailLength = 200

/** Lines as they are, with all that passes over them told. */
export function capturedLines(lines: Lines, clock: Clock, tell: (piece: CapturedPiece) => void): Lines {
  return { ...lines, open: async (path, baudRate) => captured(await lines.open(path, baudRate), clock, tell) }
}

function captured(line: Duplex, clock: Clock, tell: (piece: CapturedPiece) => void): Duplex {
  let tail = ''
  // A frame may come between a prompt and its answer, behind NULs; a person does not see it.
  const people = new LineSplitter({ clock, onText: (text) => (tail = (tail + Buffer.from(text).toString('latin1').replaceAll('\0', '')).slice(-tailLength)), onPacket: () => undefined })
  const seen = (from: CapturedPiece['from'], bytes: Buffer): void => {
    const text = bytes.toString('latin1')
    if (from === 'board') people.take(bytes)
    tell(from === 'rig' && mayBeSecret(tail, text) ? { at: clock.monotonic(), from, hidden: bytes.length } : { at: clock.monotonic(), from, text })
  }
  const outside = new Duplex({
    read: () => void line.resume(),
    write: (bytes: Buffer, _encoding, done) => {
      seen('rig', bytes)
      line.write(bytes, done)
    },
    final: (done) => void line.end(done),
    destroy: (error, done) => {
      line.destroy()
      done(error)
    },
  })
  line.on('data', (bytes: Buffer) => {
    seen('board', bytes)
    if (!outside.push(bytes)) line.pause()
  })
  line.on('end', () => outside.push(null))
  line.on('error', (error) => outside.destroy(error))
  line.on('close', () => {
    people.close()
    outside.destroy()
  })
  return outside
}

/** A board asks for every secret by a prompt of its own; only what is typed at its login and its command prompt is shown. */
function mayBeSecret(tail: string, typed: string): boolean {
  if (/^\0*[\u0004\u0006]/u.test(typed)) return true
  const line = tail.split(/[\r\n]/u).at(-1) ?? ''
  return line.endsWith(': ') && !line.endsWith(LOGIN_PROMPT) && !line.startsWith(PROMPT)
}
