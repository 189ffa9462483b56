import type { Duplex } from 'node:stream'
import test from 'ava'
import { LineNoise } from '../../../rig/boards/index.js'
import { linuxPlatform } from '../../../rig/platform/index.js'
import { linePair } from '../../support/console-board.js'
import { SeededRandom } from '../../support/seeded-random.js'

const { clock, lines: real } = linuxPlatform()

async function read(stream: Duplex, least: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  return new Promise((resolve) => {
    stream.on('data', function take(piece: Buffer) {
      pieces.push(piece)
      if (Buffer.concat(pieces).length < least) return
      stream.off('data', take)
      resolve(Buffer.concat(pieces))
    })
  })
}

test('a line is whole before noise begins and after it ends; in between bytes are harmed both ways, and counted', async (t) => {
  const [board, end] = linePair()
  const noise = new LineNoise({ ...real, open: () => Promise.resolve(end) }, clock)
  const line = await noise.lines.open('/dev/x')
  const text = Buffer.alloc(4000, 'abcdefgh')
  const whole = read(board, text.length)
  line.write(text)
  t.deepEqual(await whole, text)

  const draw = new SeededRandom(7)
  noise.begin({ random: () => draw.next(), rate: 0.01 })
  const [up, down] = [read(board, 3800), read(line, 3800)]
  line.write(text)
  board.write(text)
  t.notDeepEqual((await up).subarray(0, 3800), text.subarray(0, 3800))
  t.notDeepEqual((await down).subarray(0, 3800), text.subarray(0, 3800))
  const { dropped, doubled, flipped } = noise.end()
  t.true(dropped > 0 && doubled > 0 && flipped > 0)
  line.destroy()
})
