import test from 'ava'
import { NEW_PASSWORD_AGAIN_PROMPT, NEW_PASSWORD_PROMPT } from '../../../protocol/commands/index.js'
import { LineJoiner } from '../../../protocol/smp/index.js'
import { capturedLines, ConsoleDriver, ConsoleSession, VirtualClock, type CapturedPiece } from '../../../rig/boards/index.js'
import { consoleBoard, linePair, password, start } from '../../support/console-board.js'

test('a capture has all that went over the line, both ways, with monotonic stamps, and no password or challenge', async (t) => {
  const board = await consoleBoard()
  const [line, end] = linePair()
  void board.console.serve(line)
  const clock = new VirtualClock(start)
  const pieces: CapturedPiece[] = []
  const opened = await capturedLines({ open: () => Promise.resolve(end), listen: () => Promise.reject(new Error('unused')) }, clock, (piece) => pieces.push(piece)).open('/dev/x')
  const session = new ConsoleSession(opened, clock)
  const keyboard = new ConsoleDriver(session)
  await keyboard.signIn(password)
  const outcome = await keyboard.command('request key-name=office cn=127.0.0.1', { answers: { 'Challenge Password (empty for none): ': 'the challenge' } })
  t.true(outcome.result.ok)
  session.close()

  const said = pieces.filter(({ from }) => from === 'board').map(({ text }) => text).join('')
  for (const text of [NEW_PASSWORD_PROMPT, NEW_PASSWORD_AGAIN_PROMPT, 'platen> ', '= ok ']) t.true(said.includes(text), text)
  const typed = pieces.filter(({ from }) => from === 'rig')
  t.deepEqual(typed.map(({ text, hidden }) => text ?? hidden), ['administrator\r', password.length + 1, password.length + 1, 'request key-name=office cn=127.0.0.1\r', 'the challenge'.length + 1])
  t.false(JSON.stringify(pieces).includes(password))
  t.false(JSON.stringify(pieces).includes('the challenge'))
  t.true(pieces.every(({ at }, index) => at >= (pieces[index - 1]?.at ?? 0)))
})

test('machine frames to the board are counted, not shown: one of them signs in', async (t) => {
  const [board, end] = linePair()
  const pieces: CapturedPiece[] = []
  const opened = await capturedLines({ open: () => Promise.resolve(end), listen: () => Promise.reject(new Error('unused')) }, new VirtualClock(start), (piece) => pieces.push(piece)).open('/dev/x')
  for (const first of [[6, 9], [4, 20]]) opened.write(Buffer.from([...first, 65, 65, 10]))
  board.write(Buffer.from([6, 9, 66, 10]))
  await new Promise((resolve) => opened.once('data', resolve))
  opened.destroy()
  t.deepEqual(pieces.map(({ from, text, hidden }) => [from, text ?? hidden]).sort(), [['board', '\u0006\tB\n'], ['rig', 5], ['rig', 5]].sort())
})

test('a frame between a prompt and its answer does not bring the answer into the capture', async (t) => {
  const [board, end] = linePair()
  const pieces: CapturedPiece[] = []
  const opened = await capturedLines({ open: () => Promise.resolve(end), listen: () => Promise.reject(new Error('unused')) }, new VirtualClock(start), (piece) => pieces.push(piece)).open('/dev/x')
  const frame = new Promise<void>((resolve) => void opened.on('data', (piece: Buffer) => (piece.includes('\u0006\t') ? resolve() : undefined)))
  const joiner = new LineJoiner((bytes) => board.write(bytes))
  joiner.text(Buffer.from('Password: '))
  joiner.packet(Buffer.alloc(40))
  await frame
  opened.write('a secret word\r')
  opened.destroy()
  t.false(JSON.stringify(pieces).includes('a secret word'))
})

test('when the line goes away, whoever reads the captured one is told', async (t) => {
  const [board, end] = linePair()
  const opened = await capturedLines({ open: () => Promise.resolve(end), listen: () => Promise.reject(new Error('unused')) }, new VirtualClock(start), () => undefined).open('/dev/x')
  const closed = new Promise((resolve) => opened.once('close', resolve))
  board.destroy()
  await closed
  t.true(opened.destroyed)
})
