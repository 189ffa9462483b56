import test from 'ava'
import * as fc from 'fast-check'
import { integerFrom, linuxRandom } from '../../../firmware/platform/index.js'

/** Gives 48-bit draws as `integerFrom` takes them, in order. */
function draws(...values: number[]): (count: number) => Uint8Array<ArrayBuffer> {
  const left = [...values]
  return (count) => {
    const value = left.shift()
    if (value === undefined) throw new Error('drawn too often')
    return Uint8Array.from({ length: count }, (_, index) => Math.floor(value / 256 ** (count - 1 - index)) % 256)
  }
}

test('the lowest draw gives the low end and the highest fair one the high end', (t) => {
  t.is(integerFrom(draws(0), 1, 600), 1)
  t.is(integerFrom(draws(2 ** 48 - (2 ** 48 % 600) - 1), 1, 600), 600)
})

test('a draw that would favour the low end is drawn again', (t) => {
  t.is(integerFrom(draws(2 ** 48 - 1, 599), 1, 600), 600)
})

test('a range of one needs no luck', (t) => {
  t.is(integerFrom(draws(12345), 7, 7), 7)
})

test('any draw lands within its bounds, and equal shares of draws land on each number', (t) => {
  fc.assert(fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 2000 }), fc.nat(), (low, span, draw) => {
    t.is(integerFrom(draws(draw), low, low + span - 1), low + (draw % span))
  }))
})

test('bounds that are not whole numbers in order are our own mistake', (t) => {
  for (const [low, high] of [[2, 1], [0.5, 1], [0, 2 ** 48], [Number.NaN, 1]] as const) t.throws(() => integerFrom(linuxRandom.bytes, low, high), { instanceOf: TypeError })
})

test('random bytes come in the count asked for, and not twice', (t) => {
  t.is(linuxRandom.bytes(16).length, 16)
  t.notDeepEqual(linuxRandom.bytes(16), linuxRandom.bytes(16))
  const rolls = Array.from({ length: 300 }, () => linuxRandom.integer(1, 6))
  t.deepEqual([...new Set(rolls)].sort(), [1, 2, 3, 4, 5, 6])
})
