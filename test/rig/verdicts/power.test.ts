import test from 'ava'
import { binomialTail, chiSquaredCritical, chiSquaredTail, noncentralTail, normalTwoSided, occupancyTail } from '../../../rig/verdicts/distributions.js'
import { chiSquaredPower, ksPower } from '../../../rig/verdicts/power.js'
import { alternatives, binCounts, seeded, wholeNumber } from '../../../rig/verdicts/index.js'
import { drawn } from '../../support/jitter-boards.js'

const near = (value: number, expected: number, relative = 1e-3): boolean => Math.abs(value - expected) <= relative * expected

test('tails agree with the printed tables', (t) => {
  t.true(near(chiSquaredTail(36.415, 24), 0.05), 'chi-squared 0.95 quantile, 24 degrees')
  t.true(near(chiSquaredCritical(0.001, 24), 51.179))
  t.true(near(normalTwoSided(4.892), 1e-6, 1e-2))
  t.true(near(binomialTail(10, 0.5, 8), 56 / 1024))
  t.is(binomialTail(10, 0.5, 0), 1)
  t.true(near(occupancyTail(23, 365, 22), 0.5073), 'the birthday problem')
  t.true(near(occupancyTail(3, 600, 1), 1 / 360_000))
  t.true(near(noncentralTail(36.415, 24, 0), 0.05))
})

test('the stated power of chi-squared is what a simulation gives', (t) => {
  const [bins, count, level] = [25, 500, 5e-8]
  const stated = chiSquaredPower(alternatives.truncated, count, bins, level).chance
  const critical = chiSquaredCritical(level, bins - 1)
  const caught = Array.from({ length: 300 }, (_, run) => {
    const counts = binCounts(drawn(count, `power ${run}`, (u) => 1 + Math.floor(u * 540)))
    return counts.reduce((sum, seen) => sum + (seen - count / bins) ** 2 / (count / bins), 0) > critical
  }).filter(Boolean).length / 300
  t.true(Math.abs(stated - caught) < 0.12, `stated ${stated}, simulated ${caught}`)
  t.true(stated > 0.05 && stated < 0.95, 'the comparison says something')
})

test('the stated power of KS is certain only from where the gap exceeds the critical value', (t) => {
  t.is(ksPower(alternatives.halfRange, 50, 5e-8).chance, 1)
  t.is(ksPower(alternatives.truncated, 800, 5e-8).chance, 0)
  t.is(ksPower(alternatives.truncated, 1000, 5e-8).chance, 1)
})

test('every second falls into one of 25 bins of 24 s', (t) => {
  t.deepEqual(binCounts(Array.from({ length: 600 }, (_, at) => at + 1)), Array.from({ length: 25 }, () => 24))
  const draw = seeded('bins')
  t.is(binCounts(Array.from({ length: 99 }, () => wholeNumber(draw, 1, 600))).reduce((sum, count) => sum + count), 99)
})
