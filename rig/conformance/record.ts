import { rules, ruleNames, type Rule } from './rules.js'
import type { CheckOutcome } from './check.js'

export interface CheckResult {
  readonly rule: Rule
  readonly name: string
  readonly expectation: string
  /** What the server was told to do, JSON. */
  readonly script: string
  /** Through which door it was looked at. */
  readonly through: string
  readonly outcome: CheckOutcome
  readonly reason: string
  /** The exchanges that prove it. */
  readonly transcript: readonly string[]
}

export interface RuleResult {
  readonly rule: Rule
  readonly statement: string
  readonly outcome: CheckOutcome
  readonly checks: readonly CheckResult[]
}

/** All that is known of a run; the reports are made from it alone. */
export interface ConformanceRecord {
  readonly subject: string
  readonly seed: string
  readonly replay: string
  /** Wall ms. */
  readonly startedAt: number
  readonly took: number
  readonly rules: readonly RuleResult[]
}

export const outcomeSigns = {
  pass: { sign: '✔', word: 'pass' },
  fail: { sign: '✘', word: 'fail' },
  inconclusive: { sign: '?', word: 'inconclusive' },
  unobservable: { sign: '–', word: 'not observable' },
} as const satisfies Record<CheckOutcome, { sign: string; word: string }>

/** One failure fails, one doubt leaves open; what cannot be observed proves nothing, and never passes alone. */
export function outcomeOf(outcomes: readonly CheckOutcome[]): CheckOutcome {
  if (outcomes.includes('fail')) return 'fail'
  if (outcomes.includes('inconclusive')) return 'inconclusive'
  return outcomes.includes('pass') ? 'pass' : 'unobservable'
}

/** By rule, in the order of scep.md. @param asked the rules that were to be checked */
export function byRule(results: readonly CheckResult[], asked: readonly Rule[] = ruleNames): readonly RuleResult[] {
  return ruleNames.filter((rule) => asked.includes(rule)).map((rule) => {
    const checks = results.filter((result) => result.rule === rule)
    return { rule, statement: rules[rule], outcome: outcomeOf(checks.map(({ outcome }) => outcome)), checks }
  })
}

/** For the exit code: what is not observable decides nothing, unless there is nothing else. */
export function verdictOf({ rules: results }: ConformanceRecord): 'pass' | 'fail' | 'inconclusive' {
  const outcome = outcomeOf(results.map((result) => result.outcome))
  return outcome === 'unobservable' ? 'inconclusive' : outcome
}
