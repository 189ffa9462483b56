import test from 'ava'
import { minutes } from '../../../protocol/time.js'
import { firstRequest, timerBoard } from '../../support/timer-board.js'
import { keysIn } from '../../support/issuance-bench.js'

test('device.md 4: one millisecond before the start and its jitter nothing is sent; then the request goes out, once', async (t) => {
  const board = await timerBoard(t)
  t.deepEqual(board.rows(), ['To Be Processed'])
  t.is(board.issuance.history()[0]?.requestedAt, firstRequest)
  await board.until(firstRequest - 1)
  t.deepEqual(board.sent, [])
  await board.until(firstRequest)
  t.deepEqual(board.sent, [{ type: 'PKCSReq', at: firstRequest }])
  t.deepEqual(board.newest()?.status, 'Successful')
  t.deepEqual(keysIn(board), ['office ready'])
  await board.until(firstRequest + minutes(600))
  t.is(board.sent.length, 1)
})
