import { fact } from '../findings.js'
import { ownKey } from '../kept-board.js'
import { keysOf, newestRequest } from '../reading.js'
import type { Scenario } from '../scenario.js'

const key = ownKey('hand')

/** device.md section 3, and the order of section 6: nothing is lost by a request that fails. */
export const issueByHand: Scenario = {
  name: 'issue-by-hand',
  promise: 'a request by hand brings a certificate that serves TLS; one with a wrong challenge is refused in words and leaves nothing behind',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const request = `request key-name=${key} cn=printer.example.com use=tls`
    const asks = bench.server.challenge !== ''
    const wrong = asks ? await bench.step('Ask with a wrong challenge', {}, () => board.says(request, 'not the challenge')) : undefined
    const refused = await newestRequest(board)
    const left = await keysOf(board, key)
    await bench.step('Ask for a certificate', {}, () => board.does(request))
    const { status } = await newestRequest(board)
    const { 'tls-key': serving = '' } = await board.does('status')
    const code = wrong === undefined || wrong.ok ? 'ok' : wrong.code
    return {
      verdicts: [
        ...(asks
          ? [fact('a wrong challenge is refused', 'error scep-failure, the details say Fail Info 2, and no key is left',
            code === 'scep-failure' && refused.details === 'Communication Error (SCEP ERROR Fail Info 2)' && left.length === 0, `the answer was ${code}, the status says ${refused.status}, ${refused.details}; ${left.length} keys are left`, { keys: left.length })]
          : []),
        fact('a certificate by hand serves', 'the status is Successful, and the key serves TLS', status === 'Successful' && serving === key, `the status says ${status}; the key "${serving}" serves`),
      ],
    }
  },
}
