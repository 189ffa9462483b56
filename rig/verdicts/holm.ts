import type { Power, Test, Verdict } from './verdict.js'

/** What a statistical check hands over before it is known how many others there are. */
export interface StatisticalFinding {
  readonly name: string
  readonly promise: string
  /** The numbers as a phrase: "chi-squared 24.3 on 25 bins, n = 2,000". */
  readonly statement: string
  /** @see Test.meaning */
  readonly meaning: string
  readonly pValue: number
  readonly evidence: Readonly<Record<string, number>>
  readonly power?: readonly Power[]
  /** Why not rejecting proves nothing; absent when it does. */
  readonly unproven?: string
}

/** A p-value's place in Holm's order. */
interface Place {
  readonly level: number
  readonly rejected: boolean
}

/**
 * Holm's step-down over p-values: the smallest is held against alpha/m, the next against alpha/(m−1), and so on until
 * one is kept; with it all larger ones are. The chance of any false rejection is alpha at most, however they depend.
 */
export function holm(pValues: readonly number[], alpha: number): readonly Place[] {
  const order = pValues.map((pValue, at) => ({ pValue, at })).sort((a, b) => a.pValue - b.pValue)
  const places: Place[] = []
  let rejecting = true
  order.forEach(({ pValue, at }, rank) => {
    const level = alpha / (pValues.length - rank)
    rejecting &&= pValue <= level
    places[at] = { level, rejected: rejecting }
  })
  return places
}

/** Turns findings into verdicts, as one family. */
export function judgeFindings(findings: readonly StatisticalFinding[], alpha: number): readonly Verdict[] {
  const places = holm(findings.map(({ pValue }) => pValue), alpha)
  return findings.map(({ pValue, meaning, statement, unproven, ...rest }, at) => {
    const { level, rejected } = places[at] ?? { level: alpha, rejected: false }
    return settled(rest, { pValue, alpha, level, meaning, statement, ...(unproven === undefined ? {} : { unproven }) }, rejected)
  })
}

/**
 * Judges the statistical verdicts of a whole run again as one family, so that many checks do not make a false alarm
 * likely. The others stay as they are.
 */
export function settleRun(verdicts: readonly Verdict[], alpha: number): readonly Verdict[] {
  const tests = verdicts.flatMap(({ test }) => (test === undefined ? [] : [test]))
  const places = holm(tests.map(({ pValue }) => pValue), alpha)
  return verdicts.map((verdict) => {
    if (verdict.test === undefined) return verdict
    const { level, rejected } = places[tests.indexOf(verdict.test)] ?? { level: alpha, rejected: false }
    return settled(verdict, { ...verdict.test, alpha, level }, rejected)
  })
}

function settled(rest: Omit<Verdict, 'outcome' | 'reason' | 'test'>, test: Test, rejected: boolean): Verdict {
  const held = `${test.statement}: p ${spellChance(test.pValue)}, level ${spellChance(test.level).replace('= ', '')}`
  if (rejected) return { ...rest, test, outcome: 'fail', reason: `${held}; ${test.meaning}` }
  if (test.unproven !== undefined) return { ...rest, test, outcome: 'inconclusive', reason: `${held}; ${test.unproven}` }
  return { ...rest, test, outcome: 'pass', reason: held }
}

/** `= 0.38`, `= 2.1e-7`, `< 1e-15`. */
export function spellChance(chance: number): string {
  if (chance < 1e-15) return '< 1e-15'
  return chance >= 0.001 ? `= ${Number(chance.toFixed(3))}` : `= ${chance.toExponential(1).replace('.0e', 'e')}`
}
