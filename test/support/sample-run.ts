import type { RequestTimeline, RunRecord, ScenarioResult } from '../../rig/reports/index.js'
import type { Step } from '../../rig/steps/index.js'
import { errorBound, exactWitness, seeded, spacing, uniformJitter, wholeNumber, type Verdict, type WitnessFacts } from '../../rig/verdicts/index.js'
import { minutes } from '../../protocol/time.js'
import { drawn, oneBoard } from './jitter-boards.js'

const host: WitnessFacts = { latency: { low: 0, high: 28 }, quantum: 1, driftRatio: 50e-6 }
const virtual = { kind: 'virtual', scale: 1 } as const

const base = { clock: virtual, bound: errorBound(exactWitness, 0), seed: '4711', boards: ['board 1'], took: 1840, simulated: minutes(10), steps: [], requests: [], intervals: [] } as const

function steps(...names: readonly string[]): readonly Step[] {
  return names.map((name, at) => ({ number: at + 1, name, facts: { boot: 3 }, startedAt: at * 61_000, outcome: 'passed', took: 40 + at * 12, notes: at === 1 ? ['transaction 6F3A answered PENDING'] : [] }))
}

function request(board: string, label: string, due: number, jitter: number, extra: Partial<RequestTimeline> = {}): RequestTimeline {
  const sent = due + jitter
  return { board, label, due, jitter: { low: jitter, high: jitter }, sent, answered: sent + 180, polls: [], result: 'Successful', ...extra }
}

const again = (name: string): string => `npm run rig -- run ${name} --clock virtual --boards 1 --seed 4711`

/** 2,000 draws of one board, judged for real; `from` makes it a wrong board. */
export function jitterScenario(from?: (u: number) => number): ScenarioResult {
  const samples = drawn(2000, '4711', from)
  const requests = samples.slice(0, 300).map((second, at) => request('board 1', `start ${at + 1}`, at * minutes(30), second * 1000))
  return {
    ...base, name: 'jitter-uniform', promise: 'A uniformly random whole number of seconds from 1 to 600 is added to the start time.', replay: again('jitter-uniform'),
    steps: steps('Set the timer', 'Wait for the request', 'Compare the witnesses'), simulated: minutes(60_000), jitterSamples: samples, requests,
    verdicts: uniformJitter(oneBoard(samples), { seed: '4711', witness: exactWitness }),
  }
}

/** Polls on the real clock: one of them so near the edge that the bound leaves it open. */
export function pollScenario(late: number): ScenarioResult {
  const stamps = [0, 10_004, 20_009, 30_021, 40_030, 50_031 + late, 60_040 + late]
  const { verdict, intervals } = spacing({ name: 'polls at the interval', promise: 'six polls, each 10 s after the one before, at most 250 ms late', event: 'poll', board: 'board 1', stamps, each: { low: 9950, high: 10_200 }, count: 6 }, host)
  return {
    ...base, name: 'polls-on-pending', promise: 'While the server answers PENDING the board polls at the set interval, as often as set, and not once more.',
    clock: { kind: 'real', scale: 1 }, bound: errorBound(host, 10_000), replay: 'npm run rig -- run polls-on-pending --clock real --boards 1 --seed 4711',
    took: 61_200, simulated: 61_200, verdicts: [verdict], intervals, steps: steps('Start the SCEP server', 'Request a certificate', 'Count the polls'),
    requests: [request('board 1', 'start 1', 0, 4000, { polls: stamps.slice(1).map((stamp) => ({ sent: 4000 + stamp, answered: 4100 + stamp })), answered: 4100, result: 'Processing...' })],
  }
}

/** A wrong board: it polls although the server said FAILURE. */
export function failureScenario(): ScenarioResult {
  const { verdict, intervals } = spacing({ name: 'no polls on FAILURE', promise: 'an error reported by the SCEP server is never polled', event: 'poll', stamps: [0, 60_000, 120_000], each: { low: 60_000, high: 61_000 }, count: 0 }, exactWitness)
  return {
    ...base, name: 'no-polls-on-failure', promise: 'A FAILURE from the SCEP server ends the request at once as Error.', replay: again('no-polls-on-failure'), verdicts: [verdict], intervals,
    steps: [...steps('Set the timer'), { number: 2, name: 'Wait for the end of the request', facts: {}, startedAt: 61_000, outcome: 'failed', took: 120_000, notes: [], error: { code: 'timed-out', message: 'the entry still says <Processing...> & polls' } }],
    requests: [request('board 1', 'start 1', 0, 137_000, { result: 'Error', polls: [{ sent: 197_000, answered: 197_090 }, { sent: 257_000 }] })],
  }
}

/** Many boards behind a server that was away for a day. */
export function outageScenario(): ScenarioResult {
  const draw = seeded('outage')
  const boards = Array.from({ length: 1000 }, (_, at) => `board ${at + 1}`)
  const requests = boards.map((board) => {
    const jitter = wholeNumber(draw, 1, 600) * 1000
    return request(board, 'start 1', 0, jitter, { result: 'Successful', polls: [60, 180, 600, 1440].map((minute) => ({ sent: jitter + minutes(minute), answered: jitter + minutes(minute) + 200 })) })
  })
  const verdict: Verdict = { name: 'no burst after an outage', promise: 'at most 20 of 1,000 boards ask within any second', outcome: 'pass', reason: 'the fullest second had 7 requests', evidence: { boards: 1000, 'most requests in a second': 7 }, bound: errorBound(exactWitness, 0) }
  return { ...base, name: 'outage-no-burst', promise: 'A server that was away for a day is not met by all boards at once.', boards, requests, verdicts: [verdict], simulated: minutes(1500), replay: 'npm run rig -- run outage-no-burst --clock virtual --boards 1000 --seed 4711' }
}

/** The rig itself was in the way. */
export function troubledScenario(): ScenarioResult {
  return { ...base, name: 'restart-after-acquiring', promise: 'The device restarts after it has acquired a certificate, when it is set to.', replay: again('restart-after-acquiring'), verdicts: [], trouble: { code: 'listen-failed', message: 'the SCEP server could not listen on port 8080: address in use', fix: 'End the program on that port, or give another with --port.' } }
}

export function sampleRun(scenarios: readonly ScenarioResult[]): RunRecord {
  return {
    title: 'Scheduled issuance', startedAt: Date.UTC(2026, 10, 21, 3, 0, 12), took: 66_400, seed: '4711', clock: virtual, alpha: 1e-6,
    replay: 'npm run rig -- run --clock virtual --boards 1 --seed 4711 --out out/2026-11-21', host: { Node: 'v20.20.2', firmware: 'platen 0.1.0' }, scenarios, troubles: [],
  }
}

/** Judging 2,000 draws takes a while: once is enough. */
const fair = jitterScenario()

export const mixedRun = (): RunRecord => sampleRun([fair, pollScenario(170), failureScenario(), outageScenario(), troubledScenario()])
export const passingRun = (): RunRecord => sampleRun([fair, pollScenario(0), outageScenario()])
