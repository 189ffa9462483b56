import { minutes } from '../../../protocol/time.js'
import { fact } from '../findings.js'
import { historyOf } from '../reading.js'
import { ownKey } from '../kept-board.js'
import type { Scenario } from '../scenario.js'
import { setTimer } from '../timer.js'

/** device.md section 5. */
const rowsKept = 20

/** device.md section 4, Automatically Restart Device After Acquiring Certificate. */
export const restartAfterAcquiring: Scenario = {
  name: 'restart-after-acquiring',
  promise: 'after a certificate was acquired the board restarts once, and knows why; the certificate is there',
  clocks: ['virtual', 'scaled', 'real', 'hardware'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const earlier = (await historyOf(board)).length
    const start = bench.soon()
    await setTimer(board, { start, restart: true, use: 'tls' })
    const before = new Set(board.log.map(({ bootId }) => bootId))
    const restarts = (): number => new Set(board.log.flatMap(({ bootId, text }) => (text.startsWith('the board is ready') && !before.has(bootId) ? [bootId] : []))).size
    await bench.step('Wait for the certificate and the restart', {}, async () => {
      await bench.passUntil(start)
      await bench.until(() => restarts() > 0, minutes(bench.clock.scale > 1 || bench.clock.kind === 'virtual' ? 10 : 1))
      await bench.pass(minutes(bench.clock.kind === 'virtual' ? 60 : 1))
    })
    const { 'restart-reason': reason = '', 'tls-key': serving = '' } = await board.does('status')
    const rows = await historyOf(board)
    return {
      verdicts: [
        fact('one restart', 'the board restarts once', restarts() === 1, `${restarts()} restarts were seen`, { restarts: restarts() }),
        fact('the restart has its reason', 'the status says that the board restarted because of it', reason.startsWith('restart asked for'), `the status says "${reason}"`),
        fact('the certificate outlives the restart', 'one request, Successful, and its key serves', rows.length === Math.min(rowsKept, earlier + 1) && rows[0]?.status === 'Successful' && serving === ownKey('auto'),
          `${rows.length - earlier} rows more, the newest ${rows[0]?.status ?? 'missing'}; the key "${serving}" serves`, { rows: rows.length }),
      ],
    }
  },
}
