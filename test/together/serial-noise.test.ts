import test from 'ava'
import { talkOverNoise } from '../support/noisy-line.js'

test('100,000 frames at one fault per thousand bytes: no wrong answer, nothing runs twice, and no piece of a frame among the person\'s text', async (t) => {
  t.timeout(300_000)
  const { sent, exchanges, faults, damaged, wrong, timedOut, ranTwice, strayText, fromPerson } = await talkOverNoise({ seed: 2026, rate: 1e-3, frames: 100_000 })
  t.log({ sent, exchanges, faults, damaged })
  t.deepEqual({ wrong, timedOut, ranTwice }, { wrong: 0, timedOut: 0, ranTwice: 0 })
  t.deepEqual(strayText.match(/[A-Za-z0-9+/=]{8,}/g) ?? [], [])
  t.deepEqual(fromPerson.match(/[A-Za-z0-9+/=]{8,}/g) ?? [], [])
})
