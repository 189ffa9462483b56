import { seconds } from '../../../protocol/time.js'
import { jitterPromise, jitterRange, measured, uniformJitter, type JitterSample } from '../../verdicts/index.js'
import type { Bench } from '../bench.js'
import type { Scenario } from '../scenario.js'
import type { Station } from '../station.js'
import { moveStart, setTimer } from '../timer.js'

/** The latest jitter, and a little: a board that is too late is to be seen, too. */
const horizon = seconds(jitterRange.high + 700)
const onTimeHorizon = seconds(jitterRange.high + 1)

const roundsANote = 25

/**
 * device.md section 4, Auto Adjust Issuance Request Time. A sample needs no more than the first exchange of a request,
 * so the server answers 503, and no key is made.
 * @param samples of all boards together
 */
export function jitterUniformOver(samples: number): Scenario {
  return {
    name: 'jitter-uniform',
    promise: jitterPromise,
    clocks: ['virtual'],
    boards: 20,
    async run(bench) {
      const boards = await bench.fleet()
      const rounds = Math.ceil(samples / boards.length)
      bench.server.misbehave({ faults: [{ fault: 'http-status', status: 503 }] })
      const found: JitterSample[] = []
      await bench.step('Set the same start on every board, and wait for the requests', { boards: boards.length, rounds }, async (note) => {
        for (let round = 1; round <= rounds; round += 1) {
          found.push(...await sampleOnce(bench, boards, round))
          if (round % roundsANote === 0) note(`${found.length} samples`)
        }
      })
      return {
        verdicts: uniformJitter(found, { seed: bench.seed, witness: bench.witness }),
        jitterSamples: found.map(({ jitter }) => (jitter.low + jitter.high) / 2000),
      }
    },
  }
}

async function sampleOnce(bench: Bench, boards: readonly Station[], round: number): Promise<readonly JitterSample[]> {
  const start = bench.soon()
  for (const board of boards) {
    board.forget()
    await (round === 1 ? setTimer(board, { start, adjust: true }) : moveStart(board, start))
  }
  const waiting = new Set(boards)
  const allCame = (): boolean => {
    for (const board of waiting) if (board.contacts().length > 0) waiting.delete(board)
    return waiting.size === 0
  }
  // Each round ends when every board has come; nobody stays signed in for longer than 15 minutes of silence.
  if (!await bench.until(allCame, onTimeHorizon)) await bench.until(allCame, horizon)
  return boards.flatMap((board) => board.contacts().slice(0, 1).map(({ at }) =>
    ({ board: board.name, start: round, jitter: measured(bench.stampOf(start), at, bench.witness) })))
}

export const jitterUniform = jitterUniformOver(2000)
