import { hours, milliseconds, minutes, seconds } from '../../../protocol/time.js'
import type { RequestTimeline } from '../../reports/index.js'
import { jitterKept, jitterRange, measured, seeded, wholeNumber, type RebootSample } from '../../verdicts/index.js'
import { fact, requestTimeline } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { nextShown, setTimer } from '../timer.js'

const mostReboots = 4

/** rig.md, "Verdict on jitter", 4. */
export const jitterKeptOverReboots: Scenario = {
  name: 'jitter-kept',
  promise: 'a reboot neither redraws the jitter nor repeats the request',
  clocks: ['virtual'],
  boards: 10,
  async run(bench) {
    const boards = await bench.fleet()
    const draw = seeded(`${bench.seed} power cuts`)
    bench.server.misbehave({ faults: [{ fault: 'http-status', status: 503 }] })
    const samples: RebootSample[] = []
    const requests: RequestTimeline[] = []
    let repeated = 0
    for (const board of boards) {
      await bench.step('Set a start, cut the power some times before it, and wait', { board: board.name }, async (note) => {
        const start = bench.soon() + hours(2)
        await setTimer(board, { start, adjust: true })
        const shown = await nextShown(board) ?? NaN
        board.forget()
        const reboots = wholeNumber(draw, 1, mostReboots)
        for (let reboot = 1; reboot <= reboots; reboot += 1) {
          await bench.pass(milliseconds(wholeNumber(draw, 1, hours(2) / mostReboots)))
          await board.reboot()
        }
        await bench.passUntil(start + seconds(jitterRange.high) + minutes(30))
        await board.reboot()
        await bench.pass(minutes(30))
        const [first, ...more] = board.contacts()
        repeated += more.length
        const due = bench.stampOf(start)
        const before = { low: shown - start, high: shown - start }
        // No request at all is as far from the old draw as can be.
        samples.push({ board: board.name, start: 1, before, after: first === undefined ? { low: Infinity, high: Infinity } : measured(due, first.at, bench.witness) })
        requests.push(requestTimeline(board.name, `${reboots} reboots`, due, board.contacts(), { jitter: before, result: first === undefined ? 'no request came' : 'Error: by script' }))
        note(`${reboots} reboots before the start, jitter ${(shown - start) / 1000} s`)
      })
    }
    return {
      requests,
      verdicts: [
        jitterKept(samples),
        fact('a reboot repeats nothing', 'a reboot after the request does not send it again', repeated === 0, `${repeated} requests came after the first`, { repeated }),
      ],
    }
  },
}
