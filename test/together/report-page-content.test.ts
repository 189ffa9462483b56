import test from 'ava'
import { parseHTML } from 'linkedom'
import { htmlPage, outcomeOfRun, type RunRecord } from '../../rig/reports/index.js'
import { exactWitness, spacing } from '../../rig/verdicts/index.js'
import { failureScenario, mixedRun, outageScenario, passingRun, pollScenario, sampleRun, troubledScenario } from '../support/sample-run.js'

const mixed = htmlPage(mixedRun())
const documentOf = (page: string): Document => parseHTML(page).document
const headline = (run: RunRecord): string => documentOf(htmlPage(run)).querySelector('.outcome')!.textContent.trim()

test('the page says the outcome of the run first, in words and in its title', (t) => {
  t.regex(headline(mixedRun()), /^✘ 1 of 5 promises was broken/)
  t.regex(headline(passingRun()), /^✔ All 3 promises were kept/)
  t.regex(headline(sampleRun([pollScenario(170)])), /^\? The promise could not be decided/)
  t.regex(headline(sampleRun([troubledScenario(), outageScenario()])), /^! 1 of 2 promises could not be judged: trouble with the rig/)
  t.regex(headline(sampleRun([])), /Nothing was judged/)
  t.is(documentOf(mixed).title, '✘ Scheduled issuance: failed')
})

test('a run with nothing judged or with trouble is never a pass', (t) => {
  t.is(outcomeOfRun(sampleRun([])), 'inconclusive')
  t.is(outcomeOfRun(sampleRun([outageScenario(), { ...pollScenario(0), verdicts: [] }])), 'inconclusive')
  t.is(outcomeOfRun(sampleRun([outageScenario(), troubledScenario()])), 'infrastructure')
  t.is(outcomeOfRun(sampleRun([failureScenario(), troubledScenario()])), 'fail')
  t.is(outcomeOfRun({ ...passingRun(), troubles: [{ code: 'internal', message: 'x', fix: '' }] }), 'infrastructure')
})

test('the page needs nothing but itself: no script, no reference to a file or host', (t) => {
  t.notRegex(mixed, /<script|<iframe|<object|<img|@import|url\(|\bsrc=/i)
  const references = [...documentOf(mixed).querySelectorAll('[href]')].map((element) => element.getAttribute('href')!)
  t.deepEqual(references.filter((reference) => !reference.startsWith('#') && reference !== 'data:,'), [])
  t.deepEqual([...mixed.matchAll(/https?:\/\/[^\s"'<]+/g)].map(([url]) => url).filter((url) => !url.startsWith('http://www.w3.org/')), [])
})

test('every verdict is on the page with its reason, and every scenario with seed, clock, bound and replay line', (t) => {
  const text = documentOf(mixed).body.textContent.replaceAll('\u00A0', ' ').replaceAll('\u2011', '-').replace(/\s+/g, ' ')
  for (const scenario of mixedRun().scenarios) {
    for (const part of [scenario.name, scenario.promise, scenario.seed, scenario.replay, ...scenario.verdicts.flatMap(({ name, reason }) => [name, reason])]) t.true(text.includes(part), part)
  }
  t.true(text.includes('±29.5 ms (latency 28 ms + clock step 1 ms + drift 0.5 ms)'))
})

test('every plot is described in words, named on its axes with the unit, and drawn for a wide and a narrow page', (t) => {
  const figures = [...documentOf(mixed).querySelectorAll('figure')]
  t.deepEqual([...new Set(figures.map((figure) => figure.querySelector('h4')!.textContent))], ['Share of samples up to a jitter', 'Samples in 25 equal bins', 'Requests, each from its due time', 'Measured intervals against the promise'])
  for (const figure of figures) {
    const plots = [...figure.querySelectorAll('svg')]
    t.is(plots.length, 2)
    for (const plot of plots) {
      t.is(plot.getAttribute('role'), 'img')
      t.true((plot.getAttribute('aria-label') ?? '').length > 40)
      t.regex(plot.textContent, /jitter, s|(ms|s|min|h|days) after the (due time|earliest promised moment)/)
    }
  }
})

test('no outcome is told by colour alone', (t) => {
  const chips = [...documentOf(mixed).querySelectorAll('.chip')].map((chip) => chip.textContent.trim())
  t.true(chips.length > 10)
  t.deepEqual(chips.filter((chip) => !/^(✔ passed|✘ failed|\? inconclusive|! not judged)$/.test(chip)), [])
})

test('what a board sends is text on the page, never markup', (t) => {
  const hostile = '<script>alert(1)</script>"\'&'
  const page = htmlPage(sampleRun([{ ...pollScenario(0), name: hostile, promise: hostile, seed: hostile, replay: hostile, boards: [hostile], requests: [{ board: hostile, label: hostile, due: 0, sent: 5, polls: [], result: hostile }] }]))
  t.notRegex(page, /<script/)
  t.true(documentOf(page).body.textContent.includes(hostile))
})

test('the same record gives the same page, and a thousand boards do not make it heavy', (t) => {
  t.is(htmlPage(mixedRun()), mixed)
  t.true(htmlPage(sampleRun([outageScenario()])).length < 300_000)
})

test('of many intervals those that did not pass are drawn, then those nearest to an edge', (t) => {
  const stamps = Array.from({ length: 201 }, (_, at) => at * 10_100 + (at > 150 ? 400 : 0))
  const { intervals, verdict } = spacing({ name: 'many', promise: 'many', event: 'poll', stamps, each: { low: 10_000, high: 10_200 } }, exactWitness)
  const page = documentOf(htmlPage(sampleRun([{ ...pollScenario(0), verdicts: [verdict], intervals, requests: [] }])))
  const drawn = page.querySelector('figure svg')!.textContent
  t.true(drawn.includes('poll 151'))
  t.regex(page.querySelector('figcaption')!.textContent, /30 of 200 are drawn/)
})

test('a few jitters, or one, are drawn too, and nothing leaves the plot', (t) => {
  for (const jitterSamples of [[300], [1, 600, 137]]) {
    const [plot] = documentOf(htmlPage(sampleRun([{ ...pollScenario(0), jitterSamples, intervals: [], requests: [] }]))).querySelectorAll('figure svg')
    const width = Number(plot!.getAttribute('width'))
    const drawn = [...plot!.querySelectorAll('path[d]')].flatMap((path) => [...path.getAttribute('d')!.matchAll(/[ML]([-\d.]+),/g)].map(([, x]) => Number(x)))
    t.true(Math.max(...drawn) <= width, `${jitterSamples.length} samples`)
  }
})

test('a request that was never sent is drawn as a row and counted', (t) => {
  const page = htmlPage(sampleRun([{ ...pollScenario(0), requests: [{ board: 'board 1', label: 'start 1', due: 0, polls: [], result: 'To Be Processed' }] }]))
  t.regex(documentOf(page).body.textContent, /1 was never sent/)
})

test('the KS band is as wide at every jitter, cut off at 0 and 1', (t) => {
  const area = documentOf(mixed).querySelector('figure svg [aria-label="area"] path')!.getAttribute('d')!
  const points = area.slice(1, -1).split('L').map((point) => point.split(',').map(Number) as [number, number])
  const height = (at: number): number => {
    const crossings = points.map((point, index) => [point, points[(index + 1) % points.length]!] as const)
      .filter(([[x1], [x2]]) => Math.min(x1, x2) <= at && at < Math.max(x1, x2))
      .map(([[x1, y1], [x2, y2]]) => y1 + ((y2 - y1) * (at - x1)) / (x2 - x1))
    return Math.max(...crossings) - Math.min(...crossings)
  }
  const [left, right] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))]
  const heights = [0.2, 0.5, 0.8].map((share) => height(left + share * (right - left)))
  t.true(Math.max(...heights) - Math.min(...heights) < 0.1, heights.join(' '))
  t.true(height(left + 0.001) < 0.6 * heights[1]!)
})
