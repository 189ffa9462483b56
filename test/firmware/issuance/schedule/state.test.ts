import test from 'ava'
import * as fc from 'fast-check'
import type { Outcome } from '../../../../firmware/issuance/schedule/index.js'
import { emptySchedule, readSchedule } from '../../../../firmware/issuance/schedule/index.js'
import { ScheduledBoard, day, hour, minute, settings, today } from '../../../support/scheduled-board.js'

const polled = (): ScheduledBoard => {
  const board = new ScheduledBoard({ with: settings({ polling: { count: 3, intervalMinutes: 10 } }) })
  board.pass(2 * hour)
  board.intent('T1')
  board.answer({ is: 'pending' })
  return board
}

test('a state is plain data: what is read back is what was stored', (t) => {
  for (const state of [emptySchedule, new ScheduledBoard().state, polled().state]) t.deepEqual(readSchedule(JSON.parse(JSON.stringify(state))), state)
})

const damage: readonly (readonly [string, (state: ReturnType<typeof polled>['state']) => unknown])[] = [
  ['another version', (state) => ({ ...state, version: 2 })],
  ['an unknown part', (state) => ({ ...state, extra: 1 })],
  ['a jitter of 601', (state) => ({ ...state, start: { date: 1, jitterSeconds: 601 } })],
  ['a jitter of half a second', (state) => ({ ...state, start: { date: 1, jitterSeconds: 0.5 } })],
  ['waiting without a time', (state) => ({ ...state, attempt: { ...state.attempt, again: undefined } })],
  ['an unknown kind', (state) => ({ ...state, attempt: { ...state.attempt, kind: 'guess' } })],
  ['nothing', () => undefined],
]
for (const [words, change] of damage) {
  test(`a stored state with ${words} is not believed`, (t) => {
    const { content } = JSON.parse(JSON.stringify({ content: change(polled().state) })) as { content: unknown }
    t.throws(() => readSchedule(content), { name: 'ZodError' })
  })
}

test('an event that changes nothing gives back the same object, so nothing is written', (t) => {
  const board = new ScheduledBoard()
  const before = board.state
  for (const is of ['wake', 'changed', 'clock-changed', 'boot', 'old-deleted'] as const) board.happens({ is })
  t.is(board.state, before)
})

type Happening =
  | { readonly is: 'pass'; readonly time: number }
  | { readonly is: 'power'; readonly off: number; readonly unset: boolean }
  | { readonly is: 'clock'; readonly by: number }
  | { readonly is: 'answer'; readonly intent: boolean; readonly outcome: Outcome }
  | { readonly is: 'update'; readonly enabled: boolean; readonly autoAdjust: boolean; readonly startIn: number | undefined }

const failures = fc.constantFrom('connect-failed', 'http-status', 'store-full', 'scep-failure', 'busy', 'clock-not-set', 'signature-invalid')
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ is: 'issued', replaced: 'old' }),
  fc.record({ is: fc.constant('pending'), retryAfterSeconds: fc.integer({ min: 0, max: 100_000 }) }),
  fc.constant<Outcome>({ is: 'renewal-not-offered' }),
  fc.record({ is: fc.constant('failed'), code: failures, failInfo: fc.integer({ min: 0, max: 4 }), transactionKept: fc.boolean() }),
)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ is: fc.constant('pass'), time: fc.oneof(fc.integer({ min: 1, max: 20 * minute }), fc.integer({ min: 1, max: 40 * day })) }),
  fc.record({ is: fc.constant('power'), off: fc.oneof(fc.integer({ min: 0, max: 5 * minute }), fc.integer({ min: 1, max: 40 * day })), unset: fc.boolean() }),
  fc.record({ is: fc.constant('clock'), by: fc.oneof(fc.integer({ min: -2 * hour, max: 2 * hour }), fc.integer({ min: -900 * day, max: 900 * day })) }),
  fc.record({ is: fc.constant('answer'), intent: fc.boolean(), outcome }),
  fc.record({ is: fc.constant('update'), enabled: fc.boolean(), autoAdjust: fc.boolean(), startIn: fc.option(fc.integer({ min: 1, max: 10 * day }), { nil: undefined }) }),
)

function live(board: ScheduledBoard, event: Happening): void {
  if (event.is === 'pass') board.pass(event.time)
  else if (event.is === 'power') board.powerCut(event.off, event.unset ? { wall: 5000, clock: 'unset' } : { wall: Math.max(board.wall, today), clock: 'held' })
  else if (event.is === 'clock') board.setClock(Math.max(today, board.wall + event.by), 'synced')
  else if (event.is === 'answer') answer(board, event)
  else board.update({ enabled: event.enabled, autoAdjust: event.autoAdjust, ...(event.startIn === undefined ? {} : { startAt: board.wall + event.startIn }) })
}

function answer(board: ScheduledBoard, { intent, outcome }: Happening & { readonly is: 'answer' }): void {
  const at = board.state.attempt?.at
  if (at !== 'requesting' && at !== 'polling') return
  if (intent && at === 'requesting') board.intent(`T${board.done.length}`)
  if (outcome.is === 'issued') board.issue(90 * day, outcome.replaced)
  else board.answer(outcome)
}

/** Each attempt that began is begun once, ended once, and over before the next. */
function oneAtATime(board: ScheduledBoard): boolean {
  let open = 0
  let last = 0
  for (const { effect } of board.done) {
    if (effect.do === 'send' && effect.attempt !== open) {
      if (open !== 0 || effect.attempt <= last) return false
      open = last = effect.attempt
    }
    if (effect.do === 'finish') {
      if (effect.attempt !== open) return false
      open = 0
    }
  }
  return true
}

test('whatever happens: one request at a time, jitter of 1 to 600 or none, a state that can be read back, no wake for nothing', (t) => {
  t.notThrows(() => fc.assert(fc.property(fc.array(happening, { maxLength: 60 }), fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 50, maxLength: 50 }), (events, draws) => {
    const board = new ScheduledBoard({ with: settings({ periodic: { everyDays: 7 }, polling: { count: 3, intervalMinutes: 30 } }), draws })
    for (const event of events) {
      live(board, event)
      readSchedule(JSON.parse(JSON.stringify(board.state)))
      for (const due of [board.state.start, board.state.periodic, board.state.expiry]) {
        if (due !== undefined && due.jitterSeconds > 0 !== board.settings.autoAdjust) return false
      }
    }
    return oneAtATime(board)
  }), { numRuns: 400 }))
})

test('whatever has happened: left alone with the clock set, the timer on and a server that answers, the board gets its certificate', (t) => {
  t.notThrows(() => fc.assert(fc.property(fc.array(happening, { maxLength: 40 }), (events) => {
    const board = new ScheduledBoard({ with: settings({ periodic: { everyDays: 7 }, polling: { count: 3, intervalMinutes: 30 } }), draws: [600] })
    for (const event of events) live(board, event)
    board.setClock(Math.max(today, board.wall), 'synced')
    board.update(board.settings.enabled ? {} : { enabled: true, startAt: board.wall + hour })
    const before = board.ends.filter(({ status }) => status === 'Successful').length
    const anyStart = board.state.start
    // A start that lies ahead by a step back is a date, and is waited for.
    const patience = Math.max(15 * day, (anyStart?.date ?? 0) + day - board.wall)
    for (let waited = 0; waited < patience; waited += hour) {
      board.pass(hour)
      if (board.state.attempt?.at === 'requesting' || board.state.attempt?.at === 'polling') board.issue(90 * day)
    }
    return board.ends.filter(({ status }) => status === 'Successful').length > before
  }), { numRuns: 150 }))
})
