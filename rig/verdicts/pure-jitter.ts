import { jitterPromise, jitterRange } from './jitter-sample.js'
import type { Verdict } from './verdict.js'

const largestDraw = 1 - 2 ** -53

/** How far an edge between two seconds may lie from its place: rounding only. */
const edgeTolerance = 1e-12

/**
 * rig.md, "Verdict on jitter", 1: the function from a uniform number u in [0, 1) to whole seconds, before any
 * statistics, which would need 2,761 samples just to see 600 once. u = 0 gives 1, u = 1 − 2^-53 gives 600, it never
 * falls, and each second takes exactly its 600th of the way.
 */
export function pureJitter(toSeconds: (u: number) => number): Verdict {
  const head = { name: 'jitter as a pure function', promise: jitterPromise, evidence: { 'at u = 0, s': toSeconds(0), 'at u = 1 − 2^-53, s': toSeconds(largestDraw) } }
  const wrong = firstWrong(toSeconds)
  return wrong === undefined
    ? { ...head, outcome: 'pass', reason: 'u = 0 gives 1, u = 1 − 2^-53 gives 600, and each second has its 600th of the way' }
    : { ...head, outcome: 'fail', reason: wrong }
}

function firstWrong(toSeconds: (u: number) => number): string | undefined {
  const { low, high } = jitterRange
  if (toSeconds(0) !== low) return `u = 0 gives ${toSeconds(0)}, not ${low}`
  if (toSeconds(largestDraw) !== high) return `u = 1 − 2^-53 gives ${toSeconds(largestDraw)}, not ${high}`
  for (let second = low; second < high; second += 1) {
    const edge = second / high
    const [before, after] = [toSeconds(edge - edgeTolerance), toSeconds(edge + edgeTolerance)]
    if (before !== second || after !== second + 1) return `around u = ${second}/${high} it gives ${before} and ${after}, not ${second} and ${second + 1}`
  }
  const steps = high * 100
  for (let step = 1; step < steps; step += 1) {
    const [before, after] = [toSeconds((step - 1) / steps), toSeconds(step / steps)]
    if (!Number.isInteger(after)) return `u = ${step}/${steps} gives ${after}, which is no whole number`
    if (after < before) return `it falls from ${before} to ${after} at u = ${step}/${steps}`
  }
  return undefined
}
