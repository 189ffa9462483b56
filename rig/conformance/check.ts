import type { FaultScript, RaForm } from '../scep-server/index.js'
import type { Rule } from './rules.js'
import type { Attempt, Ended, Enrolment, Subject, Target } from './subject.js'
import type { Observed, Witness } from './witness.js'

/** `unobservable`: nothing that this client shows from outside can prove or disprove it. */
export type CheckOutcome = 'pass' | 'fail' | 'inconclusive' | 'unobservable'

export interface Finding {
  readonly outcome: CheckOutcome
  /** One sentence. */
  readonly reason: string
}

/** What a check plays on: a server of its own, and the client. */
export interface Stage {
  readonly subject: Subject
  readonly witness: Witness
  readonly target: Target
  /** Another authority, which nobody trusts, on a server of its own. */
  readonly impostor: Target
  /** Whether the client can be told whom to trust. */
  readonly canTrust: boolean
  /** How an enrolment ended that nothing disturbed. */
  readonly baseline: Baseline | undefined
  /** From now on the server misbehaves so. */
  misbehave(script: FaultScript): void
  prepare(attempt?: Attempt): Promise<Enrolment>
  /** Resolves with the first answer PENDING. */
  readonly pending: Promise<unknown>
  /** Where these exchanges stand instead of the server's. */
  show(lines: readonly string[]): void
}

export interface Baseline {
  readonly ended: Ended
  readonly seen: readonly Observed[]
}

/** One named check of a rule. */
export interface Check {
  readonly rule: Rule
  readonly name: string
  /** What is expected, one sentence. */
  readonly expectation: string
  /** What the server does; empty when it behaves. */
  readonly script: FaultScript
  /** Of the server's authority. Default one. */
  readonly ra?: RaForm
  /** Through which door of ours it looks, where that is not the subject itself. */
  readonly through?: string
  readonly play: (stage: Stage) => Promise<Finding>
}

export const pass = (reason: string): Finding => ({ outcome: 'pass', reason })
export const fail = (reason: string): Finding => ({ outcome: 'fail', reason })
export const inconclusive = (reason: string): Finding => ({ outcome: 'inconclusive', reason })
export const unobservable = (reason: string): Finding => ({ outcome: 'unobservable', reason })

type Faults = FaultScript['faults']

/** The client must get its certificate all the same. */
export function takes(rule: Rule, name: string, expectation: string, faults: Faults, options: Pick<Check, 'ra'> = {}): Check {
  return {
    rule, name, expectation, script: { faults }, ...options,
    play: async (stage) => {
      const enrolment = await stage.prepare()
      stage.misbehave({ faults })
      const ended = await enrolment.enrol()
      if (!ended.enrolled && stage.baseline?.ended.enrolled !== true) return inconclusive(`It does not enrol with a server that behaves either: ${ended.said}`)
      if (ended.enrolled) return acted(stage, faults) ? pass(`It enrolled. ${ended.said}`) : inconclusive('It enrolled, but the server had no occasion to act.')
      return ended.hung ? inconclusive(`It did not end in time: ${ended.said}`) : fail(`It did not enrol: ${ended.said}`)
    },
  }
}

/** The client must not take what it gets. @param code how ours says it */
export function refuses(rule: Rule, name: string, expectation: string, faults: Faults, code?: string): Check {
  return {
    rule, name, expectation, script: { faults },
    play: async (stage) => {
      if (stage.baseline?.ended.enrolled !== true) return inconclusive('It does not enrol with a server that behaves, so that it refuses proves nothing.')
      const enrolment = await stage.prepare()
      stage.misbehave({ faults })
      return refused(stage, await enrolment.enrol(), faults, code)
    },
  }
}

export function refused({ subject, ...stage }: Stage, ended: Ended, faults: Faults, code: string | undefined): Finding {
  if (ended.enrolled) return fail(`It took the certificate. ${ended.said}`)
  if (!acted(stage, faults)) return inconclusive(`It did not enrol, but the server had no occasion to act: ${ended.said}`)
  if (ended.hung) return inconclusive(`It did not end in time: ${ended.said}`)
  if (subject.kind === 'board' && code !== undefined && ended.code !== code) return fail(`It ended with the code ${ended.code ?? 'none'} and not ${code}: ${ended.said}`)
  return pass(ended.said)
}

/** Something in the messages of an enrolment that nothing disturbed. */
export function shows(rule: Rule, name: string, expectation: string, judge: (messages: readonly Observed[], stage: Stage) => Finding): Check {
  return {
    rule, name, expectation, script: { faults: [] },
    play: (stage) => {
      const messages = messagesOf(stage.baseline?.seen ?? [])
      stage.show(['as in the enrolment that nothing disturbed'])
      return Promise.resolve(messages.length === 0 ? inconclusive('It sent no message that could be read.') : judge(messages, stage))
    },
  }
}

/** A check of every message: what is wrong with one, or nothing. */
export function every(messages: readonly Observed[], good: string, wrong: (seen: Observed) => string | undefined): Finding {
  const found = messages.map(wrong).find((words) => words !== undefined)
  return found === undefined ? pass(`${good} (${messages.length} message${messages.length === 1 ? '' : 's'})`) : fail(found)
}

export const messagesOf = (seen: readonly Observed[]): readonly Observed[] => seen.filter(({ message }) => message !== undefined)

/** Whether each of the script's faults took part. */
function acted({ witness }: Pick<Stage, 'witness'>, faults: Faults): boolean {
  const done = new Set(witness.seen.flatMap(({ record }) => record?.faults ?? []))
  return faults.every((fault) => done.has(typeof fault === 'string' ? fault : fault.fault))
}
