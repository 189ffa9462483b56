import test from 'ava'
import { ScheduledBoard, day, hour, minute, second, settings, today } from '../../../support/scheduled-board.js'

/** The rules of the clock, one test each. A board's first jitter is 60 s unless said otherwise. */
const start = today + hour
const year = 365 * day

const periodic = (everyDays = 30): ScheduledBoard => {
  const board = new ScheduledBoard({ with: settings({ periodic: { everyDays }, renewByExpiry: false }) })
  board.pass(hour + 60 * second)
  board.issue(4000 * day)
  return board
}

test('unset: a request that is due waits as To Be Processed for the reason clock-not-set, whatever the clock shows', (t) => {
  const board = new ScheduledBoard()
  board.powerCut(0, { wall: start + day, clock: 'unset' })
  board.pass(year)
  t.is(board.sent.length, 0)
  t.like(board.view, { status: 'To Be Processed', reason: 'clock-not-set' })
})

test('a boot at 1970, the clock set later to 2026: a start still to come is kept to the millisecond', (t) => {
  const board = new ScheduledBoard()
  board.powerCut(0, { wall: 5000, clock: 'unset' })
  board.pass(10 * minute)
  board.setClock(today + 10 * minute, 'synced')
  t.is(board.view.reason, undefined)
  board.passUntil(start + 60 * second - 1)
  t.is(board.sent.length, 0)
  board.pass(1)
  t.is(board.sent.length, 1)
})

test('a boot at 1970, the clock set later to 2026: a start that is past runs once, its jitter after the clock was set', (t) => {
  const board = new ScheduledBoard()
  board.powerCut(0, { wall: 5000, clock: 'unset' })
  board.pass(10 * minute)
  board.setClock(start + 3 * day, 'synced')
  board.pass(60 * second - 1)
  t.is(board.sent.length, 0)
  board.pass(1)
  t.is(board.sent.length, 1)
  t.deepEqual(board.draws, [60])
})

test('unset at an Update: the start is taken, and waits for the clock', (t) => {
  const board = new ScheduledBoard({ boot: false })
  board.wall = 5000
  board.clock = 'unset'
  board.happens({ is: 'boot' })
  t.is(board.view.reason, 'clock-not-set')
  board.setClock(start - minute, 'held')
  t.is(board.view.nextAt, start + 60 * second)
})

test('unset while polls wait: nothing is sent; when the clock is set they go on, the transaction kept', (t) => {
  const board = new ScheduledBoard({ with: settings({ polling: { count: 3, intervalMinutes: 10 } }) })
  board.pass(2 * hour)
  board.intent('T1')
  board.answer({ is: 'pending' })
  board.powerCut(0, { wall: 5000, clock: 'unset' })
  board.pass(day)
  t.is(board.sent.length, 1)
  t.like(board.view, { status: 'To Be Processed', reason: 'clock-not-set' })
  board.setClock(today + 2 * day, 'synced')
  board.pass(10 * minute)
  t.is(board.sent.at(-1)?.transactionId, 'T1')
})

test('unset while a message is out: it is taken up when the clock is set', (t) => {
  const board = new ScheduledBoard()
  board.pass(2 * hour)
  board.powerCut(0, { wall: 5000, clock: 'unset' })
  t.is(board.sent.length, 1)
  board.setClock(today + 3 * hour, 'held')
  t.is(board.sent.length, 2)
})

test('held and synced are the same for the schedule: no change between them moves anything', (t) => {
  const board = new ScheduledBoard()
  const before = board.state
  for (const clock of ['held', 'synced', 'held'] as const) board.setClock(board.wall, clock)
  t.is(board.state, before)
})

for (const [words, size] of [['an hour', hour], ['a day', day], ['a year', year], ['ten years', 10 * year]] as const) {
  test(`a step forward of ${words} over a start runs it once, its jitter after the step`, (t) => {
    const board = new ScheduledBoard({ draws: [30] })
    board.passUntil(start - 10 * minute)
    board.setClock(board.wall + size)
    board.pass(30 * second - 1)
    t.is(board.sent.length, 0)
    board.pass(1)
    t.is(board.sent.length, 1)
    board.fail('store-full')
    board.pass(year)
    t.is(board.sent.length, 1)
  })

  test(`a step back of ${words} waits for the start again: it is a date`, (t) => {
    const board = new ScheduledBoard()
    board.passUntil(start - minute)
    board.setClock(board.wall - size)
    t.is(board.view.nextAt, start + 60 * second)
    board.passUntil(start + 60 * second - 1)
    t.is(board.sent.length, 0)
    board.pass(1)
    t.is(board.sent.length, 1)
  })

  test(`a step back of ${words} after a start has run does not run it again`, (t) => {
    const board = new ScheduledBoard({ with: settings({ renewByExpiry: false }) })
    board.pass(2 * hour)
    board.issue()
    board.setClock(board.wall - size)
    board.powerCut(minute)
    board.pass(size + year)
    t.is(board.sent.length, 1)
    t.is(board.ends.length, 1)
  })

  test(`a step back of ${words} while a request is outstanding begins no second one`, (t) => {
    const board = new ScheduledBoard({ with: settings({ polling: { count: 100, intervalMinutes: 1440 } }) })
    board.pass(2 * hour)
    board.answer({ is: 'pending' })
    board.setClock(board.wall - size)
    board.pass(day - 1)
    t.is(board.sent.length, 1)
  })
}

test('a start put off by a wrong clock is waited for again when the clock is put right', (t) => {
  const board = new ScheduledBoard({ draws: [600] })
  board.setClock(today + 4 * year)
  t.is(board.view.nextAt, today + 4 * year + 600 * second)
  board.pass(30 * second)
  board.setClock(today + 30 * second)
  t.is(board.view.nextAt, start + 600 * second)
})

test('a start put off and then a step back to just after it still runs once, within its jitter of the step', (t) => {
  const board = new ScheduledBoard({ draws: [600] })
  board.setClock(start + 2 * year)
  board.setClock(start + day)
  t.is(board.view.nextAt, start + day + 600 * second)
})

test('a step forward over ten periods runs once and goes on from the success, never in a burst', (t) => {
  const board = periodic(30)
  board.setClock(board.wall + 310 * day)
  board.pass(60 * second)
  t.is(board.sent.length, 2)
  board.issue(4000 * day)
  t.is(board.view.nextAt, board.wall + 30 * day + 60 * second)
  board.pass(30 * day)
  t.is(board.sent.length, 2)
})

test('a step back never makes a period longer than itself: years are not waited for', (t) => {
  const board = periodic(30)
  const after = board.wall - 3 * year
  board.setClock(after)
  t.is(board.view.nextAt, after + 30 * day + 60 * second)
  board.passUntil(after + 30 * day + 60 * second - 1)
  t.is(board.sent.length, 1)
  board.pass(1)
  t.is(board.sent.length, 2)
})

test('a step back of hours inside a period leaves its date as shown', (t) => {
  const board = periodic(30)
  const shown = board.view.nextAt
  board.pass(10 * day)
  board.setClock(board.wall - 5 * hour)
  t.is(board.view.nextAt, shown)
})

test('a certificate that only a wrong clock calls expired is renewed by its own date when the clock is put right', (t) => {
  const board = new ScheduledBoard()
  board.pass(2 * hour)
  board.issue(300 * day)
  const natural = board.view.nextAt
  const right = board.wall
  board.setClock(right + 2 * year)
  t.is(board.view.nextAt, right + 2 * year + 60 * second)
  board.pass(60 * second)
  board.fail('certificate-not-valid-now')
  board.setClock(right + minute)
  t.is(board.view.nextAt, natural)
})

test('daylight saving does not exist: on the days that change the hour a period of a day is 24 hours', (t) => {
  for (const summer of [Date.UTC(2027, 2, 27, 12), Date.UTC(2027, 9, 30, 12)]) {
    const board = new ScheduledBoard({ with: settings({ startAt: summer, autoAdjust: false, periodic: { everyDays: 1 }, renewByExpiry: false }) })
    board.passUntil(summer)
    board.issue()
    t.is(board.view.nextAt, summer + 24 * hour)
  }
})

test('a leap day is a day: a period of 365 days over 29 February 2028 ends a date earlier', (t) => {
  const board = new ScheduledBoard({ with: settings({ startAt: Date.UTC(2028, 0, 10), autoAdjust: false, periodic: { everyDays: 365 }, renewByExpiry: false }) })
  board.passUntil(Date.UTC(2028, 0, 10))
  board.issue(2000 * day)
  t.is(board.view.nextAt, Date.UTC(2029, 0, 9))
})

test('a start on a leap day is kept', (t) => {
  const leap = Date.UTC(2028, 1, 29, 8)
  const board = new ScheduledBoard({ with: settings({ startAt: leap }) })
  board.passUntil(leap + 60 * second - 1)
  t.is(board.sent.length, 0)
  board.pass(1)
  t.is(board.sent.length, 1)
})
