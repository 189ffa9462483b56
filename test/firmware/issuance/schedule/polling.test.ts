import test from 'ava'
import type { ErrorCode } from '../../../../protocol/errors.js'
import { ScheduledBoard, day, hour, minute, second, settings } from '../../../support/scheduled-board.js'

const polling = { count: 3, intervalMinutes: 10 }
const interval = 10 * minute

/** A board whose first message is out. */
const sending = (changes: Parameters<typeof settings>[0] = { polling }): ScheduledBoard => {
  const board = new ScheduledBoard({ with: settings(changes) })
  board.pass(2 * hour)
  return board
}

for (const code of ['connect-failed', 'timed-out', 'http-status'] as const) {
  test(`device.md 4: ${code} is polled on, at the interval from the answer: not one millisecond before`, (t) => {
    const board = sending()
    board.pass(30 * second)
    board.fail(code)
    const failed = board.wall
    t.like(board.view, { status: 'Processing...', reason: code, nextAt: failed + interval })
    board.pass(interval - 1)
    board.happens({ is: 'wake' })
    t.is(board.sent.length, 1)
    board.pass(1)
    t.is(board.sent.at(-1)?.at, failed + interval)
    t.is(board.state.attempt?.polls, 1)
  })
}

test('device.md 4: PENDING is polled on with the same transaction until the certificate comes', (t) => {
  const board = sending()
  board.intent('T1')
  board.answer({ is: 'pending' })
  t.like(board.view, { status: 'Processing...', reason: 'deferred' })
  board.pass(interval)
  t.like(board.sent.at(-1), { transactionId: 'T1' })
  board.issue()
  t.like(board.ends, [{ attempt: 1, status: 'Successful', polls: 1 }])
  t.is(board.state.attempt, undefined)
})

const neverPolled: readonly ErrorCode[] = ['store-full', 'scep-failure', 'bad-response', 'signature-invalid', 'undecryptable', 'other-transaction', 'certificate-not-for-our-key', 'chain-not-trusted', 'probe-failed', 'disk-failed', 'internal']
for (const code of neverPolled) {
  test(`device.md 4: ${code} ends as Error at once and is never polled on`, (t) => {
    const board = sending()
    board.fail(code, 0)
    t.like(board.ends, [{ attempt: 1, status: 'Error', code, polls: 0 }])
    board.pass(day)
    t.is(board.sent.length, 1)
  })
}

for (const reason of ['connect-failed', 'deferred'] as const) {
  test(`the request ends as Error with its Details when ${polling.count} polls have brought nothing but ${reason}`, (t) => {
    const board = sending()
    board.intent('T1')
    const answer = (): void => (reason === 'deferred' ? board.answer({ is: 'pending' }) : board.fail(reason, undefined, true))
    answer()
    for (let polls = 0; polls < polling.count; polls += 1) {
      t.is(board.ends.length, 0)
      board.pass(interval)
      answer()
    }
    t.is(board.sent.length, 1 + polling.count)
    t.like(board.ends, [{ status: 'Error', code: reason, polls: polling.count, transactionId: 'T1' }])
    board.pass(day)
    t.is(board.sent.length, 1 + polling.count)
  })
}

test('with polling off a deferred request and a communication error end at once', (t) => {
  for (const end of [(board: ScheduledBoard) => board.answer({ is: 'pending' }), (board: ScheduledBoard) => board.fail('timed-out')]) {
    const board = sending({})
    end(board)
    t.is(board.ends.length, 1)
  }
})

test('C-13: Retry-After puts a poll off, never brings it nearer, and for a day at the most', (t) => {
  for (const [retryAfterSeconds, expected] of [[1, interval], [7200, 2 * hour], [10 ** 9, day]] as const) {
    const board = sending()
    board.answer({ is: 'pending', retryAfterSeconds })
    t.is(board.view.nextAt, board.wall + expected)
  }
})

test('C-14: a request whose transaction was kept is asked for by CertPoll after a communication error, else sent anew', (t) => {
  for (const kept of [true, false]) {
    const board = sending()
    board.intent('T1')
    board.fail('timed-out', undefined, kept)
    board.pass(interval)
    t.is(board.sent.at(-1)?.transactionId, kept ? 'T1' : undefined)
  }
})

test('C-14: a transaction that the server has forgotten is begun anew at once, and once only', (t) => {
  const board = sending()
  board.intent('T1')
  board.answer({ is: 'pending' })
  board.pass(interval)
  board.fail('scep-failure', 4)
  t.is(board.sent.at(-1)?.transactionId, undefined)
  board.intent('T2')
  board.answer({ is: 'pending' })
  board.pass(interval)
  t.is(board.sent.at(-1)?.transactionId, 'T2')
  board.fail('scep-failure', 4)
  t.like(board.ends, [{ status: 'Error', code: 'scep-failure', polls: 2 }])
})

test('a poll goes by the monotonic clock: steps of the wall time do not move it', (t) => {
  for (const size of [-365 * day, -hour, hour, 4 * 365 * day]) {
    const board = sending()
    board.fail('connect-failed')
    board.pass(minute)
    board.setClock(board.wall + size)
    board.pass(interval - minute - 1)
    t.is(board.sent.length, 1)
    board.pass(1)
    t.is(board.sent.length, 2)
  }
})

test('a restart between polls keeps the interval, the count and the transaction', (t) => {
  const board = sending()
  board.intent('T1')
  board.answer({ is: 'pending' })
  const due = board.wall + interval
  board.pass(4 * minute)
  board.powerCut(minute)
  board.passUntil(due - 1)
  t.is(board.sent.length, 1)
  board.pass(1)
  t.like(board.sent.at(-1), { attempt: 1, transactionId: 'T1' })
  t.is(board.state.attempt?.polls, 1)
})

test('after a step of the wall time and a restart the poll is still at its interval', (t) => {
  const board = sending()
  board.fail('connect-failed')
  board.setClock(board.wall + 365 * day)
  board.powerCut(minute)
  board.pass(interval - minute - 1)
  t.is(board.sent.length, 1)
  board.pass(1)
  t.is(board.sent.length, 2)
})

test('a poll that passed while the power was off comes the jitter of its request after the boot, put off once', (t) => {
  const board = sending()
  board.fail('connect-failed')
  board.powerCut(day)
  board.pass(60 * second - 1)
  t.is(board.sent.length, 1)
  board.powerCut(day)
  t.is(board.sent.length, 2)
})

test('a message that was out when the power went is asked for again at boot, and that is no poll', (t) => {
  const before = sending()
  before.powerCut(minute)
  t.is(before.sent.length, 2)
  t.is(before.sent.at(-1)?.transactionId, undefined, 'no intent, so no byte was sent')
  const after = sending()
  after.intent('T1')
  after.powerCut(minute)
  t.is(after.sent.at(-1)?.transactionId, 'T1')
  t.is(after.state.attempt?.polls, 0)
})

test('busy and a clock that was not set are no answers: the request waits a minute, uncounted', (t) => {
  for (const code of ['busy', 'clock-not-set'] as const) {
    const board = sending({})
    for (let times = 0; times < 5; times += 1) {
      board.fail(code)
      t.like(board.view, { reason: code })
      board.pass(minute)
    }
    t.is(board.sent.length, 6)
    t.is(board.state.attempt?.polls, 0)
    t.is(board.ends.length, 0)
  }
})

test('timer or polling off while a request waits for a poll: it ends as Error with the reason it waited for', (t) => {
  const withoutPolling = settings()
  for (const change of [{ enabled: false }, 'polling off'] as const) {
    const board = sending()
    board.intent('T1')
    board.answer({ is: 'pending' })
    if (change === 'polling off') board.settings = withoutPolling
    board.update(change === 'polling off' ? {} : change)
    t.like(board.ends, [{ status: 'Error', code: 'deferred', transactionId: 'T1' }])
    board.pass(day)
    t.is(board.sent.length, 1)
  }
})

test('timer off while a message is out: its certificate is not lost, and no poll follows', (t) => {
  const board = sending()
  board.update({ enabled: false })
  t.is(board.ends.length, 0)
  board.issue()
  t.like(board.ends, [{ status: 'Successful' }])
  t.is(board.view.nextAt, undefined)

  const refused = sending()
  refused.update({ enabled: false })
  refused.fail('timed-out')
  t.like(refused.ends, [{ status: 'Error', code: 'timed-out' }])
})

test('a smaller count counts from now: polls used up end the request at once', (t) => {
  const board = sending()
  board.fail('connect-failed')
  board.pass(interval)
  board.fail('connect-failed')
  board.update({ polling: { count: 1, intervalMinutes: 10 } })
  t.like(board.ends, [{ status: 'Error', code: 'connect-failed', polls: 1 }])
})

test('an answer to a message that is not out is a mistake of the runner', (t) => {
  const board = sending()
  board.fail('connect-failed')
  t.throws(() => board.fail('connect-failed'), { instanceOf: TypeError })
})
