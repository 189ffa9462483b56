import { minutes } from '../../../protocol/time.js'
import type { Scenario } from '../scenario.js'
import { fact } from '../findings.js'
import { historyOf } from '../reading.js'

const kept = 20
const asked = 25

/** device.md section 5. */
export const historyOf20: Scenario = {
  name: 'history-of-20',
  promise: 'the last 20 requests are kept, newest first, the oldest falls off; a restart loses none',
  clocks: ['virtual'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    bench.server.misbehave({ faults: [{ fault: 'http-status', status: 503 }] })
    const dates: string[] = []
    await bench.step('Ask for certificates that the server does not give', { requests: asked }, async () => {
      for (let number = 1; number <= asked; number += 1) {
        await bench.pass(minutes(1))
        dates.unshift(new Date(bench.time.wall()).toISOString().replace('.000Z', 'Z'))
        await board.says(`request key-name=key-${number} cn=printer.example.com`)
      }
    })
    const before = await historyOf(board)
    await bench.step('Cut the power and switch on again', {}, () => board.reboot())
    const after = await historyOf(board)
    const expected = dates.slice(0, kept).join(' ')
    const shown = before.map(({ requestedAt }) => requestedAt).join(' ')
    return {
      verdicts: [
        fact('history keeps 20', 'the last 20 requests are kept, newest first', shown === expected,
          `after ${asked} requests ${before.length} rows are shown, ${shown === expected ? 'newest first' : `which are not the last ${kept} in order`}`, { rows: before.length }),
        fact('history survives a restart', 'a restart loses no entry', JSON.stringify(after) === JSON.stringify(before),
          `${after.length} rows are shown after a power cut, ${before.length} before it`, { rows: after.length }),
      ],
    }
  },
}
