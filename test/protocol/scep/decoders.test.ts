import test from 'ava'
import { mutate } from './mutation.js'

test('C-19: for a second of mutated bytes no decoder throws what is not ours, or takes 100 ms', (t) => {
  const { findings, runs, accepted } = mutate(20261121, 1000)
  t.deepEqual(findings, [])
  t.true(runs > 200, `${runs} runs`)
  t.true(accepted > 0 && accepted < runs)
})
