import { minutes } from '../../../protocol/time.js'
import type { RequestTimeline } from '../../reports/index.js'
import type { FaultScript } from '../../scep-server/index.js'
import type { MeasuredInterval, Verdict } from '../../verdicts/index.js'
import type { Bench } from '../bench.js'
import type { Contact } from '../contacts.js'
import { requestTimeline, waitsBetween } from '../findings.js'
import { newestRequest } from '../reading.js'
import type { Station } from '../station.js'
import { setTimer } from '../timer.js'

export interface PollingCase {
  /** What goes wrong, as the end of a sentence. */
  readonly on: string
  readonly script: FaultScript
  readonly polls: number
  /** Default 1. */
  readonly pollMinutes?: number
  /** How many contacts follow the first, if the promise is kept. */
  readonly expected: number
}

export interface PollingResult {
  readonly contacts: readonly Contact[]
  readonly verdict: Verdict
  readonly intervals: readonly MeasuredInterval[]
  readonly request: RequestTimeline
}

/** One scheduled request against a server that misbehaves, watched for two intervals longer than polls are allowed for. */
export async function watchPolling(bench: Bench, station: Station, { on, script, polls, pollMinutes = 1, expected }: PollingCase): Promise<PollingResult> {
  const interval = minutes(pollMinutes)
  return bench.step('Let a scheduled request meet a server that misbehaves', { case: on, polls, minutes: pollMinutes }, async () => {
    bench.server.misbehave(script)
    // Whoever has to sign in first loses time that the start may not have.
    await station.says('whoami')
    const start = bench.soon()
    station.forget()
    await setTimer(station, { start, polls, pollMinutes })
    await bench.passUntil(start)
    await bench.until(() => station.contacts().length > polls, minutes((polls + 1) * pollMinutes + 1))
    await bench.pass(minutes(2 * pollMinutes + 1))
    const contacts = station.contacts()
    const { status, details } = await newestRequest(station)
    const promise = expected === 0 ? `no poll on ${on}` : `${expected} polls on ${on}, ${pollMinutes} min apart`
    return {
      contacts,
      ...waitsBetween(bench, contacts, { name: `polls on ${on}`, promise, event: 'poll', board: station.name, wait: interval, count: expected }),
      request: requestTimeline(station.name, on, bench.stampOf(start), contacts, { result: `${status}: ${details}` }),
    }
  })
}
