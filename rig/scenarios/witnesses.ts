import { errorBound, spell, type Verdict, type WitnessFacts } from '../verdicts/index.js'
import type { Contact } from './contacts.js'
import type { LogSeen, Station } from './station.js'

/** The firmware logs this at the moment at which it turns to the server. */
const turnsToServer = /^request \d+: Checking the server's certificate/u

/** Log lines are stamped in whole milliseconds. */
const logQuantum = 1

/**
 * rig.md, "Witnesses": the board's log against the server's transcript. Both clocks run from origins of their own, so
 * it is intervals that must agree: within one boot the difference of the two stamps is the same for every contact.
 * Undefined when no board made two contacts in one boot: there is nothing to compare.
 */
export function witnessesAgree(stations: readonly Station[], witness: WitnessFacts): Verdict | undefined {
  let [worst, longest, contacts] = [0, 0, 0]
  let where = ''
  for (const station of stations) {
    for (const [bootId, pairs] of byBoot(station)) {
      if (pairs.length < 2) continue
      const differences = pairs.map(({ contact, line }) => contact.at - line.monotonic)
      const spread = Math.max(...differences) - Math.min(...differences)
      contacts += pairs.length
      longest = Math.max(longest, (pairs.at(-1)?.contact.at ?? 0) - (pairs[0]?.contact.at ?? 0))
      if (spread > worst || where === '') [worst, where] = [spread, `${station.name}, boot ${bootId}`]
    }
  }
  if (contacts === 0) return undefined
  const bound = errorBound({ ...witness, quantum: witness.quantum + logQuantum }, longest)
  const agree = worst <= bound.total
  // Where the witnesses are uncertain, a disagreement says that the bound is wrong, not which of the two is.
  const otherwise = bound.total === logQuantum ? 'fail' : 'inconclusive'
  return {
    name: 'witnesses agree',
    promise: "the server's transcript and the board's log tell of the same times",
    outcome: agree ? 'pass' : otherwise,
    reason: `over ${contacts} contacts they differ by ${spell(worst)} at most (${where}), the bound is ${spell(bound.total)}`,
    evidence: { contacts, 'largest disagreement, ms': worst },
    bound,
  }
}

interface Pair {
  readonly contact: Contact
  readonly line: LogSeen
}

/** Each contact with the log line that the rig saw nearest to it. */
function byBoot(station: Station): ReadonlyMap<string, readonly Pair[]> {
  const lines = station.log.filter(({ text }) => turnsToServer.test(text))
  const boots = new Map<string, Pair[]>()
  for (const contact of station.contacts()) {
    const line = nearest(lines, contact.at)
    if (line === undefined) continue
    const pairs = boots.get(line.bootId)
    if (pairs === undefined) boots.set(line.bootId, [{ contact, line }])
    else pairs.push({ contact, line })
  }
  return boots
}

/** @param lines in the order in which they were seen */
function nearest(lines: readonly LogSeen[], at: number): LogSeen | undefined {
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle]?.seenAt ?? Infinity) < at) low = middle + 1
    else high = middle
  }
  const [before, after] = [lines[low - 1], lines[low]]
  if (before === undefined || after === undefined) return before ?? after
  return at - before.seenAt < after.seenAt - at ? before : after
}
