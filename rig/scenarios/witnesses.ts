import { errorBound, spell, type Verdict, type WitnessFacts } from '../verdicts/index.js'
import type { Contact } from './contacts.js'
import type { LogSeen, Station } from './station.js'

/** The firmware logs this at the moment at which it turns to the server. */
const turnsToServer = /^request \d+: Checking the server's certificate/u

/** Log lines are stamped in whole milliseconds. */
const logQuantum = 1

/** What a board told of its work, and over what. */
interface Account {
  readonly over: 'log' | 'events over MQTT'
  readonly lines: (station: Station) => readonly LogSeen[]
}

const accounts: readonly Account[] = [
  { over: 'log', lines: ({ log }) => log },
  { over: 'events over MQTT', lines: ({ events }) => events },
]

/** rig.md, "Witnesses". Nothing is said where there is nothing to compare. */
export function witnessesAgree(stations: readonly Station[], witness: WitnessFacts): readonly Verdict[] {
  return [...accounts.map((account) => serverAgrees(stations, witness, account)), boardAgrees(stations)].filter((verdict) => verdict !== undefined)
}

/**
 * The board's account against the server's transcript. Both clocks run from origins of their own, so it is intervals
 * that must agree: within one boot the difference of the two stamps is the same for every contact.
 */
function serverAgrees(stations: readonly Station[], witness: WitnessFacts, { over, lines }: Account): Verdict | undefined {
  let [worst, longest, contacts] = [0, 0, 0]
  let where = ''
  for (const station of stations) {
    for (const [bootId, pairs] of byBoot(station, lines(station))) {
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
    name: over === 'log' ? 'witnesses agree' : 'the third witness agrees',
    promise: `the server's transcript and the board's ${over} tell of the same times`,
    outcome: agree ? 'pass' : otherwise,
    reason: `over ${contacts} contacts they differ by ${spell(worst)} at most (${where}), the bound is ${spell(bound.total)}`,
    evidence: { contacts, 'largest disagreement, ms': worst },
    bound,
  }
}

/** What the board told twice has the same stamps, which are its own: here nothing is uncertain. */
function boardAgrees(stations: readonly Station[]): Verdict | undefined {
  const told = stations.filter(({ events }) => events.length > 0)
  if (told.length === 0) return undefined
  const key = ({ bootId, monotonic, text }: LogSeen): string => `${bootId} ${monotonic} ${text}`
  const important = (lines: readonly LogSeen[]): readonly string[] => lines.filter(({ text }) => turnsToServer.test(text)).map(key)
  const missing = told.flatMap(({ name, log, events }) => {
    const [first] = events
    const there = new Set(events.map(key))
    // Before its first event the board had no connection, nor the identity to make one.
    return important(log.filter(({ bootId, monotonic }) => bootId !== first?.bootId || monotonic >= first.monotonic)).filter((one) => !there.has(one)).map((one) => `${name}: ${one}`)
  })
  const compared = told.reduce((sum, { events }) => sum + important(events).length, 0)
  return {
    name: 'the board tells the same twice', promise: 'what the board tells on its line and over MQTT has the same boot ID and the same times',
    outcome: missing.length === 0 ? 'pass' : 'fail',
    reason: missing.length === 0 ? `all ${compared} turns to the server are told on both` : `${missing.length} are told on the line alone: ${missing[0] ?? ''}`,
    evidence: { compared, missing: missing.length },
  }
}

interface Pair {
  readonly contact: Contact
  readonly line: LogSeen
}

/** Each contact with the log line that the rig saw nearest to it. */
function byBoot(station: Station, told: readonly LogSeen[]): ReadonlyMap<string, readonly Pair[]> {
  const lines = told.filter(({ text }) => turnsToServer.test(text)).sort((a, b) => a.seenAt - b.seenAt)
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

/** @param lines sorted by when they were seen */
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
