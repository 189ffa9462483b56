import test from 'ava'
import { ScheduledBoard, day, hour, minute, second, settings, today } from '../../../support/scheduled-board.js'
import { SeededRandom } from '../../../support/seeded-random.js'

const start = today + hour

test('device.md 4: a request begins at the start plus its jitter: one millisecond before nothing, then it happens', (t) => {
  for (const jitter of [1, 600]) {
    const board = new ScheduledBoard({ draws: [jitter] })
    board.passUntil(start + jitter * second - 1)
    board.happens({ is: 'wake' })
    t.is(board.sent.length, 0)
    board.pass(1)
    t.like(board.sent, [{ do: 'send', attempt: 1, kind: 'challenge', at: start + jitter * second }])
  }
})

test('with Auto Adjust off a request begins at the start itself, and nothing is drawn', (t) => {
  const board = new ScheduledBoard({ with: settings({ autoAdjust: false }) })
  board.passUntil(start - 1)
  t.is(board.sent.length, 0)
  board.pass(1)
  t.is(board.sent.length, 1)
  t.deepEqual(board.draws, [])
  board.fail('store-full')
  board.pass(day)
  t.is(board.sent.length, 1, 'the start is fulfilled, though it fell on the very millisecond')
})

test('the next date with its jitter is shown from the Update on', (t) => {
  const board = new ScheduledBoard({ draws: [77] })
  t.deepEqual(board.view, { status: 'To Be Processed', cause: 'start', nextAt: start + 77 * second, polls: 0 })
})

test('jitter is drawn once for a start: a hundred reboots neither redraw nor repeat', (t) => {
  const board = new ScheduledBoard({ draws: [300, 1] })
  for (let reboots = 0; reboots < 100; reboots += 1) {
    board.pass(30 * second)
    if (board.attempt !== 0) board.fail('scep-failure', 2)
    board.powerCut(20 * second)
  }
  t.deepEqual(board.draws, [300])
  t.deepEqual(board.sent.map(({ at }) => at), [start + 300 * second])
})

test('a start that passed while the power was off runs once, its jitter after the boot', (t) => {
  const board = new ScheduledBoard({ draws: [200] })
  board.powerCut(3 * day)
  const boot = board.wall
  t.is(board.view.nextAt, boot + 200 * second)
  board.pass(200 * second - 1)
  t.is(board.sent.length, 0)
  board.pass(1)
  t.is(board.sent.length, 1)
  t.deepEqual(board.draws, [200])
  board.fail('scep-failure', 2)
  board.powerCut(day)
  board.pass(30 * day)
  t.is(board.sent.length, 1)
})

test('a start late by a minute is on time and runs at once; one millisecond more and it is put off by its jitter', (t) => {
  const onTime = new ScheduledBoard({ draws: [600] })
  onTime.powerCut(0, { wall: start + 600 * second + minute })
  t.is(onTime.sent.length, 1)
  const late = new ScheduledBoard({ draws: [600] })
  late.powerCut(0, { wall: start + 600 * second + minute + 1 })
  t.is(late.sent.length, 0)
  t.is(late.view.nextAt, late.wall + 600 * second)
})

test('a start is put off once: no row of power cuts can put it off for ever', (t) => {
  const board = new ScheduledBoard({ draws: [600] })
  board.powerCut(day)
  board.pass(5 * minute)
  board.powerCut(day)
  t.is(board.sent.length, 1)
})

test('a second Update of other items leaves the start and its jitter as drawn', (t) => {
  const board = new ScheduledBoard({ draws: [300, 1] })
  board.update({ deleteOld: true, polling: { count: 1, intervalMinutes: 1 } })
  t.is(board.view.nextAt, start + 300 * second)
  t.deepEqual(board.draws, [300])
})

test('another start is drawn anew and takes the place of the first', (t) => {
  const board = new ScheduledBoard({ draws: [300, 20] })
  board.update({ startAt: today + 2 * hour })
  board.pass(day)
  t.deepEqual(board.sent.map(({ at }) => at), [today + 2 * hour + 20 * second])
})

test('switching Auto Adjust takes the jitter from a start that is still to come, or draws one', (t) => {
  const board = new ScheduledBoard({ draws: [300, 20] })
  board.update({ autoAdjust: false })
  t.is(board.view.nextAt, start)
  board.update({ autoAdjust: true })
  t.is(board.view.nextAt, start + 20 * second)
})

test('timer off: nothing is planned and nothing happens; on again, the start counts anew', (t) => {
  const board = new ScheduledBoard()
  board.update({ enabled: false })
  t.deepEqual(board.view, { polls: 0 })
  board.pass(day)
  t.is(board.sent.length, 0)
  board.update({ enabled: true, startAt: board.wall + hour })
  board.pass(2 * hour)
  t.is(board.sent.length, 1)
})

test('an Update that was saved just before a power cut is followed at boot', (t) => {
  const board = new ScheduledBoard()
  board.settings = settings({ revision: 2, startAt: today + 3 * hour })
  board.powerCut(second)
  t.is(board.view.nextAt, today + 3 * hour + 60 * second)
})

test('after a success: the old key goes first, then the restart; a boot in between repeats what was not done', (t) => {
  const board = new ScheduledBoard({ with: settings({ deleteOld: true, restartAfterAcquiring: true }) })
  board.pass(2 * hour)
  board.issue(300 * day, 'old')
  t.deepEqual(board.done.slice(-1).map(({ effect }) => effect), [{ do: 'delete-old', key: 'old' }])
  board.happens({ is: 'old-deleted' })
  t.deepEqual(board.done.at(-1)?.effect, { do: 'restart' })
  board.powerCut(second)
  t.deepEqual(board.state.duties, {})

  const cut = new ScheduledBoard({ with: settings({ deleteOld: true }) })
  cut.pass(2 * hour)
  cut.issue(300 * day, 'old')
  cut.powerCut(second)
  t.deepEqual(cut.done.at(-1)?.effect, { do: 'delete-old', key: 'old' })
})

test('Delete Old off, or no key replaced: nothing is deleted; restart off: no restart', (t) => {
  const board = new ScheduledBoard()
  board.pass(2 * hour)
  board.issue(300 * day, 'old')
  t.deepEqual(board.state.duties, {})
  t.is(board.done.at(-1)?.effect.do, 'finish')
})

test('1,000 boards that one power cut has kept from their start come back over ten minutes, each at a moment of its own jitter', (t) => {
  const source = new SeededRandom(11)
  const moments = Array.from({ length: 1000 }, () => {
    const board = new ScheduledBoard({ draws: [source.integer(1, 600)] })
    board.powerCut(3 * day)
    board.pass(hour)
    return board.sent[0]!.at - (today + 3 * day)
  })
  t.true(Math.min(...moments) >= second && Math.max(...moments) <= 600 * second)
  const busiest = Math.max(...Array.from({ length: 10 }, (_, minutes) => moments.filter((at) => Math.ceil(at / minute) === minutes + 1).length))
  t.true(busiest < 150, `${busiest} in one minute`)
})
