import type { Part } from '../peers/index.js'
import type { RequestTimeline, RunClock, SwapTimeline } from '../reports/index.js'
import type { MeasuredInterval, Verdict } from '../verdicts/index.js'
import type { Bench } from './bench.js'

export type ClockKind = RunClock['kind']

/** What a scenario does to a bench beside using it; where boards are made for a run, all of it can be had. */
export type BenchNeed = 'scep' | 'power-cut' | 'serial' | 'broker'

/** One promise, and how to find out whether boards keep it. The clock is none of its business. */
export interface Scenario {
  /** As it is typed: words joined by hyphens. */
  readonly name: string
  /** What is promised, one sentence. */
  readonly promise: string
  /** On which it says something: a promise of months waits for nobody in real time. */
  readonly clocks: readonly ClockKind[]
  /** What the machine must have for it; where that is missing the rig has trouble, and no verdict. */
  readonly parts?: readonly Part[]
  /** How many boards it takes when nobody says. */
  readonly boards: number
  /** What a bench has to allow for it; default: nothing. */
  readonly needs?: readonly BenchNeed[]
  run(bench: Bench): Promise<Findings>
}

export interface Findings {
  readonly verdicts: readonly Verdict[]
  readonly requests?: readonly RequestTimeline[]
  readonly intervals?: readonly MeasuredInterval[]
  /** Exchanges of keys that were watched. */
  readonly swaps?: readonly SwapTimeline[]
  /** Jitters in seconds, in the order of time, to be held against the uniform model. */
  readonly jitterSamples?: readonly number[]
}
