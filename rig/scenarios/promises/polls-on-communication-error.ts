import type { Scenario } from '../scenario.js'
import { watchPolling, type PollingCase, type PollingResult } from './polling.js'

const polls = 3

const cases: readonly PollingCase[] = [
  { on: 'HTTP status 503', script: { faults: [{ fault: 'http-status', status: 503 }] }, polls, expected: polls },
  { on: 'HTTP status 404', script: { faults: [{ fault: 'http-status', status: 404 }] }, polls, expected: polls },
  { on: 'a connection that is closed without an answer', script: { faults: ['refuse'] }, polls, expected: polls },
]

/** device.md section 4: the other one of the exactly two conditions. */
export const pollsOnCommunicationError: Scenario = {
  name: 'polls-on-communication-error',
  promise: 'after a communication error the server is asked again at the interval, as often as set and no more',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  needs: ['scep'],
  async run(bench) {
    const board = await bench.station('board 1')
    const results: PollingResult[] = []
    for (const one of bench.clock.kind === 'virtual' ? cases : cases.slice(0, 1)) results.push(await watchPolling(bench, board, one))
    return {
      verdicts: results.map(({ verdict }) => verdict),
      intervals: results.flatMap(({ intervals }) => intervals),
      requests: results.map(({ request }) => request),
    }
  },
}
