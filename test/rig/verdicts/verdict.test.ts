import test from 'ava'
import fc from 'fast-check'
import { combine, exitCode, holm, runOutcome, seeded, settleRun, uniformJitter, wholeNumber, exactWitness } from '../../../rig/verdicts/index.js'
import { drawn, oneBoard } from '../../support/jitter-boards.js'

test('one failure fails, one doubt leaves it open, and nothing at all is never a pass', (t) => {
  t.is(combine(['pass', 'inconclusive', 'fail']), 'fail')
  t.is(combine(['pass', 'inconclusive']), 'inconclusive')
  t.is(combine(['pass', 'pass']), 'pass')
  t.is(combine([]), 'inconclusive')
})

test('trouble with the rig hides a pass and a doubt, but not a broken promise', (t) => {
  t.is(runOutcome(['pass'], 1), 'infrastructure')
  t.is(runOutcome(['inconclusive'], 1), 'infrastructure')
  t.is(runOutcome(['fail'], 1), 'fail')
  t.is(runOutcome(['pass'], 0), 'pass')
})

test('rig.md Runs and reports: exit codes', (t) => {
  t.deepEqual((['pass', 'fail', 'usage', 'infrastructure', 'inconclusive'] as const).map(exitCode), [0, 1, 2, 3, 4])
})

test('Holm holds the smallest p-value against alpha/m, the next against alpha/(m−1), and stops at the first kept', (t) => {
  t.deepEqual(holm([0.011, 0.02, 0.3, 0.04], 0.05).map(({ rejected }) => rejected), [true, false, false, false])
  t.deepEqual(holm([0.011, 0.016, 0.3, 0.02], 0.05).map(({ rejected }) => rejected), [true, true, false, true])
  t.deepEqual(holm([0.03, 0.012], 0.05).map(({ level }) => level), [0.05, 0.025])
})

test('Holm rejects whatever Bonferroni rejects, and nothing above alpha', (t) => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (pValues) =>
    holm(pValues, 0.05).every(({ rejected }, at) => {
      const pValue = pValues[at]!
      return (!rejected || pValue <= 0.05) && (rejected || pValue > 0.05 / pValues.length)
    })))
  t.pass()
})

test('the statistical verdicts of a run are judged as one family, the others stay', (t) => {
  const one = uniformJitter(oneBoard(drawn(200, 'a')), { seed: 'a', witness: exactWitness })
  const many = settleRun(Array.from({ length: 10 }, () => one.map((verdict) => (verdict.test === undefined ? verdict : { ...verdict, test: { ...verdict.test } }))).flat(), 1e-6)
  const levels = (verdicts: typeof one): number[] => verdicts.flatMap(({ test: found }) => (found === undefined ? [] : [found.level]))
  t.true(Math.abs((Math.min(...levels(many)) * 10) / Math.min(...levels(one)) - 1) < 1e-9)
  t.deepEqual(many[0], one[0])

  const border = { ...one[1]!, test: { ...one[1]!.test!, pValue: 0.8e-6 } }
  t.is(settleRun([border], 1e-6)[0]!.outcome, 'fail')
  t.is(settleRun([border, ...one], 1e-6)[0]!.outcome, 'pass', 'alone it is below alpha, in a family it is not below its share')
})

test('the same seed gives the same numbers, another seed others, all in [0, 1) and evenly spread', (t) => {
  // From an independent implementation in another language: a seed in an old report must stay good.
  t.deepEqual(Array.from({ length: 4 }, seeded('7')), [0.14431843763438312, 0.5340357030052372, 0.8282080085725695, 0.5131845198366142])
  const [one, again, other] = [seeded('7'), seeded('7'), seeded('8')]
  const numbers = Array.from({ length: 20_000 }, one)
  t.deepEqual(Array.from({ length: 20_000 }, again), numbers)
  t.notDeepEqual(Array.from({ length: 20_000 }, other), numbers)
  t.true(numbers.every((number) => number >= 0 && number < 1))
  t.true(Math.abs(numbers.reduce((sum, number) => sum + number, 0) / numbers.length - 0.5) < 0.01)
  t.deepEqual([...new Set(Array.from({ length: 100 }, () => wholeNumber(one, 3, 5)))].sort(), [3, 4, 5])
})
