import { hours, minutes, seconds } from '../../../protocol/time.js'
import { jitterRange } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { setTimer } from '../timer.js'

const outage = hours(24)
const pollMinutes = 60
const hoursANote = hours(6)
const window = seconds(60)

/** Standard deviations of a binomial count: more is not chance in any of the windows of a run. */
const sigmas = 7

/** device.md section 4: jitter exists so that many machines do not hit the server at once; nor may an outage bring them together. */
export const outageWithoutBurst: Scenario = {
  name: 'outage-without-burst',
  promise: 'when a server comes back after a day, boards with one common start do not come all at once',
  clocks: ['virtual'],
  boards: 1000,
  async run(bench) {
    const boards = await bench.fleet()
    const start = bench.soon() + minutes(5)
    await bench.step('Set the same start on every board', { boards: boards.length }, async () => {
      for (const board of boards) await setTimer(board, { start, adjust: true, polls: 100, pollMinutes })
    })
    bench.server.misbehave({ faults: [{ fault: 'http-status', status: 503 }] })
    const mark = bench.server.exchanges.length
    await bench.step('The server is down for a day, then answers 503', { hours: outage / hours(1) }, async (note) => {
      await bench.server.goDown()
      for (let part = 1; part <= outage / hoursANote; part += 1) {
        await bench.passUntil(start + part * hoursANote)
        note(`down for ${part * hoursANote / hours(1)} h`)
      }
      await bench.server.comeBack()
      // Each board comes once in an interval.
      await bench.pass(minutes(pollMinutes))
    })
    const arrivals = bench.server.exchanges.slice(mark).filter(({ operation }) => operation === 'GetCACaps').map(({ at }) => at.firstByte).sort((a, b) => a - b)
    const came = new Set(bench.server.exchanges.slice(mark).map(({ peer }) => peer)).size
    const share = window / seconds(jitterRange.high)
    const mean = boards.length * share
    const most = Math.ceil(mean + sigmas * Math.sqrt(mean * (1 - share)) + 3)
    const busiest = busiestWindow(arrivals, window)
    return {
      verdicts: [
        fact('every board comes back', 'each board turns to the server within one interval', came === boards.length, `${came} of ${boards.length} boards came`, { came }),
        fact('no burst', `no minute sees more boards than an even spread over ${jitterRange.high} s could bring`, busiest <= most,
          `the busiest minute saw ${busiest} of ${boards.length} boards; evenly spread they would be ${mean.toFixed(0)}, and ${most} at the very most`, { 'busiest minute': busiest, 'at most': most }),
      ],
    }
  },
}

/** @param stamps in order */
function busiestWindow(stamps: readonly number[], length: number): number {
  let [most, from] = [0, 0]
  stamps.forEach((stamp, at) => {
    while ((stamps[from] ?? stamp) <= stamp - length) from += 1
    most = Math.max(most, at - from + 1)
  })
  return most
}
