import test from 'ava'
import { ScheduledBoard, day, hour, minute, second, settings, today } from '../../../support/scheduled-board.js'

const start = today + hour

/** A board that has its first certificate, issued at the wall time of the board. */
const issued = (changes: Parameters<typeof settings>[0], options: { readonly draws?: readonly number[]; readonly lifetime?: number } = {}): ScheduledBoard => {
  const board = new ScheduledBoard({ with: settings(changes), draws: options.draws ?? [60, 120, 180, 240] })
  board.pass(hour + 60 * second)
  board.issue(options.lifetime)
  return board
}

test('device.md 4: after a success the next date is set and shown, one interval after the success plus a jitter of its own', (t) => {
  const board = issued({ periodic: { everyDays: 30 }, renewByExpiry: false })
  const next = board.wall + 30 * day + 120 * second
  t.like(board.view, { status: 'To Be Processed', cause: 'periodic', nextAt: next })
  board.passUntil(next - 1)
  t.is(board.sent.length, 1)
  board.pass(1)
  t.like(board.sent.at(-1), { kind: 'renewal', attempt: 2, at: next })
})

test('with periods and expiry off nothing follows a success', (t) => {
  const board = issued({ renewByExpiry: false })
  t.deepEqual(board.view, { polls: 0 })
})

test('after an Error the next period still comes, counted from the date that failed', (t) => {
  const board = issued({ periodic: { everyDays: 30 }, renewByExpiry: false })
  const failing = board.wall + 30 * day
  board.passUntil(failing + hour)
  board.fail('store-full')
  t.is(board.view.nextAt, failing + 30 * day + 180 * second)
})

test('a first start that fails is followed by its period as well', (t) => {
  const board = new ScheduledBoard({ with: settings({ periodic: { everyDays: 1 } }) })
  board.pass(2 * hour)
  board.fail('scep-failure', 0)
  t.like(board.view, { cause: 'periodic', nextAt: start + day + 60 * second })
})

test('a request that was polled over several periods is followed by the first period that is still to come', (t) => {
  const board = new ScheduledBoard({ with: settings({ periodic: { everyDays: 1 }, polling: { count: 4, intervalMinutes: 1440 } }) })
  board.pass(2 * hour)
  board.intent('T1')
  board.answer({ is: 'pending' })
  for (let polls = 0; polls < 4; polls += 1) {
    board.pass(day)
    board.answer({ is: 'pending' })
  }
  t.like(board.ends, [{ status: 'Error', code: 'deferred' }])
  t.is(board.view.nextAt, start + 5 * day + 60 * second)
  t.is(board.sent.length, 5)
})

test('(ours) a request is due when a third of the lifetime is left', (t) => {
  const board = issued({}, { lifetime: 300 * day })
  const next = board.wall + 200 * day + 120 * second
  t.like(board.view, { cause: 'expiry', nextAt: next })
  board.passUntil(next - 1)
  t.is(board.sent.length, 1)
  board.pass(1)
  t.like(board.sent.at(-1), { kind: 'renewal' })
})

test('period or expiry, whichever comes first; the success of one plans both anew', (t) => {
  const byExpiry = issued({ periodic: { everyDays: 365 } }, { lifetime: 90 * day })
  t.is(byExpiry.view.cause, 'expiry')
  const byPeriod = issued({ periodic: { everyDays: 30 } }, { lifetime: 90 * day })
  t.is(byPeriod.view.cause, 'periodic')
  byPeriod.pass(31 * day)
  byPeriod.issue(30 * day)
  t.like(byPeriod.view, { cause: 'expiry' })
  t.is(Math.floor((byPeriod.view.nextAt! - byPeriod.wall) / day), 20)
})

test('a renewal for expiry that fails is tried again after a quarter of what is left, a day at the most', (t) => {
  const board = issued({}, { lifetime: 300 * day })
  board.pass(201 * day)
  board.fail('scep-failure', 0)
  t.is(board.view.nextAt, board.wall + day + 180 * second)
})

test('an expired certificate re-enrols at once, after its jitter, with the challenge; a failure is repeated in an hour', (t) => {
  const board = issued({}, { lifetime: 300 * day })
  board.powerCut(400 * day)
  t.is(board.view.nextAt, board.wall + 120 * second)
  board.pass(120 * second)
  t.like(board.sent.at(-1), { kind: 'challenge' })
  board.fail('scep-failure', 2)
  t.is(board.view.nextAt, board.wall + hour + 180 * second)
})

test('a certificate that is nearly used up when it is issued is not renewed in a burst', (t) => {
  const board = issued({})
  for (let renewals = 0; renewals < 5; renewals += 1) {
    board.pass(400 * day)
    board.certificate = { id: `${board.attempt}`, notBefore: board.wall - 1000 * day, notAfter: board.wall + minute }
    board.answer({ is: 'issued' })
    t.true(board.view.nextAt! - board.wall >= 10 * minute)
  }
})

test('a certificate that another hand has brought is renewed by its own dates', (t) => {
  const board = issued({}, { lifetime: 300 * day })
  board.certificate = { id: 'by hand', notBefore: board.wall, notAfter: board.wall + 30 * day }
  board.happens({ is: 'changed' })
  t.is(board.view.nextAt, board.wall + 20 * day + 180 * second)
  board.certificate = undefined
  board.happens({ is: 'changed' })
  t.is(board.view.nextAt, undefined)
})

test('one request fulfils every due whose date has come', (t) => {
  const board = issued({ periodic: { everyDays: 30 } }, { lifetime: 45 * day })
  board.powerCut(31 * day)
  board.pass(20 * minute)
  t.is(board.sent.length, 2)
  board.fail('store-full')
  board.pass(20 * minute)
  t.is(board.sent.length, 2)
})

test('a start that comes while another request is outstanding is fulfilled by its success, and runs after its Error', (t) => {
  for (const success of [true, false]) {
    const board = issued({ polling: { count: 5, intervalMinutes: 60 } }, { lifetime: 30 * day })
    board.pass(20 * day + hour)
    board.fail('timed-out')
    board.update({ startAt: board.wall + 30 * minute })
    board.pass(hour)
    if (success) board.issue()
    else board.fail('store-full')
    board.pass(20 * minute)
    t.is(board.sent.length, success ? 3 : 4)
  }
})

test('an interval switched on after the success counts from it, and skips what is past', (t) => {
  const board = issued({ renewByExpiry: false })
  const success = board.wall
  board.pass(100 * day)
  board.update({ periodic: { everyDays: 30 } })
  t.is(board.view.nextAt, success + 120 * day + 120 * second)
  board.update({ periodic: { everyDays: 70 } })
  t.is(board.view.nextAt, success + 140 * day + 180 * second)
  board.settings = settings({ renewByExpiry: false })
  board.update({})
  t.is(board.view.nextAt, undefined)
})

test('1,000 boards whose requests failed together do not come back together', (t) => {
  const next = Array.from({ length: 1000 }, (_, index) => {
    const board = issued({}, { draws: [60, 60, 1 + (index * 7919) % 600], lifetime: 300 * day })
    board.pass(201 * day)
    board.fail('connect-failed')
    return board.view.nextAt!
  })
  t.true(Math.max(...next) - Math.min(...next) > 590 * second)
  t.true(new Set(next).size > 590)
})
