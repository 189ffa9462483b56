import { errorBound, judge, spell, spellInterval, type ErrorBound, type Interval, type WitnessFacts } from './interval.js'
import type { Verdict } from './verdict.js'

/** One request of a load. Both stamps are of one monotonic clock, milliseconds. */
export interface LoadSample {
  /** Before its first byte was sent. */
  readonly started: number
  /** When it was answered, or given up. */
  readonly ended: number
  readonly served: boolean
  /** Serial number of the certificate that it was served with, where the peer tells. */
  readonly serial?: string
}

/** What a load says about the service around an exchange of keys. */
export interface ServiceGap {
  /** The longest time without service, ms: it is in here, whatever the pace of the load. */
  readonly gap: Interval
  /** Half its width: what the pace and the latency of the load leave open, the clock's step, and drift. */
  readonly bound: ErrorBound
  /** The two requests that it lies between: start of the one, end of the other. */
  readonly between: Interval
  /** Requests that were not served, of those that were asked around the exchange. */
  readonly lost: number
  readonly asked: number
  /** Requests that were served before the window, and after it: without both nothing is proven. */
  readonly around: { readonly before: number; readonly after: number }
}

/**
 * The longest time without service within a window, from the requests of a load. A request that is served shows that
 * there was service at some moment between its start and its end; so
 *
 * - between two requests that were served one after the other, the service was away for at most the time from the
 *   start of the first to the end of the second;
 * - a request that took longer than any took outside the window has waited at least for the difference; and between
 *   requests that were lost, one after the other, there was no service.
 *
 * Nothing is assumed about the moment within a request at which it is served (rig.md, "Witnesses").
 * @param samples in the order of their starts, one at a time or not
 * @param window where the exchange is, on the clock of the samples
 */
export function serviceGap(samples: readonly LoadSample[], window: Interval, { quantum, driftRatio }: Pick<WitnessFacts, 'quantum' | 'driftRatio'>): ServiceGap {
  const touches = ({ started, ended }: LoadSample): boolean => ended >= window.low && started <= window.high
  const inside = samples.filter(touches)
  const outside = samples.filter((sample) => sample.served && !touches(sample))
  const usual = outside.reduce((longest, { started, ended }) => Math.max(longest, ended - started), 0)
  const spans = spansOf(samples, usual).filter(({ from, to }) => to >= window.low && from <= window.high)
  const widest = spans.reduce<Span | undefined>((far, span) => (far === undefined || span.high > far.high ? span : far), undefined)
  const low = spans.reduce((least, span) => Math.max(least, span.low), 0)
  const [from, to] = [widest?.from ?? window.low, widest?.to ?? window.high]
  const clock = errorBound({ latency: { low: 0, high: 0 }, quantum, driftRatio }, to - from)
  const gap = { low: Math.max(0, low - clock.total), high: (widest?.high ?? to - from) + clock.total }
  const pace = (gap.high - gap.low) / 2 - clock.total
  return {
    gap, between: { low: from, high: to },
    bound: { ...clock, latency: Math.max(0, pace), total: (gap.high - gap.low) / 2 },
    lost: inside.filter(({ served }) => !served).length, asked: inside.length,
    around: { before: outside.filter(({ ended }) => ended < window.low).length, after: outside.filter(({ started }) => started > window.high).length },
  }
}

interface Span {
  readonly from: number
  readonly to: number
  readonly low: number
  readonly high: number
}

/** What each pair of neighbouring served requests says about the time between them. */
function spansOf(samples: readonly LoadSample[], usual: number): readonly Span[] {
  const spans: Span[] = []
  let before: LoadSample | undefined
  let lost: LoadSample[] = []
  for (const sample of samples) {
    if (!sample.served) lost.push(sample)
    else {
      if (before !== undefined) spans.push(spanOf(before, lost, sample, usual))
      before = sample
      lost = []
    }
  }
  return spans
}

function spanOf(before: LoadSample, lost: readonly LoadSample[], next: LoadSample, usual: number): Span {
  const since = lost[0]?.ended ?? next.started
  const waited = next.ended - next.started > usual
  const until = waited ? next.ended - usual : lost.at(-1)?.started ?? since
  return { from: before.started, to: next.ended, high: next.ended - before.started, low: Math.max(0, until - since) }
}

/** When clients began to see another certificate: after the start of the last request that saw the old, before the end of the first that saw the new. */
export function exchangeSeen(samples: readonly LoadSample[], old: string, next: string): Interval | undefined {
  const first = samples.find(({ serial }) => serial === next)
  if (first === undefined) return undefined
  const last = samples.findLast(({ serial, started }) => serial === old && started <= first.ended)
  return last === undefined ? undefined : { low: Math.min(last.started, first.started), high: first.ended }
}

/** What is promised of the service during an exchange. */
export interface GapPromise {
  /** Of the load: "new connections". */
  readonly load: string
  /** Requests that may be lost. */
  readonly lost: number
  /** Longest time without service, ms. */
  readonly gap: number
}

/** Requests that a load must have been served before and after the exchange: a load that did not run proves nothing. */
const enough = 5

/** Whether a load was served through an exchange of keys as promised. */
export function judgeGap({ gap, bound, lost, asked, around }: ServiceGap, promised: GapPromise): readonly Verdict[] {
  const spans = around.before >= enough && around.after >= enough && asked > 0
  const idle = `the load was served ${around.before} times before the exchange, ${asked} times were asked during it, and it was served ${around.after} times after it: too few to say`
  const some = { 'asked during the exchange': asked, 'lost during the exchange': lost }
  return [
    {
      name: `no request lost: ${promised.load}`, promise: promised.lost === 0 ? 'no request is lost by the exchange of keys' : `at most ${promised.lost} requests are lost by the exchange of keys`,
      outcome: lost > promised.lost ? 'fail' : spans ? 'pass' : 'inconclusive',
      reason: lost <= promised.lost && !spans ? idle : `${lost} of ${asked} requests were lost`, evidence: some,
    },
    {
      name: `service gap: ${promised.load}`, promise: `the service is away for at most ${spell(promised.gap)}`,
      outcome: spans ? judge(gap, { low: 0, high: promised.gap }) : 'inconclusive',
      reason: spans ? `it was away for ${spellInterval(roundedOut(gap))}` : idle,
      evidence: { ...some, 'gap at least, ms': roundedOut(gap).low, 'gap at most, ms': roundedOut(gap).high }, bound,
    },
  ]
}

/** To tenths of a millisecond, never narrower. */
function roundedOut({ low, high }: Interval): Interval {
  return { low: Math.floor(low * 10) / 10, high: Math.ceil(high * 10) / 10 }
}
