import test from 'ava'
import { pureJitter } from '../../../rig/verdicts/index.js'

const right = (u: number): number => 1 + Math.floor(u * 600)

test('rig.md jitter 1: the right function passes', (t) => {
  t.is(pureJitter(right).outcome, 'pass')
})

const wrong: readonly (readonly [string, (u: number) => number, RegExp])[] = [
  ['that starts at 0', (u) => Math.floor(u * 600), /u = 0 gives 0/],
  ['that never reaches 600', (u) => 1 + Math.floor(u * 599), /gives 599/],
  ['that gives 601 at the very end', (u) => 1 + Math.round(u * 600), /gives 601/],
  ['that halves the share of both ends', (u) => 1 + Math.round(u * 599), /around u = 1\/600/],
  ['that falls', (u) => (u > 0.30001 && u < 0.3004 ? 2 : right(u)), /around|falls/],
  ['that gives fractions', (u) => (u > 0.0011 && u < 0.0013 ? 1.5 : right(u)), /no whole number/],
]
for (const [name, fn, reason] of wrong) {
  test(`rig.md jitter 1: a function ${name} fails`, (t) => {
    const verdict = pureJitter(fn)
    t.is(verdict.outcome, 'fail')
    t.regex(verdict.reason, reason)
  })
}
