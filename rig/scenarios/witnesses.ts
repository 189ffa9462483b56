import { errorBound, spell, type Verdict, type WitnessFacts } from '../verdicts/index.js'
import type { Contact } from './contacts.js'
import type { LogSeen, Station } from './station.js'

/** The firmware logs this at the moment at which it turns to the server. */
const turnsToServer = /^request \d+: Checking the server's certificate/u

/** Log lines are stamped in whole milliseconds. */
const logQuantum = 1

/** rig.md, "Witnesses". Nothing is said where there is nothing to compare. */
export function witnessesAgree(stations: readonly Station[], witness: WitnessFacts): readonly Verdict[] {
  return [serverAgrees(stations, witness), boardAgrees(stations)].filter((verdict) => verdict !== undefined)
}

/**
 * The board's log against the server's transcript. Both clocks run from origins of their own, so it is intervals
 * that must agree: within one boot the difference of the two stamps is the same for every contact.
 */
function serverAgrees(stations: readonly Station[], witness: WitnessFacts): Verdict | undefined {
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

const key = ({ bootId, monotonic, text }: LogSeen): string => `${bootId} ${monotonic} ${text}`
const turns = (lines: readonly LogSeen[]): readonly string[] => lines.filter(({ text }) => turnsToServer.test(text)).map(key)

/**
 * What a board told on its line, and over MQTT not, or not yet. What it had not sent yet when its power was cut is lost,
 * as promised: of a boot that is over, that is all after its last event.
 */
export function untoldOverMqtt({ log, events }: Station): readonly string[] {
  const there = new Set(events.map(key))
  const newest = log.at(-1)?.bootId
  const last = new Map<string, number>()
  for (const { bootId, monotonic } of events) last.set(bootId, Math.max(last.get(bootId) ?? 0, monotonic))
  const due = log.filter(({ bootId, monotonic }) => bootId === newest || monotonic <= (last.get(bootId) ?? -1))
  return events.length === 0 ? [] : turns(due).filter((turn) => !there.has(turn))
}

/** The third witness: the same events over MQTT. The stamps are the board's own, so here nothing is uncertain. */
function boardAgrees(stations: readonly Station[]): Verdict | undefined {
  const told = stations.filter(({ events }) => events.length > 0)
  if (told.length === 0) return undefined
  const missing = told.flatMap((station) => untoldOverMqtt(station).map((turn) => `${station.name}: ${turn}`))
  const compared = told.reduce((sum, { events }) => sum + turns(events).length, 0)
  return {
    name: 'the third witness agrees', promise: 'what the board tells on its line it tells over MQTT too, of the same boot and with the same times',
    outcome: missing.length === 0 ? 'pass' : 'fail',
    reason: missing.length === 0 ? `${compared} turns to the server are told on both alike` : `${missing.length} are not told over MQTT so: ${missing[0] ?? ''}`,
    evidence: { compared, missing: missing.length },
  }
}

interface Pair {
  readonly contact: Contact
  readonly line: LogSeen
}

/** Each contact with the log line that the rig saw nearest to it. */
function byBoot(station: Station): ReadonlyMap<string, readonly Pair[]> {
  const all = inTime(station.log)
  const lines = all.filter(({ text }) => turnsToServer.test(text))
  const boots = new Map<string, Pair[]>()
  for (const contact of station.contacts()) {
    const line = nearest(lines, contact.at)
    if (line === undefined || wentWithPower(all, contact.at, line)) continue
    const pairs = boots.get(line.bootId)
    if (pairs === undefined) boots.set(line.bootId, [{ contact, line }])
    else pairs.push({ contact, line })
  }
  return boots
}

/**
 * Lines sorted by when they were written, on the rig's clock. What waited for a connection was seen late: the line that
 * came fastest tells how the two clocks of a boot lie.
 */
function inTime(told: readonly LogSeen[]): readonly LogSeen[] {
  const origins = new Map<string, number>()
  for (const { bootId, seenAt, monotonic } of told) origins.set(bootId, Math.min(origins.get(bootId) ?? Infinity, seenAt - monotonic))
  return told.map((line) => ({ ...line, seenAt: line.monotonic + (origins.get(line.bootId) ?? 0) })).sort((a, b) => a.seenAt - b.seenAt)
}

/** A cut between a board's deed and the word about it: what it wrote last was not heard. */
const unheard = 1000

function wentWithPower(all: readonly LogSeen[], at: number, { seenAt }: LogSeen): boolean {
  const next = all.findIndex((line) => line.seenAt > at)
  return Math.abs(seenAt - at) > unheard && next > 0 && all[next - 1]?.bootId !== all[next]?.bootId
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
