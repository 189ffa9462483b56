import test from 'ava'
import * as fc from 'fast-check'
import { integerFrom, type Random } from '../../../../firmware/platform/index.js'
import { drawJitter, jitterFrom } from '../../../../firmware/issuance/schedule/index.js'
import { SeededRandom } from '../../../support/seeded-random.js'

test('device.md 4: jitter goes from 1 for u = 0 to 600 for the greatest u below 1', (t) => {
  t.is(jitterFrom(0), 1)
  t.is(jitterFrom(1 - 2 ** -53), 600)
  t.throws(() => jitterFrom(1), { instanceOf: RangeError })
  t.throws(() => jitterFrom(-Number.EPSILON), { instanceOf: RangeError })
  t.throws(() => jitterFrom(Number.NaN), { instanceOf: RangeError })
})

test('each second has the same share of u, and the next one begins where it ends', (t) => {
  for (let second = 1; second < 600; second += 1) {
    t.is(jitterFrom((second - 1) / 600 + 1e-9), second)
    t.is(jitterFrom(second / 600 - 1e-9), second)
  }
})

test('jitter is a whole number of 1 to 600 and never falls as u grows', (t) => {
  const u = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  t.notThrows(() => fc.assert(fc.property(u, u, (a, b) => {
    const [low, high] = [jitterFrom(Math.min(a, b)), jitterFrom(Math.max(a, b))]
    return Number.isInteger(low) && low >= 1 && low <= high && high <= 600
  })))
})

test('a draw asks the random source for 1 to 600, both included', (t) => {
  const asked: number[][] = []
  const random: Pick<Random, 'integer'> = { integer: (low, high) => {
    asked.push([low, high])
    return high
  } }
  t.is(drawJitter(random), 600)
  t.deepEqual(asked, [[1, 600]])
})

test('draws from random bytes reach both ends and nothing beyond', (t) => {
  const source = new SeededRandom(20_261_201)
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => source.integer(0, 255))
  const drawn = new Set(Array.from({ length: 20_000 }, () => drawJitter({ integer: (low, high) => integerFrom(bytes, low, high) })))
  t.is(drawn.size, 600)
  t.is(Math.min(...drawn), 1)
  t.is(Math.max(...drawn), 600)
})
