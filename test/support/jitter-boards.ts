import { seeded, wholeNumber, type JitterSample } from '../../rig/verdicts/index.js'

/** Jitter as a board would show it; `from` gives the next whole second from a number in [0, 1). */
export function drawn(count: number, seed: string, from: (u: number) => number = (u) => 1 + Math.floor(u * 600)): readonly number[] {
  const draw = seeded(seed)
  return Array.from({ length: count }, () => from(draw()))
}

/** Exact samples of one board, one scheduled start after the other. */
export function oneBoard(seconds: readonly number[], board = 'board 1'): readonly JitterSample[] {
  return seconds.map((second, start) => ({ board, start, jitter: { low: second * 1000, high: second * 1000 } }))
}

/** Samples with a measurement error of ± `error` ms, the true value somewhere inside. */
export function blurred(samples: readonly JitterSample[], error: number, seed: string): readonly JitterSample[] {
  const draw = seeded(`${seed} error`)
  return samples.map((sample) => {
    const off = wholeNumber(draw, -error, error)
    return { ...sample, jitter: { low: sample.jitter.low + off - error, high: sample.jitter.high + off + error } }
  })
}
