import test from 'ava'
import { milliseconds, minutes, seconds } from '../../../protocol/time.js'
import { beat, exitCodes, heartbeat, previousRunVariable, readPreviousRun, supervise } from '../../../firmware/supervisor/index.js'
import type { ChildEnd } from '../../../firmware/platform/process/index.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'

interface FakeBoard {
  readonly previous: string
  readonly signals: string[]
  readonly beat: () => void
  readonly end: (end: Partial<ChildEnd>) => void
}

/** A parent with boards that end when told to; a killed one ends by its signal. */
function setUp() {
  const clock = new VirtualClock(Date.UTC(2027, 0, 1))
  const boards: FakeBoard[] = []
  const said: string[] = []
  let terminate = (): void => undefined
  const code = supervise({
    clock,
    arguments: ['main.js', '--child'],
    onTerminate: (run) => void (terminate = run),
    say: (line) => void said.push(line),
    start: ({ environment, onMessage }) => {
      const signals: string[] = []
      let end!: FakeBoard['end']
      const ended = new Promise<ChildEnd>((resolve) => void (end = (given) => resolve({ code: undefined, signal: undefined, lastWords: '', ...given })))
      boards.push({ previous: environment[previousRunVariable]!, signals, beat: () => onMessage(heartbeat), end })
      return {
        pid: 1,
        ended,
        kill: (signal) => {
          signals.push(signal)
          if (signal === 'SIGKILL') end({ signal })
        },
      }
    },
  })
  return { clock, boards, said, code, terminate: () => terminate() }
}

test('device.md 8: a board that asks for a restart is started again at once, with nothing said about a crash', async (t) => {
  const { clock, boards } = setUp()
  boards[0]!.end({ code: exitCodes.restart })
  await clock.advance(milliseconds(0))
  t.is(boards.length, 2)
  t.is(readPreviousRun(boards[1]!.previous), undefined)
})

test('device.md 8: a crash is told to the next start, with its signal and its last words', async (t) => {
  const { clock, boards, said } = setUp()
  boards[0]!.end({ signal: 'SIGSEGV', lastWords: 'a fault' })
  await clock.advance(milliseconds(0))
  t.deepEqual(readPreviousRun(boards[1]!.previous), { how: 'signal SIGSEGV', lastWords: 'a fault' })
  t.deepEqual(said, ['the board ended: signal SIGSEGV; starting it again now'])
})

test('device.md 8: a second crash in a row waits one second, not a millisecond less', async (t) => {
  const { clock, boards } = setUp()
  boards[0]!.end({ code: exitCodes.crashed })
  await clock.advance(milliseconds(0))
  boards[1]!.end({ code: exitCodes.crashed })
  await clock.advance(milliseconds(999))
  t.is(boards.length, 2)
  await clock.advance(milliseconds(1))
  t.is(boards.length, 3)
})

test('device.md 8: thirty seconds without a heartbeat end the board, and the reason is the watchdog', async (t) => {
  const { clock, boards } = setUp()
  await clock.advance(seconds(29))
  boards[0]!.beat()
  await clock.advance(seconds(31))
  t.deepEqual(boards[0]!.signals, [])
  await clock.advance(seconds(1))
  t.deepEqual(boards[0]!.signals, ['SIGKILL'])
  await clock.advance(milliseconds(0))
  t.is(readPreviousRun(boards[1]!.previous)?.how, 'watchdog')
})

test('a machine that slept through the limit does not lose its board: the beat that waited behind the timer counts', async (t) => {
  const { clock, boards } = setUp()
  await clock.advance(seconds(30))
  boards[0]!.beat()
  await clock.advance(seconds(29))
  t.deepEqual(boards[0]!.signals, [])
})

test('a beating board is left alone for a day', async (t) => {
  const { clock, boards } = setUp()
  const end = beat(clock, (message) => message === heartbeat && boards[0]!.beat())
  await clock.advance(minutes(24 * 60))
  end()
  t.deepEqual(boards[0]!.signals, [])
})

test('an order to stop is passed on, and the clean end of the board is exit code 0', async (t) => {
  const { clock, boards, code, terminate } = setUp()
  terminate()
  terminate()
  t.deepEqual(boards[0]!.signals, ['SIGTERM'])
  boards[0]!.end({ code: exitCodes.stopped })
  t.is(await code, 0)
  t.deepEqual(clock.timers(), [])
})

test('a board that does not stop within 8 s is ended by force, and the exit code says so', async (t) => {
  const { clock, boards, code, terminate } = setUp()
  terminate()
  await clock.advance(seconds(8))
  t.deepEqual(boards[0]!.signals, ['SIGTERM', 'SIGKILL'])
  t.is(await code, 1)
  t.deepEqual(clock.timers(), [])
})

test('an order to stop during the wait before a start ends the wait, and nothing is started', async (t) => {
  const { clock, boards, code, terminate } = setUp()
  boards[0]!.end({ code: exitCodes.crashed })
  await clock.advance(milliseconds(0))
  boards[1]!.end({ code: exitCodes.crashed })
  await clock.advance(milliseconds(500))
  terminate()
  t.is(await code, 0)
  t.is(boards.length, 2)
  t.deepEqual(clock.timers(), [])
})

for (const [name, given, wanted] of [['config', exitCodes.config, 78], ['refused', exitCodes.refused, 1], ['stopped', exitCodes.stopped, 0]] as const) {
  test(`a board that ends as "${name}" is not started again; the exit code is ${wanted}`, async (t) => {
    const { clock, boards, code } = setUp()
    boards[0]!.end({ code: given })
    t.is(await code, wanted)
    t.is(boards.length, 1)
    t.deepEqual(clock.timers(), [])
  })
}

test('what stands in the variable and is not from the parent counts as nothing said', (t) => {
  for (const value of [undefined, '', '{', 'null', '5', '{}', '{"how":1,"lastWords":""}']) t.is(readPreviousRun(value), undefined)
})
