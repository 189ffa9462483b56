import { asPlatenError, hasCode } from '../../protocol/errors.js'
import type { RigPlatform } from '../platform/index.js'
import { inconclusive, type Baseline, type Check, type Finding } from './check.js'
import { algorithmChecks, lifeChecks, messageChecks, trustChecks } from './checks/index.js'
import { Hall } from './hall.js'
import { byRule, type CheckResult, type ConformanceRecord } from './record.js'
import type { Rule } from './rules.js'
import type { Subject } from './subject.js'

export interface ConformanceOptions {
  readonly platform: RigPlatform
  readonly subject: Subject
  /** Whether the client can be told whom to trust. */
  readonly canTrust: boolean
  readonly seed: string
  readonly replay: string
  /** Default: all. */
  readonly only?: readonly Rule[]
  readonly onResult: (result: CheckResult, done: number, all: number) => void
}

/** Holds a client against the rules. @throws connect-failed when the client cannot be started at all */
export async function runConformance({ platform, subject, canTrust, seed, replay, only, onResult }: ConformanceOptions): Promise<ConformanceRecord> {
  const [startedAt, from] = [platform.clock.wall(), platform.clock.monotonic()]
  const checks = [...trustChecks, ...algorithmChecks, ...messageChecks, ...lifeChecks(platform, seed)].filter(({ rule }) => only === undefined || only.includes(rule))
  const hall = await Hall.open(platform, subject, { seed, canTrust })
  const results = new Map<Check, CheckResult>()
  const play = async (check: Check, place: number, baseline?: Baseline): Promise<void> => {
    const result = await judge(hall, check, place, subject, baseline)
    results.set(check, result)
    onResult(result, results.size, checks.length)
  }
  try {
    // A board that has trusted once never again trusts nobody.
    const [first, ...others] = checks.toSorted((a, b) => Number(b.name === 'no-pin') - Number(a.name === 'no-pin'))
    if (first?.name === 'no-pin') await play(first, 0)
    const baseline = await observeBaseline(hall)
    // A program may sleep long before it asks again: the others need not wait for that.
    const waiting = (first === undefined || first.name === 'no-pin' ? others : [first, ...others]).toSorted((a, b) => Number(defers(b)) - Number(defers(a)))
    const work = async (place: number): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await play(next, place, baseline)
    }
    await Promise.all(Array.from({ length: subject.atOnce }, (_none, place) => work(place)))
  } finally {
    await hall.close()
  }
  const inOrder = checks.flatMap((check) => results.get(check) ?? [])
  return { subject: subject.name, seed, replay, startedAt, took: platform.clock.monotonic() - from, rules: byRule(inOrder, only) }
}

async function observeBaseline(hall: Hall): Promise<Baseline> {
  const { result, witness } = await hall.play({ name: 'baseline' }, 0, undefined, async (stage) => (await stage.prepare()).enrol())
  return { ended: result, seen: witness.seen }
}

/** Trouble of the rig proves nothing about the client; that it cannot be started is the caller's to hear. */
async function judge(hall: Hall, check: Check, place: number, subject: Subject, baseline: Baseline | undefined): Promise<CheckResult> {
  const { rule, name, expectation, script, through } = check
  const played = await hall.play(check, place, baseline, async (stage): Promise<Finding> => {
    try {
      return await check.play(stage)
    } catch (error) {
      if (hasCode(error, 'invalid-value')) throw error
      const { code, message } = asPlatenError(error)
      return inconclusive(`The rig had trouble: ${message} [${code}]`)
    }
  })
  return {
    rule, name, expectation, script: script.faults.length === 0 ? 'none' : JSON.stringify(script.faults),
    through: subject.kind === 'board' && through !== undefined ? through : subject.kind === 'board' ? 'the board\'s console' : 'the command line',
    ...played.result, transcript: cut(played.transcript),
  }
}

const defers = ({ script }: Check): boolean => script.faults.some((fault) => (typeof fault === 'string' ? fault : fault.fault).startsWith('pending'))

const shownLines = 10

function cut(lines: readonly string[]): readonly string[] {
  return lines.length <= shownLines ? lines : [...lines.slice(0, shownLines), `… and ${lines.length - shownLines} more`]
}
