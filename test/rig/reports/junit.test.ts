import test from 'ava'
import { parseHTML } from 'linkedom'
import { junit, type RunRecord } from '../../../rig/reports/index.js'
import { mixedRun, passingRun, pollScenario, sampleRun } from '../../support/sample-run.js'

const suitesOf = (run: RunRecord): Element[] => [...parseHTML(junit(run)).document.querySelectorAll('testsuite')]
const number = (suite: Element, name: string): number => Number(suite.getAttribute(name))

test('rig.md Runs and reports: a broken promise is a failure, an open one too, trouble with the rig is an error', (t) => {
  const suites = suitesOf(mixedRun())
  t.deepEqual(suites.map((suite) => [suite.getAttribute('name'), number(suite, 'failures'), number(suite, 'errors'), number(suite, 'skipped')]), [
    ['jitter-uniform', 0, 0, 0], ['polls-on-pending', 1, 0, 0], ['no-polls-on-failure', 1, 0, 0], ['outage-no-burst', 0, 0, 0], ['restart-after-acquiring', 0, 1, 0],
  ])
  t.deepEqual(suites.flatMap((suite) => [...suite.querySelectorAll('failure')]).map((failure) => failure.getAttribute('type')), ['inconclusive', 'fail'])
  t.is(suites[4]!.querySelector('error')!.getAttribute('type'), 'listen-failed')
})

test('the counts of a suite match its cases', (t) => {
  for (const suite of [...suitesOf(mixedRun()), ...suitesOf(passingRun())]) {
    t.is(number(suite, 'tests'), suite.querySelectorAll('testcase').length)
    t.is(number(suite, 'failures'), suite.querySelectorAll('failure').length)
    t.is(number(suite, 'errors'), suite.querySelectorAll('error').length)
  }
})

test('a failure says what was promised, the numbers, the bound, the seed and how to run it again', (t) => {
  const text = suitesOf(mixedRun())[1]!.querySelector('failure')!.textContent
  for (const part of ['promised: six polls', 'error bound ±29.5 ms', 'polls seen: 6', 'seed: 4711', 'again: npm run rig -- run polls-on-pending']) t.true(text.includes(part), part)
})

test('a scenario that judged nothing is not green', (t) => {
  const suites = suitesOf(sampleRun([{ ...pollScenario(0), verdicts: [] }]))
  t.is(number(suites[0]!, 'failures'), 1)
  t.is(suites[0]!.querySelector('failure')!.getAttribute('type'), 'inconclusive')
})

test('trouble outside any scenario is an error of the rig', (t) => {
  const suites = suitesOf({ ...sampleRun([]), troubles: [{ code: 'connect-failed', message: 'no broker', fix: '' }] })
  t.deepEqual(suites.map((suite) => [suite.getAttribute('name'), number(suite, 'errors')]), [['rig', 1]])
})

test('characters that XML cannot hold are replaced, markup is escaped', (t) => {
  const scenario = pollScenario(0)
  const xml = junit(sampleRun([{ ...scenario, promise: 'a\u0000b\u001B[1m <&"> \uD800 😀' }]))
  t.true(xml.includes('a\uFFFDb\uFFFD[1m &lt;&amp;'))
  t.true(xml.includes('\uFFFD 😀'))
})
