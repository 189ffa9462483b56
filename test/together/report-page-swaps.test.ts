import test from 'ava'
import { parseHTML } from 'linkedom'
import { htmlPage, junit, runLines } from '../../rig/reports/index.js'
import { sampleRun } from '../support/sample-run.js'
import { swapScenario } from '../support/swap-run.js'

const run = sampleRun([swapScenario()])
const page = parseHTML(htmlPage(run)).document
const words = (text: string): string => text.replaceAll('\u00A0', ' ').replace(/\s+/g, ' ')

test('rig.md Runs and reports: each exchange of keys is a row with its use, both serials, the swap time, and the service gap with its bound', (t) => {
  const table = [...page.querySelectorAll('table')].find((one) => one.querySelector('caption')?.textContent.startsWith('Exchanges of keys'))!
  const rows = [...table.querySelectorAll('tbody tr')].map((row) => words(row.textContent))
  t.is(rows.length, 2)
  t.regex(rows[0]!, /TLS ?board 1, served 7dfbaf1f87d507f13c38ce6cca7c1249 ?5837e341f302c0dcaa75791108a95a74 \[46\.4 ms, 46\.6 ms\] new connections ?0 of \d+ requests lost \[1\d\d(\.\d)? ms, 1\d\d(\.\d)? ms\] ?±[\d.]+ ms \(latency [\d.]+ ms \+ clock step 1 ms \+ drift [\d.]+ ms\)/)
  t.regex(rows[1]!, /one connection ?1 of \d+ requests lost/)
})

test('each exchange is drawn, wide and narrow, with loads by name; what it shows is said in words', (t) => {
  const figure = [...page.querySelectorAll('figure')].find((one) => /Exchange of the key of TLS/.test(one.querySelector('h4')!.textContent))!
  const plots = [...figure.querySelectorAll('svg')]
  t.is(plots.length, 2)
  for (const plot of plots) {
    t.regex(plot.getAttribute('aria-label') ?? '', /2 loads around the moment.*1 were lost\. Service gaps: new connections: \[/)
    t.regex(plot.textContent, /new connections.*ms after the certificate was received|ms after the certificate was received.*new connections/s)
  }
  t.regex(words(figure.querySelector('figcaption')!.textContent), /received 0 ms, applied 20\.4 ms, probed 46\.5 ms/)
})

test('a run without an exchange of keys has no such table', (t) => {
  const { swaps, ...other } = swapScenario()
  t.is(swaps?.length, 1)
  t.notRegex(htmlPage(sampleRun([other])), /Exchanges of keys/)
})

test('JSON lines and JUnit have the exchange as well', (t) => {
  const line = runLines(run).map((one) => JSON.parse(one) as Record<string, unknown>).find(({ kind }) => kind === 'swap')
  t.like(line, { scenario: 'tls-renewal-under-load', use: 'TLS', oldSerial: '7dfbaf1f87d507f13c38ce6cca7c1249', took: { low: 46.4, high: 46.6 } })
  t.regex(junit(run), /exchange of keys: TLS of board 1, 7dfbaf1f87d507f13c38ce6cca7c1249 to 5837e341f302c0dcaa75791108a95a74: served, certificate received to probe passed \[46\.4 ms, 46\.6 ms\]/)
  t.regex(junit(run), /new connections: 0 of \d+ requests lost, service gap \[1\d\d/)
})
