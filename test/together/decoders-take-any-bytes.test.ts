import { randomInt } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { mutate } from '../protocol/scep/mutation.js'

/** The flag takes effect for contexts made after it, so no command line is needed. */
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heap = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

test('C-19: for ten seconds of mutated bytes no decoder throws what is not ours, takes 100 ms, or keeps memory', (t) => {
  const seed = Number(process.env['PLATEN_SEED'] ?? randomInt(2 ** 31))
  t.log(`seed ${seed}; again with PLATEN_SEED=${seed}`)
  mutate(seed + 1, 1000)
  const before = heap()
  const { findings, runs, accepted, slowest } = mutate(seed, 10_000)
  t.log(`${runs} runs, ${accepted} accepted, slowest ${slowest.toFixed(1)} ms`)
  t.deepEqual(findings, [])
  const growth = heap() - before
  t.true(growth < 8 * 1024 * 1024, `the heap grew by ${growth} bytes`)
})
