import type { Duplex } from 'node:stream'
import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { minutes } from '../../../protocol/time.js'
import { SerialBoard, switchedBy, VirtualClock, type SerialBoardOptions } from '../../../rig/boards/index.js'
import { linuxPlatform } from '../../../rig/platform/index.js'
import { consoleBoard, linePair, password, start } from '../../support/console-board.js'

const base = linuxPlatform()

function onBench(line: Duplex, clock: VirtualClock, options: Partial<SerialBoardOptions> = {}): SerialBoard {
  const platform = { ...base, clock, lines: { open: () => Promise.resolve(line), listen: () => Promise.reject(new Error('unused')) } }
  return new SerialBoard(platform, { name: 'desk', path: '/dev/ttyUSB0', ...options })
}

test('a board on a bench is driven by its console, and runs on when the rig leaves the line', async (t) => {
  const model = await consoleBoard()
  const [line, end] = linePair()
  const served = model.console.serve(line)
  const board = onBench(end, new VirtualClock(start))
  await board.powerOn()
  await board.signIn(password)
  t.true((await board.command('whoami')).result.ok)
  board.detach()
  await served
  t.deepEqual(model.restarts, [])
})

test('without control of its power the rig says so, and where to give it', async (t) => {
  const [, end] = linePair()
  const board = onBench(end, new VirtualClock(start))
  for (const off of [() => board.powerOff(), () => board.cutPower()]) {
    const error = await t.throwsAsync(off(), { instanceOf: PlatenError, code: 'not-configured' })
    t.regex(error.fix, /power/)
  }
  board.detach()
})

test('a console that does not answer is told with the line it should be on', async (t) => {
  const [, end] = linePair()
  const clock = new VirtualClock(start)
  const board = onBench(end, clock)
  const waits = t.throwsAsync(board.powerOn(), { instanceOf: PlatenError, code: 'timed-out' })
  await clock.advance(minutes(1))
  const error = await waits
  t.regex(error.message, /desk does not answer on \/dev\/ttyUSB0/)
  t.regex(error.fix, /Switch the board on/)
  board.detach()
})

test("the bench's own programs switch the power; one that fails is told with its last words", async (t) => {
  const [, end] = linePair()
  const board = onBench(end, new VirtualClock(start), { power: switchedBy(base, { on: ['true'], off: ['sh', '-c', 'echo no such port; exit 3'] }, 'desk') })
  const error = await t.throwsAsync(board.powerOff(), { instanceOf: PlatenError, code: 'connect-failed' })
  t.regex(error.message, /sh did not switch .*desk: no such port/)
  board.detach()
})
