import type { Step } from '../steps/index.js'
import type { ErrorBound, Interval, MeasuredInterval, Verdict } from '../verdicts/index.js'

/** The clock that a run was measured on (rig.md, "One scenario, four clocks"). */
export interface RunClock {
  readonly kind: 'virtual' | 'scaled' | 'real' | 'hardware'
  /** How many times faster than real time; 1 unless scaled. */
  readonly scale: number
}

/** Something that kept the rig from judging: a missing program, a port in use, a board that did not start. Never the board's fault. */
export interface Trouble {
  readonly code: string
  readonly message: string
  /** What to do about it; empty when there is nothing to say. */
  readonly fix: string
}

/** One request to the server by a scheduled start, as the witness saw it; milliseconds on the scenario's clock. */
export interface RequestTimeline {
  readonly board: string
  /** What this request is, when the board made several: "start 3". */
  readonly label: string
  /** The start that was set, before jitter. */
  readonly due: number
  /** Measured from due to sent, milliseconds; absent when there is none. */
  readonly jitter?: Interval
  /** Absent when no request came. */
  readonly sent?: number
  readonly answered?: number
  readonly polls: readonly { readonly sent: number; readonly answered?: number }[]
  /** How it ended, in the words of the status table. */
  readonly result: string
}

/** One exchange of the key of a use, and what it cost those who use the board. */
export interface SwapTimeline {
  readonly board: string
  /** As administrators know it: "TLS". */
  readonly use: string
  /** Serial numbers of the certificates, hex. */
  readonly oldSerial: string
  readonly newSerial: string
  /** Milliseconds after the certificate was received, by the board's own clock; absent for a step that did not come. */
  readonly started?: number
  readonly applied?: number
  readonly probed?: number
  /** From certificate received to probe passed, with the error of the board's stamps. */
  readonly took?: Interval
  readonly outcome: string
  readonly loads: readonly SwapLoad[]
}

/** A load during an exchange of keys; milliseconds after the certificate was received, by the rig's clock. */
export interface SwapLoad {
  readonly name: string
  /** Each request is a handshake of its own. */
  readonly handshakes?: boolean
  /** The longest time without service. */
  readonly gap: Interval
  readonly bound: ErrorBound
  readonly between: Interval
  readonly lost: number
  readonly asked: number
  /** When its clients began to see the new certificate; absent where the peer does not tell. */
  readonly exchanged?: Interval
  /** Around the exchange: when each request started, how long it took, and how it ended. */
  readonly requests: readonly { readonly started: number; readonly took: number; readonly ended: 'old' | 'new' | 'served' | 'lost' }[]
}

export interface ScenarioResult {
  readonly name: string
  /** What is promised, one sentence. */
  readonly promise: string
  readonly clock: RunClock
  /** The largest error of a measurement in this scenario. */
  readonly bound: ErrorBound
  readonly seed: string
  readonly boards: readonly string[]
  /** The command that runs exactly this again. */
  readonly replay: string
  /** How long it took on the wall, milliseconds. */
  readonly took: number
  /** How much time passed on the scenario's clock, milliseconds. */
  readonly simulated: number
  readonly steps: readonly Step[]
  readonly verdicts: readonly Verdict[]
  readonly requests: readonly RequestTimeline[]
  readonly intervals: readonly MeasuredInterval[]
  /** Exchanges of keys that were watched. */
  readonly swaps?: readonly SwapTimeline[]
  /** Set when the samples are to be held against the uniform model: jitters in seconds, in the order of time. */
  readonly jitterSamples?: readonly number[]
  readonly trouble?: Trouble
}

/** All that is known of a run; every report is made from it alone. */
export interface RunRecord {
  readonly title: string
  /** Wall time, milliseconds since 1970. */
  readonly startedAt: number
  /** On the wall, milliseconds. */
  readonly took: number
  readonly seed: string
  readonly clock: RunClock
  /** Chance that the run fails a board that keeps every promise: Holm over all statistical verdicts. */
  readonly alpha: number
  /** The command that runs exactly this again. */
  readonly replay: string
  /** What it ran on, to show: `{ node: 'v20.20.2', … }`. */
  readonly host: Readonly<Record<string, string>>
  readonly scenarios: readonly ScenarioResult[]
  /** Trouble outside any one scenario. */
  readonly troubles: readonly Trouble[]
}
