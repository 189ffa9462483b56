import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { milliseconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { timeline } from '../../../rig/reports/index.js'
import { StepRecorder } from '../../../rig/steps/index.js'

test('a step tells its start, its notes and its end with the time it took', async (t) => {
  const clock = new VirtualClock(0)
  const lines: string[] = []
  const recorder = new StepRecorder(clock, timeline((line) => lines.push(line)))
  const result = await recorder.step('Wait', { board: 'one' }, async (note) => {
    await clock.advance(milliseconds(1500))
    note('half way')
    recorder.witnessed('server: seen')
    return 7
  })
  t.is(result, 7)
  t.deepEqual(lines.map((line) => line.trim()), ['0.00 s  ▸ Wait  (board one)', 'half way', 'server: seen', '✔ 1.50 s'])
  t.like(recorder.steps[0], { number: 1, outcome: 'passed', took: 1500, notes: ['half way', 'server: seen'] })
})

test('a step that throws is recorded as failed, and throws on', async (t) => {
  const recorder = new StepRecorder(new VirtualClock(0))
  await t.throwsAsync(recorder.step('Fail', {}, () => Promise.reject(new PlatenError('timed-out', 'nobody came'))), { message: 'nobody came' })
  t.like(recorder.steps[0], { outcome: 'failed', error: { code: 'timed-out', message: 'nobody came' } })
})

test('what another witness saw belongs to the newest running step, and to none when none runs', async (t) => {
  const recorder = new StepRecorder(new VirtualClock(0))
  recorder.witnessed('nobody hears')
  await recorder.step('outer', {}, async () => {
    await recorder.step('inner', {}, () => {
      recorder.witnessed('in')
      return Promise.resolve()
    })
    recorder.witnessed('out')
  })
  t.deepEqual(recorder.steps.map(({ name, notes }) => [name, notes]), [['inner', ['in']], ['outer', ['out']]])
})
