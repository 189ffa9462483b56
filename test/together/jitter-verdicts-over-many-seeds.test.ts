import test from 'ava'
import { combine, exactWitness, jitterKept, seeded, uniformJitter, alternatives, type JitterSample, type Verdict } from '../../rig/verdicts/index.js'
import { blurred, drawn, oneBoard } from '../support/jitter-boards.js'

const options = { seed: 'test', witness: exactWitness }
const judged = (samples: readonly JitterSample[]): readonly Verdict[] => uniformJitter(samples, options)
const outcome = (verdicts: readonly Verdict[]): string => combine(verdicts.map((verdict) => verdict.outcome))
const failed = (samples: readonly JitterSample[]): readonly string[] => judged(samples).filter((verdict) => verdict.outcome === 'fail').map(({ name }) => name)

test('a fair board passes with 1,000 seeds', (t) => {
  const alarms = Array.from({ length: 1000 }, (_, seed) => `fair ${seed}`).filter((seed) => outcome(uniformJitter(oneBoard(drawn(125, seed)), { ...options, seed })) === 'fail')
  t.deepEqual(alarms, [])
})

test('a fair board passes at n = 2,000, with alpha, level and power stated', (t) => {
  const verdicts = uniformJitter(oneBoard(drawn(2000, 'long')), { ...options, required: Object.values(alternatives) })
  t.is(outcome(verdicts), 'pass', JSON.stringify(verdicts, null, 1))
  const shape = verdicts.find(({ name }) => name === 'jitter shape, KS')!
  t.is(shape.test!.alpha, 1e-6)
  t.true(verdicts.some(({ test: found }) => found !== undefined && found.level < 1e-6))
  t.deepEqual(shape.power, [{ alternative: 'a constant jitter', chance: 1 }, { alternative: 'jitter from 1 to 300 s', chance: 1 }, { alternative: 'jitter from 1 to 540 s', chance: 1 }])
})

test('p-values of fair boards are spread evenly, so that alpha is what it says', (t) => {
  const names = ['jitter shape, chi-squared', 'jitter shape, KS', 'jitter independent of the one before']
  const runs = Array.from({ length: 200 }, (_, seed) => uniformJitter(oneBoard(drawn(150, `even ${seed}`)), { ...options, seed: `even ${seed}` }))
  for (const name of names) {
    const small = runs.filter((verdicts) => verdicts.find((verdict) => verdict.name === name)!.test!.pValue < 0.1).length
    t.true(small > 4 && small < 40, `${name}: ${small} of 200 below 0.1`)
  }
})

test('rig.md jitter 3: a constant jitter is caught at n = 50', (t) => {
  for (const constant of [1, 137, 300, 600]) t.true(failed(oneBoard(drawn(50, 'c', () => constant))).includes('jitter shape, KS'), `${constant} s`)
})

test('rig.md jitter 3: half the range is caught at n = 50', (t) => {
  for (let seed = 0; seed < 50; seed += 1) t.true(failed(oneBoard(drawn(50, `half ${seed}`, (u) => 1 + Math.floor(u * 300)))).includes('jitter shape, KS'), `seed ${seed}`)
})

test('rig.md jitter 3: 1 to 540 s is caught at n = 1,000', (t) => {
  for (let seed = 0; seed < 8; seed += 1) t.true(failed(oneBoard(drawn(1000, `cut ${seed}`, (u) => 1 + Math.floor(u * 540)))).includes('jitter shape, KS'), `seed ${seed}`)
})

test('chi-squared catches what KS is weak on: every other half minute is never drawn', (t) => {
  const gaps = failed(oneBoard(drawn(1000, 'gaps', (u) => { const second = 1 + Math.floor(u * 300); return second + 24 * Math.floor((second - 1) / 24) })))
  t.true(gaps.includes('jitter shape, chi-squared'))
})

test('rig.md jitter 2: one sample outside 1..600 s fails, by one second', (t) => {
  const fair = drawn(200, 'range')
  t.deepEqual(failed(oneBoard([...fair, 601])), ['jitter in range'])
  t.deepEqual(failed(oneBoard([...fair, 0])), ['jitter in range'])
  t.deepEqual(failed(oneBoard([...fair, 600, 1])), [])
})

test('rig.md jitter 6: shifted by 600 s is caught by the first sample', (t) => {
  const [range] = judged(oneBoard(drawn(1, 'shift', (u) => 601 + Math.floor(u * 600))))
  t.is(range!.outcome, 'fail')
  t.regex(range!.reason, /1 of 1 samples lie outside/)
})

test('rig.md jitter 5: draws that are too regular fail: 1 to 600 in order, and shuffled', (t) => {
  const inOrder = Array.from({ length: 600 }, (_, at) => at + 1)
  t.true(failed(oneBoard(inOrder)).includes('jitter not too even, KS'))
  t.true(failed(oneBoard(inOrder)).includes('jitter independent of the one before'))
  const draw = seeded('shuffle')
  const shuffled = inOrder.map((second) => [draw(), second] as const).sort((a, b) => a[0] - b[0]).map(([, second]) => second)
  t.deepEqual(failed(oneBoard(shuffled)), ['jitter not too even, chi-squared', 'jitter not too even, KS'])
})

test('rig.md jitter 4: a draw that leans on the one before is caught, though each alone is uniform', (t) => {
  let last = 0.5
  const draw = seeded('lag')
  const seconds = Array.from({ length: 1000 }, () => 1 + Math.floor((last = (last + draw() * 0.2) % 1) * 600))
  t.true(failed(oneBoard(seconds)).includes('jitter independent of the one before'))
})

test('rig.md jitter 4: one board among twenty whose draws lean on the one before is caught', (t) => {
  let last = 0.5
  const draw = seeded('lag of one')
  const leaning = Array.from({ length: 250 }, () => 1 + Math.floor((last = (last + draw() * 0.2) % 1) * 600))
  const others = Array.from({ length: 19 }, (_, board) => oneBoard(drawn(250, `lag ${board}`), `board ${board}`)).flat()
  t.deepEqual(failed([...others, ...oneBoard(leaning, 'the odd one')]), ['jitter independent of the one before'])
})

test('whole seconds do not look like steps to the KS test', (t) => {
  const even = Array.from({ length: 12_000 }, (_, at) => 1 + (at % 600))
  const distance = judged(oneBoard(even)).find(({ name }) => name === 'jitter shape, KS')!.evidence['KS distance']!
  t.true(distance < 0.8 / 600, `${distance}`)
})

test('rig.md jitter 4: boards that share the draw of one start are caught, also when only half of them do', (t) => {
  const fair = drawn(60, 'crowd')
  const at = (seconds: readonly number[]): readonly JitterSample[] => seconds.map((second, board) => ({ board: `board ${board}`, start: 'monday', jitter: { low: second * 1000, high: second * 1000 } }))
  t.true(failed(at(fair.map(() => 137))).includes('boards do not share draws'))
  t.true(failed(at(fair.map((second, board) => (board % 2 === 0 ? fair[0]! : second)))).includes('boards do not share draws'))
  t.deepEqual(failed(at(fair)), [])
})

test('rig.md jitter 4: one board that copies another over its starts is caught among twenty', (t) => {
  const boards = Array.from({ length: 20 }, (_, board) => drawn(12, `fleet ${board}`))
  const all = (fleet: readonly (readonly number[])[]): readonly JitterSample[] => fleet.flatMap((seconds, board) => oneBoard(seconds, `board ${board}`))
  t.deepEqual(failed(all(boards)), [])
  t.deepEqual(failed(all(boards.with(13, boards[4]!))), ['boards do not share draws'])
})

test('a thousand fair boards with one start each pass: equal draws are no sign by themselves', (t) => {
  const samples = drawn(1000, 'thousand').map((second, board) => ({ board: `board ${board}`, start: 1, jitter: { low: second * 1000, high: second * 1000 } }))
  t.is(outcome(judged(samples)), 'pass')
})

test('rig.md jitter 4: a board whose draws repeat after each reboot is caught', (t) => {
  const draws = drawn(60, 'repeat')
  t.true(failed(oneBoard(draws.flatMap((second) => [second, second]))).includes('jitter not repeated'))
})

test('too few samples are never a pass', (t) => {
  t.is(outcome(judged([])), 'inconclusive')
  const few = judged(oneBoard(drawn(49, 'few')))
  t.is(outcome(few), 'inconclusive')
  t.regex(few.find(({ name }) => name === 'jitter shape, KS')!.reason, /49 samples are too few/)
  const required = uniformJitter(oneBoard(drawn(500, 'mid')), { ...options, required: [alternatives.truncated] })
  t.regex(required.find(({ name }) => name === 'jitter shape, KS')!.reason, /too few to catch jitter from 1 to 540 s/)
})

test('measured with an error of 30 ms or 2 s a fair board passes, and copies and half the range are still caught', (t) => {
  for (const error of [30, 2000]) {
    const fair = blurred(oneBoard(drawn(600, 'blur')), error, 'x')
    t.is(outcome(judged(fair)), 'pass', `± ${error} ms`)
    t.true(failed(blurred(oneBoard(drawn(50, 'half', (u) => 1 + Math.floor(u * 300))), error, 'x')).includes('jitter shape, KS'))
    const copies = Array.from({ length: 30 }, (_, board) => oneBoard([77], `board ${board}`)).flat()
    t.true(failed(blurred(copies, error, 'y')).includes('boards do not share draws'))
  }
  t.is(outcome(judged(blurred(oneBoard(drawn(600, 'blur')), 13_000, 'x'))), 'inconclusive')
})

test('rig.md jitter 4: a reboot that redraws fails; one that keeps passes after three, not before', (t) => {
  const pair = (before: number, after: number) => ({ board: 'b', start: 1, before: { low: before, high: before }, after: { low: after, high: after } })
  t.is(jitterKept([pair(5000, 5000), pair(7000, 7000), pair(9000, 10_000)]).outcome, 'fail')
  t.is(jitterKept([pair(5000, 5000), pair(7000, 7000), pair(9000, 9000)]).outcome, 'pass')
  t.is(jitterKept([pair(5000, 5000), pair(7000, 7000)]).outcome, 'inconclusive')
  t.is(jitterKept([]).outcome, 'inconclusive')
})
