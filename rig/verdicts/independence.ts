import { binomialTail, normalBelow, normalTwoSided, occupancyTail } from './distributions.js'
import type { StatisticalFinding } from './holm.js'
import { blurOf, byBoard, jitterRange, wholeSecond, type JitterSample } from './jitter-sample.js'

const mean = (jitterRange.low + jitterRange.high) / 2
const variance = (jitterRange.high ** 2 - 1) / 12

/** From here on the normal tail of the correlation is right to a factor of three at a level of 1e-7. */
const fewestPairs = 100

/**
 * Whether draws are "the same" is asked of cells: single seconds when samples are exact to half a second, else cells
 * wide enough that equal draws mostly share one. Wide cells catch less, but give no more false alarms.
 */
interface Cells {
  readonly count: number
  readonly of: (sample: JitterSample) => number
}

function cellsFor(samples: readonly JitterSample[]): Cells {
  const blur = blurOf(samples)
  const width = blur < 500 ? 1 : [2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 50, 60].find((size) => size * 1000 >= 4 * blur) ?? 60
  return { count: jitterRange.high / width, of: (sample) => Math.floor((wholeSecond(sample) - 1) / width) }
}

/** rig.md, "Verdict on jitter", 4. What the samples cannot show (one board only, one draw a board) has no finding. */
export function independenceFindings(samples: readonly JitterSample[], level: number): readonly StatisticalFinding[] {
  return [lagOne(samples, level), repeats(samples), sharedDraws(samples)].flatMap((finding) => (finding === undefined ? [] : [finding]))
}

/** Correlation of each draw with the one before it on the same board, on each board and over all of them. */
function lagOne(samples: readonly JitterSample[], level: number): StatisticalFinding | undefined {
  const boards = [...byBoard(samples).values()].filter((own) => own.length > 1).map((own) => {
    const centred = own.map((sample) => wholeSecond(sample) - mean)
    return { pairs: own.length - 1, sum: centred.slice(1).reduce((sum, value, at) => sum + value * (centred[at] ?? 0), 0) / variance }
  })
  if (boards.length === 0) return undefined
  const pairs = boards.reduce((sum, board) => sum + board.pairs, 0)
  const total = boards.reduce((sum, board) => sum + board.sum, 0)
  const large = boards.filter((board) => board.pairs >= fewestPairs)
  const perBoard = large.reduce((least, board) => Math.min(least, normalTwoSided(board.sum / Math.sqrt(board.pairs))), 1)
  const overall = normalTwoSided(total / Math.sqrt(pairs))
  const correlation = total / pairs
  const critical = criticalZ(level)
  return {
    name: 'jitter independent of the one before',
    promise: 'each draw is independent of the draw before it on the same board',
    statement: `lag-1 correlation ${correlation.toFixed(3)} over ${pairs} pairs on ${boards.length} ${boards.length === 1 ? 'board' : 'boards'}`,
    meaning: 'a draw depends on the one before it',
    pValue: large.length === 0 || boards.length === 1 ? overall : Math.min(1, 2 * Math.min(overall, perBoard * large.length)),
    evidence: { 'lag-1 correlation': correlation, pairs, boards: boards.length, 'boards judged one by one': large.length },
    power: [{ alternative: 'a lag-1 correlation of 0.3', chance: normalBelow(0.3 * Math.sqrt(pairs) - critical) }],
    ...(pairs >= fewestPairs ? {} : { unproven: `${pairs} pairs are too few, ${fewestPairs} are needed` }),
  }
}

/** Whether a board gives the same draw twice in a row more often than chance. */
function repeats(samples: readonly JitterSample[]): StatisticalFinding | undefined {
  const cells = cellsFor(samples)
  const chains = [...byBoard(samples).values()].map((own) => own.map(cells.of))
  const pairs = chains.reduce((sum, chain) => sum + chain.length - 1, 0)
  if (pairs === 0) return undefined
  const same = chains.reduce((sum, chain) => sum + chain.slice(1).filter((cell, at) => cell === chain[at]).length, 0)
  return {
    name: 'jitter not repeated',
    promise: 'a new start gets a new draw',
    statement: `${same} of ${pairs} draws equal the one before on the same board, ${(pairs / cells.count).toFixed(1)} by chance`,
    meaning: 'draws repeat',
    pValue: binomialTail(pairs, 1 / cells.count, same),
    evidence: { pairs, 'equal to the one before': same, 'expected by chance': pairs / cells.count },
    power: [{ alternative: 'every draw repeated', chance: cells.count ** -pairs < 1e-9 ? 1 : 0 }],
  }
}

/** Whether boards that were powered on at the same instant share draws: all of them at one start, or two of them over many. */
function sharedDraws(samples: readonly JitterSample[]): StatisticalFinding | undefined {
  const cells = cellsFor(samples)
  const starts = new Map<string | number, Map<string, number>>()
  for (const sample of samples) {
    const draws = starts.get(sample.start) ?? new Map<string, number>()
    starts.set(sample.start, draws.set(sample.board, cells.of(sample)))
  }
  const shared = [...starts.values()].filter((draws) => draws.size > 1)
  if (shared.length === 0) return undefined
  const crowds = shared.map((draws) => ({ boards: draws.size, distinct: new Set(draws.values()).size }))
  const crowded = crowds.reduce((least, { boards, distinct }) => Math.min(least, occupancyTail(boards, cells.count, distinct)), 1)
  const twins = closestTwins(shared, cells.count)
  const worst = crowds.reduce((found, crowd) => (crowd.distinct / crowd.boards < found.distinct / found.boards ? crowd : found))
  const sure = shared.reduce((most, draws) => Math.max(most, draws.size - 1), shared.length)
  return {
    name: 'boards do not share draws',
    promise: 'boards powered on at the same instant draw independently',
    statement: `at ${shared.length} common ${shared.length === 1 ? 'start' : 'starts'} the fewest distinct draws were ${worst.distinct} of ${worst.boards} boards, `
      + `and the two most alike boards agreed ${twins.same} of ${twins.common} times`,
    meaning: 'boards share their draws',
    pValue: Math.min(1, 2 * Math.min(crowded * shared.length, twins.pValue)),
    evidence: { 'common starts': shared.length, 'fewest distinct draws': worst.distinct, 'boards in that start': worst.boards, 'most draws two boards share': twins.same },
    ...(cells.count ** -sure <= 1e-9 ? {} : { unproven: 'too few boards and common starts to tell a copy from chance' }),
  }
}

/** The pair of boards that agrees least by chance; its p-value is multiplied by the number of pairs (Bonferroni). */
function closestTwins(starts: readonly ReadonlyMap<string, number>[], cells: number): { readonly same: number; readonly common: number; readonly pValue: number } {
  const boards = [...new Set(starts.flatMap((draws) => [...draws.keys()]))]
  const rows = boards.map((board) => starts.map((draws) => draws.get(board) ?? -1))
  const tails = new Map<string, number>()
  let closest = { same: 0, common: 0, chance: Infinity }
  rows.forEach((row, at) => {
    for (let other = at + 1; other < rows.length; other += 1) {
      const { same, common } = agreement(row, rows[other] ?? [])
      const key = `${common} ${same}`
      const chance = tails.get(key) ?? binomialTail(common, 1 / cells, same)
      tails.set(key, chance)
      if (chance < closest.chance) closest = { same, common, chance }
    }
  })
  return { same: closest.same, common: closest.common, pValue: Math.min(1, closest.chance * ((boards.length * (boards.length - 1)) / 2)) }
}

function agreement(left: readonly number[], right: readonly number[]): { readonly same: number; readonly common: number } {
  let [same, common] = [0, 0]
  for (let at = 0; at < left.length; at += 1) {
    if (left[at] === -1 || right[at] === -1) continue
    common += 1
    if (left[at] === right[at]) same += 1
  }
  return { same, common }
}

function criticalZ(level: number): number {
  let [low, high] = [0, 40]
  for (let step = 0; step < 60; step += 1) {
    if (normalTwoSided((low + high) / 2) > level) low = (low + high) / 2
    else high = (low + high) / 2
  }
  return high
}
