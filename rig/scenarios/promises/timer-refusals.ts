import { fact } from '../findings.js'
import { hours } from '../../../protocol/time.js'
import { ownKey } from '../kept-board.js'
import type { Scenario } from '../scenario.js'
import { setTimer } from '../timer.js'

/** device.md sections 2 and 3. */
export const timerRefusals: Scenario = {
  name: 'timer-refusals',
  promise: 'while the timer is on, a manual request and an Update of the Communication Settings are refused and change nothing',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    await setTimer(board, { start: bench.soon() + hours(24) })
    const before = JSON.stringify(await board.does('comm show'))
    const request = await board.says(`request key-name=${ownKey('now')} cn=printer.example.com`)
    const update = await board.says('comm set port=8080')
    const unchanged = JSON.stringify(await board.does('comm show')) === before
    const contacts = board.contacts().length
    await board.does('timer off')
    const later = await board.says(`request key-name=${ownKey('now')} cn=printer.example.com`)
    const code = (result: typeof request): string => (result.ok ? 'ok' : result.code)
    return {
      verdicts: [
        fact('a manual request is refused', 'error timer-enabled, nothing is sent', code(request) === 'timer-enabled' && contacts === 0, `the answer was ${code(request)}, the server saw ${contacts} contacts`, { contacts }),
        fact('an Update is refused', 'error timer-enabled, nothing is changed', code(update) === 'timer-enabled' && unchanged, `the answer was ${code(update)}, the settings are ${unchanged ? 'as before' : 'changed'}`),
        fact('with the timer off both work', 'a manual request is taken', later.ok, `the answer was ${code(later)}`),
      ],
    }
  },
}
