import { seconds } from '../../../protocol/time.js'
import { fact } from '../findings.js'
import { ownKey } from '../kept-board.js'
import { keysOf } from '../reading.js'
import type { Scenario } from '../scenario.js'

const key = ownKey('kept')

/** device.md section 6: the store is whole after a power cut at any moment. Here one while it rests, and one while it works. */
export const powerCut: Scenario = {
  name: 'power-cut',
  promise: 'a power cut takes no certificate away; one in the middle of a request leaves no half key, and the next request works',
  clocks: ['hardware'],
  boards: 1,
  needs: ['power-cut'],
  async run(bench) {
    const board = await bench.station('board 1')
    await bench.step('Ask for a certificate', {}, () => board.does(`request key-name=${key} cn=printer.example.com use=tls`))
    const before = (await board.does(`keys show ${key}`))['serial']
    await bench.step('Cut the power while the board rests', {}, () => board.reboot())
    const shown = await board.says(`keys show ${key}`)
    const { 'tls-key': serving = '' } = await board.does('status')
    const half = ownKey('cut')
    board.forget()
    await bench.step('Cut the power in the middle of a request', {}, async () => {
      const cut = board.types(`request key-name=${half} cn=printer.example.com`).then(() => undefined, () => undefined)
      await bench.until(() => board.contacts().length > 0, seconds(30))
      await board.reboot()
      await cut
    })
    const left = await keysOf(board, half)
    const state = left.length === 0 ? 'none' : (await board.does(`keys show ${half}`))['state'] ?? '?'
    const next = await board.says(`request key-name=${ownKey('next')} cn=printer.example.com`)
    return {
      verdicts: [
        fact('the certificate outlives a power cut', 'the same certificate is there, and its key serves TLS', shown.ok && shown.values['serial'] === before && serving === key, `${shown.ok ? 'it is there' : 'it is gone'}; the key "${serving}" serves`),
        fact('no half key is left', 'the key of the request that was cut is whole, waits for its certificate, or is gone', ['none', 'ready', 'pending'].includes(state), `its state is ${state}`),
        fact('the next request works', 'a request after the cut is taken', next.ok, next.ok ? 'it is Successful' : `the answer was ${next.code}`),
      ],
    }
  },
}
