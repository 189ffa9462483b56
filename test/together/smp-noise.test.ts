import test from 'ava'
import { LineReader, writeFrames, type Piece } from '../../protocol/smp/index.js'
import { Noise } from '../../rig/boards/index.js'
import { talkOverNoise } from '../support/noisy-line.js'
import { SeededRandom } from '../support/seeded-random.js'

test('5,000 frames at one fault per thousand bytes: no wrong answer, nothing runs twice, each exchange comes to its end', async (t) => {
  const { sent, exchanges, faults, damaged, wrong, timedOut, ranTwice, strayText, fromPerson } = await talkOverNoise({ seed: 4, rate: 1e-3, frames: 5000 })
  t.log({ sent, exchanges, faults, damaged })
  t.true(sent >= 5000 && faults > 200 && damaged > 100)
  t.deepEqual({ wrong, timedOut, ranTwice }, { wrong: 0, timedOut: 0, ranTwice: 0 })
  // Noise makes a lone line end or a stray byte of its own; base64 in a row would be a piece of a frame.
  t.notRegex(strayText, /[A-Za-z0-9+/=]{4}/)
  t.notRegex(fromPerson, /[A-Za-z0-9+/=]{8}/)
  t.true(fromPerson.split('who ').length > 5)
})

test('without noise all that a person typed among the frames arrives, and nothing else', async (t) => {
  const { typed, fromPerson, damaged, strayText, timedOut } = await talkOverNoise({ seed: 5, rate: 0, frames: 1000 })
  t.true(typed.length > 20)
  t.is(fromPerson, typed)
  t.deepEqual({ damaged, strayText, timedOut }, { damaged: 0, strayText: '', timedOut: 0 })
})

test('after any damage the second whole frame at the latest is taken again', (t) => {
  const draw = new SeededRandom(6)
  const noise = new Noise({ random: () => draw.next(), rate: 1e-3 })
  const reader = new LineReader()
  let lostInARow = 0
  let worst = 0
  let hit = 0
  for (let count = 0; count < 20_000; count += 1) {
    const packet = Buffer.from(`${count} ${'y'.repeat(draw.integer(1, 60))}`)
    const frame = writeFrames(packet)
    const arrived = noise.pass(frame)
    const whole = Buffer.compare(arrived, frame) === 0
    const pieces: readonly Piece[] = reader.read(arrived)
    const got = pieces.some((piece) => piece.is === 'packet' && Buffer.compare(piece.packet, packet) === 0)
    if (!whole) hit += 1
    lostInARow = got ? 0 : whole ? lostInARow + 1 : 0
    worst = Math.max(worst, lostInARow)
  }
  t.log({ hit, worst })
  t.true(hit > 500)
  t.true(worst <= 1)
})
