import { fact } from '../findings.js'
import { newestRequest } from '../reading.js'
import type { Scenario } from '../scenario.js'
import { fillStore } from './fill-store.js'
import { watchPolling, type PollingCase, type PollingResult } from './polling.js'

const never = { polls: 3, expected: 0 }

const cases: readonly PollingCase[] = [
  { on: 'FAILURE badRequest', script: { faults: ['fail'] }, ...never },
  { on: 'FAILURE badAlg', script: { faults: [{ fault: 'fail', info: 'badAlg' }] }, ...never },
  { on: 'an NDES error', script: { faults: ['ndes-error'] }, ...never },
  { on: 'an answer signed by another', script: { faults: ['other-signer'] }, ...never },
  { on: 'an answer that is not CMS', script: { faults: ['garbage-cms'] }, ...never },
  { on: 'an answer with another nonce', script: { faults: ['wrong-nonce'] }, ...never },
]

/** device.md section 4, "never polled, ends as Error at once". */
export const noPollsOnRefusal: Scenario = {
  name: 'no-polls-on-refusal',
  promise: 'a full store, a FAILURE of the server and an error in its answer end the request at once, without a poll',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  needs: ['scep'],
  async run(bench) {
    // The default key takes one place of two.
    const board = await bench.station('board 1', { maxKeys: 2 })
    const results: PollingResult[] = []
    for (const one of bench.clock.kind === 'virtual' ? cases : cases.slice(0, 1)) results.push(await watchPolling(bench, board, one))
    await board.does('timer off')
    bench.server.misbehave({ faults: [] })
    await fillStore(board)
    const full = await watchPolling(bench, board, { on: 'a full key store', script: { faults: [] }, ...never })
    const { details } = await newestRequest(board)
    return {
      verdicts: [
        ...results.map(({ verdict }) => verdict),
        ...results.map(({ request, contacts }) => fact(`one contact on ${request.label}`, 'the server was asked once, and the request ended as Error', contacts.length === 1 && request.result.startsWith('Error'),
          `${contacts.length} contacts, then ${request.result}`, { contacts: contacts.length })),
        fact('nothing is sent from a full store', 'the server sees nothing; the details are "Key and Certificate Registration Limit Error"',
          full.contacts.length === 0 && details === 'Key and Certificate Registration Limit Error', `${full.contacts.length} contacts, ${full.request.result}`, { contacts: full.contacts.length }),
      ],
      requests: [...results, full].map(({ request }) => request),
    }
  },
}
