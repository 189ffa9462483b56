import { minutes } from '../../../protocol/time.js'
import type { Bench } from '../bench.js'
import { fact } from '../findings.js'
import { ownKey } from '../kept-board.js'
import { keysOf, newestRequest } from '../reading.js'
import type { Scenario } from '../scenario.js'
import type { Station } from '../station.js'
import { setTimer } from '../timer.js'

const key = ownKey('auto')

/** device.md section 4: a request by the timer, then one while there is a certificate that can sign. */
export const automaticRenewal: Scenario = {
  name: 'automatic-renewal',
  promise: 'a start of the timer brings a certificate that serves; the next start renews it under the same name, signed by the old one where the server takes that, and the old key goes',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const first = await round(bench, board)
    board.forget()
    const second = await round(bench, board)
    const messages = board.messages()
    const keys = await keysOf(board, key)
    return {
      verdicts: [
        fact('the timer brings a certificate', 'the status is Successful, and the key serves TLS', first.status === 'Successful' && first.serving === key, `the status says ${first.status}, ${first.details}; the key "${first.serving}" serves`),
        fact('the next start renews it', 'a new certificate under the same name serves', second.status === 'Successful' && second.serving === key && second.serial !== first.serial,
          `the status says ${second.status}, ${second.details}; the key "${second.serving}" serves, its certificate is ${second.serial === first.serial ? 'the same' : 'another'}`),
        fact('the old certificate signs first', 'a renewal begins with a message signed by the current certificate', messages[0] === 'RenewalReq', `the server saw ${messages.join(', ')}`),
        fact('the old key goes', 'one key of the name is left', keys.length === 1, `${keys.length} are left`, { keys: keys.length }),
      ],
    }
  },
}

async function round(bench: Bench, board: Station): Promise<{ readonly status: string; readonly details: string; readonly serving: string; readonly serial: string }> {
  return bench.step('Let the timer ask for a certificate', {}, async () => {
    await board.says('whoami')
    const start = bench.soon()
    const before = board.contacts().length
    await setTimer(board, { start, deleteOld: true, use: 'tls' })
    await bench.passUntil(start)
    await bench.until(() => board.contacts().slice(before).some(({ status }) => status === 'SUCCESS'), minutes(1))
    // What follows the answer: verify, keep, put to use, delete the old one.
    const done = bench.time.monotonic() + minutes(1)
    let newest = await newestRequest(board)
    while (newest.status === 'Processing...' && bench.time.monotonic() < done) newest = await newestRequest(board)
    await board.does('timer off')
    const { 'tls-key': serving = '' } = await board.does('status')
    const shown = await board.says(`keys show ${key}`)
    return { ...newest, serving, serial: shown.ok ? shown.values['serial'] ?? '' : '' }
  })
}
