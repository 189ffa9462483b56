import type { Duration } from '../../protocol/time.js'

/** A measured or promised length of time: the true value lies between `low` and `high`, both included; milliseconds. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** How far a measured interval can be from the true one, with the parts it is made of; all in milliseconds. */
export interface ErrorBound {
  /** Half the width of the measured interval: the sum of the parts below. */
  readonly total: number
  /** Largest minus smallest latency of the witness: the part of its lateness that can differ between two stamps. */
  readonly latency: number
  /** The step of the coarser clock. */
  readonly quantum: number
  /** What two clocks can run apart over the measured duration. */
  readonly drift: number
}

/** What is known of a witness and its clock. */
export interface WitnessFacts {
  /** From the event to its stamp, milliseconds. */
  readonly latency: Interval
  /** Milliseconds. */
  readonly quantum: number
  /** Largest difference in rate against the reference clock; 50e-6 is 50 ppm. */
  readonly driftRatio: number
}

export type Outcome = 'pass' | 'fail' | 'inconclusive'

/** Nothing is uncertain in virtual time. */
export const exactWitness: WitnessFacts = { latency: { low: 0, high: 0 }, quantum: 0, driftRatio: 0 }

/**
 * A witness whose latency was measured on this very host, since it depends on what else runs there.
 * @param latencies from event to stamp, milliseconds; the more, the nearer their ends are to the true ones
 */
export function calibrated(latencies: readonly number[], quantum: number, driftRatio: number): WitnessFacts {
  if (latencies.length === 0) throw new TypeError('a witness is calibrated from at least one latency')
  const ends = { low: latencies.reduce((least, one) => Math.min(least, one)), high: latencies.reduce((most, one) => Math.max(most, one)) }
  return { latency: ends, quantum, driftRatio }
}

/** rig.md, "One scenario, four clocks": a clock that runs `scale` times faster makes the host's noise as much larger. */
export function scaledWitness(witness: WitnessFacts, scale: number): WitnessFacts {
  return { latency: { low: witness.latency.low * scale, high: witness.latency.high * scale }, quantum: witness.quantum * scale, driftRatio: witness.driftRatio }
}

/** rig.md, "Witnesses": |error| ≤ (max latency − min latency) + quantum + drift × duration. */
export function errorBound(witness: WitnessFacts, duration: number): ErrorBound {
  const latency = witness.latency.high - witness.latency.low
  const drift = witness.driftRatio * Math.abs(duration)
  return { total: latency + witness.quantum + drift, latency, quantum: witness.quantum, drift }
}

/** The interval between two stamps, with the error of its witness. */
export function measured(from: number, to: number, witness: WitnessFacts): Interval {
  const { total } = errorBound(witness, to - from)
  return { low: to - from - total, high: to - from + total }
}

/** Pass when wholly inside the promise, fail when wholly outside, else inconclusive. Both ends belong to the promise. */
export function judge(value: Interval, promise: Interval): Outcome {
  if (value.low > promise.high || value.high < promise.low) return 'fail'
  return value.low >= promise.low && value.high <= promise.high ? 'pass' : 'inconclusive'
}

/** A promise of the form "not before `from`, and at most `late` after it". */
export function window(from: Duration, late: Duration): Interval {
  return { low: from, high: from + late }
}

/** A length of time as a person reads it: `12 ms`, `1.5 s`, `4 min 30 s`, `31 d 2 h`. */
export function spell(length: number): string {
  const size = Math.abs(length)
  if (size < 1000) return `${trim(Number(length.toPrecision(3)), 9)} ms`
  if (size < 120_000) return `${trim(length / 1000, 3)} s`
  const whole = Math.round(size / 1000)
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return (length < 0 ? '−' : '') + shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

/** `[1 s, 1.02 s]`, or one length when both ends are the same. */
export function spellInterval({ low, high }: Interval): string {
  return low === high ? spell(low) : `[${spell(low)}, ${spell(high)}]`
}

function trim(value: number, digits: number): string {
  return Number(value.toFixed(digits)).toString().replace('-', '−')
}
