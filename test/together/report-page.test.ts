import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { htmlPage, junit } from '../../rig/reports/index.js'
import { part } from '../support/parts.js'
import { mixedRun, passingRun, sampleRun } from '../support/sample-run.js'
import { swapScenario } from '../support/swap-run.js'

const chromium = part('chromium')
const xmllint = part('xmllint', 'libxml2-utils')

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'platen-report-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What a browser says of the page at one width. */
interface Seen {
  readonly width: number
  readonly scrollWidth: number
  /** Elements that reach over the right edge and do not lie in a box that scrolls. */
  readonly tooWide: readonly string[]
  readonly plots: number
  readonly background: string
  /** The worst contrast of text against what is behind it (WCAG 2.2, 1.4.3). */
  readonly contrast: number
  readonly faintest: string
}

/** Runs inside the browser, in a page that holds the report in a frame of each width. */
const measure = `
const luminance = (rgb) => { const [r, g, b] = rgb.map((c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number)
const behind = (view, element) => { for (let at = element; at; at = at.parentElement) { const [r, g, b, a = 1] = parts(view.getComputedStyle(at).backgroundColor); if (a > 0) return [r, g, b] } return [255, 255, 255] }
const seen = [...document.querySelectorAll('iframe')].map((frame) => {
  const { contentWindow: view, contentDocument: page } = frame
  const shown = [...page.body.querySelectorAll('*')].filter((element) => element.getClientRects().length > 0)
  const tooWide = shown.filter((element) => !element.closest('.scroll') && element.getBoundingClientRect().right > page.documentElement.clientWidth + 0.5).map((element) => element.tagName + '.' + element.className)
  let [contrast, faintest] = [21, '']
  for (const element of shown.filter((one) => !one.closest('svg') && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))) {
    const [one, two] = [luminance(parts(view.getComputedStyle(element).color).slice(0, 3)), luminance(behind(view, element))].sort((a, b) => b - a)
    const ratio = (one + 0.05) / (two + 0.05)
    if (ratio < contrast) [contrast, faintest] = [ratio, element.tagName + '.' + element.className]
  }
  return { width: page.documentElement.clientWidth, scrollWidth: page.documentElement.scrollWidth, tooWide, plots: shown.filter((element) => element.tagName === 'svg').length, background: view.getComputedStyle(page.body).backgroundColor, contrast, faintest }
})
document.title = JSON.stringify(seen)`

function look(t: ExecutionContext, page: string, scheme: 'dark' | 'light', widths: readonly number[]): readonly Seen[] {
  const path = folder(t)
  const held = page.replaceAll('<details>', '<details open>').replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  const frames = widths.map((width) => `<iframe srcdoc="${held}" style="border:0;width:${width}px;height:900px"></iframe>`)
  writeFileSync(join(path, 'frame.html'), `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">${frames.join('')}<script>addEventListener('load', () => { ${measure} })</script>`)
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars']
  const { stdout, status } = spawnSync('chromium', [...flags, `--user-data-dir=${join(path, 'profile')}`, `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`, '--window-size=1400,900', '--dump-dom', `file://${join(path, 'frame.html')}`], { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1024 * 1024 })
  t.is(status, 0)
  const title = /<title>(.*?)<\/title>/.exec(stdout)?.[1]
  if (title === undefined) throw new Error('the page did not run')
  return JSON.parse(title.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>')) as Seen[]
}

for (const scheme of ['light', 'dark'] as const) {
  chromium.test(`the report fits 390 px and 1280 px without a sideways scroll and is readable, ${scheme}`, (t) => {
    const seen = look(t, htmlPage(mixedRun()), scheme, [390, 1280])
    t.deepEqual(seen.map(({ width, scrollWidth }) => [width, scrollWidth]), [[390, 390], [1280, 1280]])
    t.deepEqual(seen.map(({ tooWide }) => tooWide), [[], []])
    t.deepEqual(seen.map(({ plots }) => plots), [8, 8], 'one drawing of each figure at any width')
    t.true(seen.every(({ contrast }) => contrast >= 4.5), JSON.stringify(seen))
    t.is(seen[0]!.background, scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 24, 31)')
  })
}

for (const scheme of ['light', 'dark'] as const) {
  chromium.test(`exchanges of keys fit 390 px and 1280 px and are readable, ${scheme}`, (t) => {
    const seen = look(t, htmlPage(sampleRun([swapScenario()])), scheme, [390, 1280])
    t.deepEqual(seen.map(({ tooWide, plots }) => [tooWide, plots]), [[[], 1], [[], 1]])
    t.true(seen.every(({ contrast }) => contrast >= 4.5), JSON.stringify(seen))
  })
}

xmllint.test('the JUnit report is valid against the common schema, and the check can fail', (t) => {
  const path = folder(t)
  const check = (name: string, xml: string): number | null => {
    writeFileSync(join(path, name), xml)
    return spawnSync('xmllint', ['--noout', '--nonet', '--schema', 'test/vectors/junit/junit.xsd', join(path, name)]).status
  }
  t.is(check('mixed.xml', junit(mixedRun())), 0)
  t.is(check('swaps.xml', junit(sampleRun([swapScenario()]))), 0)
  t.is(check('pass.xml', junit({ ...passingRun(), troubles: [{ code: 'internal', message: '\u0000 <b> & "x"', fix: '' }] })), 0)
  t.not(check('no-count.xml', junit(mixedRun()).replace(/ tests="\d+"/, '')), 0)
  t.not(check('zone.xml', junit(mixedRun()).replace(/(timestamp="[^"]+)"/, '$1Z"')), 0)
})
