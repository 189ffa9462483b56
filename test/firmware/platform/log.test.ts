import test from 'ava'
import { milliseconds } from '../../../protocol/time.js'
import { LogBook, formatLogLine } from '../../../firmware/platform/index.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'

function book(): { log: LogBook; clock: VirtualClock; written: string[] } {
  const written: string[] = []
  const clock = new VirtualClock(0)
  return { log: new LogBook({ clock, bootId: 'b7', write: (line) => written.push(line) }), clock, written }
}

test('rig.md: each line starts with monotonic ms, boot id and level', async (t) => {
  const { log, clock, written } = book()
  await clock.advance(milliseconds(1234))
  log.info('the board is up', { port: 443 })
  log.warn('hm')
  t.deepEqual(written, ['[1234, b7, info] the board is up port=443\n', '[1234, b7, warn] hm\n'])
})

test('secrets are struck out by their names', (t) => {
  const { log, written } = book()
  log.error('odd', { challenge: 'hush-1', challengePassword: 'hush-2', password: 'hush-3', passphrase: 'hush-4', privateKey: 'hush-5', secret: 'hush-6', url: 'http://ca' })
  t.notRegex(written.join(''), /hush/)
  t.regex(written.join(''), /url=http:\/\/ca/)
})

test('a text from outside cannot forge a line of its own', (t) => {
  const { log, written } = book()
  log.info('server said\n[1, b7, error] all is lost\u2028\u001b[2J', { reason: 'a b="c"\r\n' })
  t.is(written.length, 1)
  t.regex(written[0]!, /^[^\p{Cc}\u2028]*\n$/u)
})

test('the last 500 lines are kept, oldest first', (t) => {
  const { log } = book()
  for (let index = 0; index < 510; index += 1) log.info(`line ${index}`)
  t.is(log.recent().length, 500)
  t.is(log.recent()[0]?.text, 'line 10')
  t.deepEqual(log.recent(2).map(formatLogLine), ['[0, b7, info] line 508', '[0, b7, info] line 509'])
  t.deepEqual(log.recent(0), [])
})

test('subscribers hear each line until they leave, and debug lines are off by default', (t) => {
  const { log } = book()
  const heard: string[] = []
  const leave = log.subscribe(({ text }) => heard.push(text))
  log.debug('not for now')
  log.info('one')
  leave()
  log.info('two')
  t.deepEqual(heard, ['one'])
})
