import test from 'ava'
import { minutes, milliseconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { openChallengeBook } from '../../../rig/scep-server/challenge.js'
import { linuxRandom } from '../../../firmware/platform/index.js'

const tools = (): { clock: VirtualClock; random: typeof linuxRandom.bytes } => ({ clock: new VirtualClock(Date.UTC(2026, 0, 1)), random: linuxRandom.bytes })

test('S-5: without a challenge policy any request passes', (t) => {
  const book = openChallengeBook({ mode: 'none' }, tools())
  t.true(book.accepts(undefined))
  t.true(book.accepts('anything'))
  t.throws(() => book.issue(), { instanceOf: TypeError })
})

test('S-5: a static challenge is good any number of times', (t) => {
  const book = openChallengeBook({ mode: 'static', password: 'grün 7' }, tools())
  t.true(book.accepts('grün 7'))
  book.consume('grün 7')
  t.true(book.accepts('grün 7'))
  for (const wrong of [undefined, '', 'grün', 'grün 77', 'GRÜN 7']) t.false(book.accepts(wrong))
})

test('S-5: an empty static challenge does not let a request without one in', (t) => {
  t.false(openChallengeBook({ mode: 'static', password: '' }, tools()).accepts(undefined))
})

test('S-5: a one-time challenge lives for exactly its lifetime, and is gone when used', async (t) => {
  const { clock, random } = tools()
  const book = openChallengeBook({ mode: 'one-time', lifetime: minutes(60) }, { clock, random })
  const [used, late] = [book.issue(), book.issue()]
  t.not(used, late)
  t.regex(used, /^[0-9A-F]{32}$/)
  t.true(book.accepts(used))
  book.consume(used)
  t.false(book.accepts(used))
  await clock.advance(milliseconds(minutes(60) - 1))
  t.true(book.accepts(late))
  await clock.advance(milliseconds(1))
  t.false(book.accepts(late))
})
