import { hours, minutes, seconds } from '../../../protocol/time.js'
import type { RequestTimeline } from '../../reports/index.js'
import { judgeIntervals, measure, seeded, wholeNumber, type MeasuredInterval } from '../../verdicts/index.js'
import { after, fact, requestTimeline } from '../findings.js'
import { newestRequest } from '../reading.js'
import type { Scenario } from '../scenario.js'
import { setTimer, spellDate } from '../timer.js'

/** Rounds on a clock that costs nothing, and on one that somebody waits for. */
const rounds = { virtual: 20, measured: 3 }

/** device.md section 4, Request Start Date/Time. */
export const startTimeKept: Scenario = {
  name: 'start-time-kept',
  promise: 'without Auto Adjust the request goes out at the start date and time, not before, and once',
  clocks: ['virtual', 'scaled', 'real'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const draw = seeded(`${bench.seed} starts`)
    const virtual = bench.clock.kind === 'virtual'
    // Nothing more than the arrival is needed, so the server is spared the work.
    bench.server.misbehave({ faults: [{ fault: 'http-status', status: 503 }] })
    const intervals: MeasuredInterval[] = []
    const requests: RequestTimeline[] = []
    let [unfulfilled, extra] = [0, 0]
    for (let round = 1; round <= (virtual ? rounds.virtual : rounds.measured); round += 1) {
      await board.says('whoami')
      const setAt = bench.time.monotonic()
      const start = bench.soon() + seconds(wholeNumber(draw, 0, virtual ? hours(48) / 1000 : 10))
      const label = `start ${round}`
      await bench.step('Set the timer, and wait for its start', { start: spellDate(start) }, async () => {
        board.forget()
        await setTimer(board, { start })
        await bench.passUntil(start - 1)
        await bench.until(() => board.contacts().length > 0, minutes(1))
        await bench.pass(minutes(virtual ? 30 : 1))
      })
      const [first, ...more] = board.contacts()
      const { status, details } = await newestRequest(board)
      requests.push(requestTimeline(board.name, label, bench.stampOf(start), board.contacts(), { result: `${status}: ${details}` }))
      extra += more.length
      if (first === undefined) unfulfilled += 1
      else intervals.push(measure(label, setAt, first.at, after(bench, bench.stampOf(start) - setAt), bench.witness, board.name))
    }
    return {
      intervals, requests,
      verdicts: [
        judgeIntervals({ name: 'start time kept', promise: startTimeKept.promise, event: 'start', count: intervals.length + unfulfilled }, intervals),
        fact('one request for one start', 'each start brings one request', extra === 0 && unfulfilled === 0, `${unfulfilled} starts brought no request, ${extra} requests came beside the first`, { extra, unfulfilled }),
      ],
    }
  },
}
