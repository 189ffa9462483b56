import { days, minutes, seconds } from '../../../protocol/time.js'
import { judgeIntervals, measure, type MeasuredInterval } from '../../verdicts/index.js'
import { after, fact } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { nextShown, setTimer } from '../timer.js'

/** A date is shown in whole seconds. */
const shownTo = seconds(1)

/** device.md section 4, Next Request Date/Time; section 5, "waiting; shows the next date/time". */
export const nextDateShown: Scenario = {
  name: 'next-date-shown',
  promise: 'the next date and time that the board shows is when it turns to the server: a start, a poll, a period',
  clocks: ['virtual'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const intervals: MeasuredInterval[] = []
    const unseen: string[] = []
    // Two polls, then the certificate; then a period, in which nothing is deferred any more.
    bench.server.misbehave({ faults: [{ fault: 'pending', times: 2, first: 2 }] })
    await setTimer(board, { start: bench.soon() + minutes(20), adjust: true, polls: 5, pollMinutes: 7, everyDays: 2 })
    for (const label of ['the start', 'the first poll', 'the second poll', 'the period']) {
      await bench.step('Read the next date, and wait for it', { next: label }, async (note) => {
        const shown = await nextShown(board)
        const from = bench.time.monotonic()
        board.forget()
        note(shown === undefined ? 'no date is shown' : new Date(shown).toISOString())
        const came = await bench.until(() => board.contacts().length > 0, days(3))
        const [contact] = board.contacts()
        if (shown === undefined || !came || contact === undefined) unseen.push(label)
        else {
          const promise = after(bench, bench.stampOf(shown) - from)
          intervals.push(measure(label, from, contact.at, { ...promise, high: promise.high + shownTo }, bench.witness, board.name))
        }
        await bench.pass(seconds(30))
      })
    }
    return {
      intervals,
      verdicts: [
        judgeIntervals({ name: 'next date kept', promise: nextDateShown.promise, event: 'date' }, intervals),
        fact('a date is shown each time', 'whatever comes next has its date shown', unseen.length === 0, unseen.length === 0 ? `all ${intervals.length} were shown` : `not for ${unseen.join(', ')}`, { unseen: unseen.length }),
      ],
    }
  },
}
