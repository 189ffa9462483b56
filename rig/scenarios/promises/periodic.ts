import { days, minutes } from '../../../protocol/time.js'
import { fact, requestTimeline, waitsBetween } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { setTimer } from '../timer.js'

const everyDays = 30
const periods = 12

/** device.md section 4, Send Periodic Issuance Requests. */
export const periodic: Scenario = {
  name: 'periodic',
  promise: 'after each success the next request goes out when the interval has passed, for a year',
  clocks: ['virtual'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const start = bench.soon()
    await setTimer(board, { start, everyDays, deleteOld: true, use: 'tls' })
    await bench.step('Leave the board alone for a year', { days: everyDays * periods }, async () => {
      await bench.passUntil(start)
      await bench.pass(days(everyDays * periods))
      await bench.pass(minutes(1))
    })
    const contacts = board.contacts()
    const issued = contacts.filter(({ status }) => status === 'SUCCESS').length
    const { verdict, intervals } = waitsBetween(bench, contacts, {
      name: 'periodic requests', promise: `a request every ${everyDays} days`, event: 'period', board: board.name, wait: days(everyDays), count: periods,
    })
    return {
      intervals,
      requests: contacts.map((contact, at) => requestTimeline(board.name, at === 0 ? 'start' : `period ${at}`, at === 0 ? bench.stampOf(start) : (contacts[at - 1]?.answered ?? 0) + days(everyDays), [contact], { result: contact.status ?? 'no answer' })),
      verdicts: [verdict, fact('every request brings a certificate', 'each of them is answered with a certificate', issued === periods + 1, `${issued} of ${contacts.length} requests brought one`, { issued })],
    }
  },
}
