import test from 'ava'
import { ConsoleDriver, ConsoleSession, VirtualClock } from '../../../rig/boards/index.js'
import { linePair, start } from '../../support/console-board.js'

test('a prompt that was drawn before a restart does not stand for a session after it', async (t) => {
  const [board, end] = linePair()
  const session = new ConsoleSession(end, new VirtualClock(start))
  const seen = new Promise<void>((resolve) => void end.on('data', () => resolve()))
  board.write('\r\u001b[2Kplaten> ')
  await seen
  const typed: string[] = []
  board.on('data', (keys: Buffer) => {
    typed.push(keys.toString())
    board.write(['\r\nlogin: ', 'Password: ', '\r\n= ok\r\nplaten> '][typed.length - 1] ?? '')
  })
  await new ConsoleDriver(session).attend('the password')
  t.deepEqual(typed, ['\r', 'administrator\r', 'the password\r'])
  session.close()
})
