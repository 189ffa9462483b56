import type { ScenarioResult, SwapLoad, SwapTimeline } from '../../rig/reports/index.js'
import { judgeGap, serviceGap, type LoadSample } from '../../rig/verdicts/index.js'
import { pollScenario } from './sample-run.js'

const oldSerial = '7dfbaf1f87d507f13c38ce6cca7c1249'
const newSerial = '5837e341f302c0dcaa75791108a95a74'
const witness = { quantum: 1, driftRatio: 500e-6 }

/** A request every 15 ms, around an exchange at 0; one of them lost, or as slow as is said, when it meets the exchange. */
function load(name: string, { lost = false, slow = 4 }: { readonly lost?: boolean; readonly slow?: number }): { readonly load: SwapLoad; readonly gap: ReturnType<typeof serviceGap> } {
  const samples: LoadSample[] = []
  for (let started = -1500; started < 1500;) {
    const meets = started <= 20 && started + 15 > 20
    const took = meets ? slow : 4
    samples.push({ started, ended: started + took, served: !(meets && lost), serial: started < 20 ? oldSerial : newSerial })
    started += Math.max(15, took + 5)
  }
  const measured = serviceGap(samples, { low: 0, high: 600 }, witness)
  const { gap, bound, between, lost: gone, asked } = measured
  const near = samples.filter(({ started }) => Math.abs(started) < 400)
  return {
    gap: measured,
    load: { name, gap, bound, between, lost: gone, asked, exchanged: { low: 15, high: 24 }, requests: near.map(({ started, ended, served, serial }) => ({ started, took: ended - started, ended: !served ? 'lost' : serial === oldSerial ? 'old' : 'new' })) },
  }
}

/** A renewal under two loads: one waited, one lost a request. */
export function swapScenario(): ScenarioResult {
  const [slow, lossy] = [load('new connections', { slow: 120 }), load('one connection', { lost: true })]
  const swap: SwapTimeline = {
    board: 'board 1', use: 'TLS', oldSerial, newSerial, outcome: 'served', started: 8.1, applied: 20.4, probed: 46.5, took: { low: 46.4, high: 46.6 }, loads: [slow.load, lossy.load],
  }
  return {
    ...pollScenario(0), name: 'tls-renewal-under-load', promise: 'A renewal for TLS loses no request.', intervals: [], requests: [], swaps: [swap],
    verdicts: [...judgeGap(slow.gap, { load: 'new connections', lost: 0, gap: 1000 }), ...judgeGap(lossy.gap, { load: 'one connection', lost: 0, gap: 1000 })],
  }
}
