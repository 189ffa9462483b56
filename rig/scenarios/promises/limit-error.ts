import { fact } from '../findings.js'
import { newestRequest } from '../reading.js'
import { ownKey } from '../kept-board.js'
import type { Scenario } from '../scenario.js'
import { fillStore } from './fill-store.js'

/** device.md section 3, last rule, and the table of section 5. */
const text = 'Key and Certificate Registration Limit Error'

export const limitError: Scenario = {
  name: 'limit-error',
  promise: 'a full key store is found before a key is made and before anything goes to the server',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  async run(bench) {
    // The default key takes one place of two.
    const board = await bench.station('board 1', { maxKeys: 2 })
    await bench.step('Fill the key store', {}, () => fillStore(board))
    board.forget()
    const result = await bench.step('Ask for one more', {}, () => board.types(`request key-name=${ownKey('one-more')} cn=printer.example.com`))
    const { status, details } = await newestRequest(board)
    const contacts = board.contacts().length
    const madeKey = result.lines.some((line) => line.includes('Making a'))
    return {
      verdicts: [
        fact('limit error in its own words', `the status is Error, the details are "${text}"`, status === 'Error' && details === text, `the status says ${status}, ${details}`),
        fact('limit error before anything is sent', 'nothing goes to the server, and no key is made', contacts === 0 && !madeKey,
          `the server saw ${contacts} contacts, ${madeKey ? 'a key was made' : 'no key was made'}`, { contacts }),
      ],
    }
  },
}
