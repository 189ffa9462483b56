import { fact } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { watchPolling } from './polling.js'

/** device.md section 4: one of the exactly two conditions; scep.md C-13. */
export const pollsOnPending: Scenario = {
  name: 'polls-on-pending',
  promise: 'a deferred request is asked for again at the interval, as often as set and no more, always in the same transaction',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  needs: ['scep'],
  async run(bench) {
    const board = await bench.station('board 1')
    const virtual = bench.clock.kind === 'virtual'
    const polls = virtual ? 5 : 3
    const { contacts, verdict, intervals, request } = await watchPolling(bench, board, {
      on: 'PENDING', script: { faults: ['pending-forever'] }, polls, pollMinutes: virtual ? 10 : 1, expected: polls,
    })
    const transactions = new Set(contacts.map(({ transactionId }) => transactionId)).size
    const kinds = contacts.map(({ message }) => message ?? '?').join(', ')
    return {
      intervals, requests: [request],
      verdicts: [
        verdict,
        fact('polls in one transaction', 'one PKCSReq, then CertPoll with the same transaction ID',
          transactions === 1 && contacts.every(({ message }, at) => message === (at === 0 ? 'PKCSReq' : 'CertPoll')), `${transactions} transaction IDs, messages ${kinds}`, { transactions }),
        fact('the end of polling is told', 'the status is Error, the details are Deferred', request.result === 'Error: Deferred', `the status says ${request.result}`),
      ],
    }
  },
}
