import test from 'ava'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { StepRecorder } from '../../../rig/steps/index.js'
import { runLines, stepLines } from '../../../rig/reports/index.js'
import { mixedRun, passingRun } from '../../support/sample-run.js'

const parsed = (lines: readonly string[]): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>)

test('a run starts with its seed and replay line and ends with outcome and exit code', (t) => {
  const lines = parsed(runLines(mixedRun()))
  const [first, last] = [lines[0]!, lines.at(-1)!]
  t.is(first['kind'], 'run')
  t.is(first['seed'], '4711')
  t.regex(String(first['replay']), /--seed 4711/)
  t.deepEqual([last['kind'], last['outcome'], last['exitCode']], ['end', 'fail', 1])
  t.is(parsed(runLines(passingRun())).at(-1)!['exitCode'], 0)
})

test('every line is one line, and every verdict names its scenario, seed and replay line', (t) => {
  t.true(runLines(mixedRun()).every((line) => !line.includes('\n')))
  const verdicts = parsed(runLines(mixedRun())).filter(({ kind }) => kind === 'verdict')
  t.is(verdicts.length, 10)
  t.true(verdicts.every(({ scenario, seed, replay, outcome, reason }) => [scenario, seed, replay, outcome, reason].every((field) => typeof field === 'string')))
})

test('a step is written when it ends, failed ones with their error', async (t) => {
  const lines: string[] = []
  const recorder = new StepRecorder(new VirtualClock(0), stepLines('polls', (line) => lines.push(line)))
  await recorder.step('Set the timer', { board: 'board 1' }, (note) => {
    note('half way')
    t.is(lines.length, 0)
    return Promise.resolve()
  })
  await t.throwsAsync(recorder.step('Fail', {}, () => Promise.reject(new Error('broken'))))
  t.deepEqual(parsed(lines).map(({ kind, scenario, outcome, notes }) => [kind, scenario, outcome, notes]), [['step', 'polls', 'passed', ['half way']], ['step', 'polls', 'failed', []]])
})
