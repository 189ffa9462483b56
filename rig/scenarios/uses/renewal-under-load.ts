import { displayKeyUse } from '../../../protocol/key-use.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import type { SwapLoad, SwapTimeline } from '../../reports/index.js'
import { exchangeSeen, judgeGap, serviceGap, type Interval, type LoadSample } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Findings } from '../scenario.js'
import type { Load, RunningLoad } from './load.js'
import { swapOf, type SwapLogged } from './swap-log.js'
import type { UseSite } from './use-site.js'
import { requestFor, serialOf, served, servedWithin, type UseUnderTest } from './use-under-test.js'

/** How long the loads run before the exchange and after it at least: what is usual for them is measured then. */
const quiet = seconds(1)

/** So many requests of each load as well; on a busy machine that takes longer. */
const fewest = 12

const busy = seconds(60)

/** Clients that found nothing new by the end of the request may find it a little later. */
const late = milliseconds(500)

/** What the report draws of a load on either side of the exchange, ms. */
const drawn = 400

/** How far the board's stamps, to tenths of a millisecond, can be off. */
const stampError = 0.1

interface Watched {
  readonly load: Load
  readonly samples: readonly LoadSample[]
}

/** A key is renewed while the board is used: nothing of the load is lost, and the report says for how long service was away. */
export async function renewsUnderLoad(site: UseSite, subject: UseUnderTest, loads: readonly Load[]): Promise<Findings> {
  const { bench, board } = site
  const old = await bench.step('Have a key in service', { use: subject.use }, async () => {
    await board.does(`request key-name=first ${subject.subject} use=${subject.use}`)
    const serial = await serialOf(board, 'first')
    return { serial, took: await servedWithin(site, subject, served(serial)) }
  })
  if (old.took === undefined) return { verdicts: [fact('serves at first', 'the first certificate serves', false, 'nobody was served with the first certificate within 60 s')] }
  const { result, watched, window } = await bench.step('Renew under load', { loads: loads.map(({ name }) => name).join('; ') }, () => renew(site, subject, loads))
  if (!result.ok) return { verdicts: [fact('renewed', 'the request is Successful', false, `the board answered: ${result.message} [${result.code}]`)] }
  const serial = await serialOf(board, 'second')
  const took = await bench.step('Use the board', {}, () => servedWithin(site, subject, served(serial)))
  const logged = swapOf(board.log, subject.use, 'second')
  const measured = watched.map(({ load, samples }) => ({ load, samples, gap: serviceGap(samples, window, bench.witness) }))
  const swap: SwapTimeline = {
    board: board.name, use: displayKeyUse(subject.use), oldSerial: old.serial, newSerial: serial, outcome: logged?.outcome ?? 'not told', ...timesOf(logged),
    loads: measured.map(({ load, samples, gap }) => loadOf(load, samples, gap, { old: old.serial, next: serial, from: window.low })),
  }
  return {
    swaps: [swap],
    verdicts: [
      fact('renewed', 'the new certificate serves, and the board says so', took !== undefined && swap.probed !== undefined,
        took === undefined ? `nobody was served with the certificate ${serial} within 60 s` : swap.probed === undefined ? `the new certificate serves; the board logged of the exchange: ${swap.outcome}` : `the probe passed ${swap.probed.toFixed(1)} ms after the certificate was received`),
      ...measured.flatMap(({ load, gap }) => judgeGap(gap, { load: load.name, ...load.promise })),
    ],
  }
}

async function renew(site: UseSite, subject: UseUnderTest, loads: readonly Load[]): Promise<{ readonly result: Awaited<ReturnType<typeof requestFor>>; readonly watched: readonly Watched[]; readonly window: Interval }> {
  const { bench, board } = site
  const running = await Promise.all(loads.map(async (load) => ({ load, run: await load.start() })))
  try {
    await calm(site, running)
    const from = bench.time.monotonic()
    const seen = board.log.length
    const result = await requestFor(subject, board, 'second')
    const low = board.log.slice(seen).find(({ text }) => /^request \d+: Storing the certificate/u.test(text))?.seenAt ?? from
    await bench.pass(late)
    const high = bench.time.monotonic()
    await calm(site, running)
    return { result, window: { low, high }, watched: await Promise.all(running.map(async ({ load, run }) => ({ load, samples: await run.stop() }))) }
  } catch (error) {
    await Promise.all(running.map(({ run }) => run.stop()))
    throw error
  }
}

/** Lets the loads run for a while with nothing else happening. */
async function calm({ bench }: UseSite, running: readonly { readonly run: RunningLoad }[]): Promise<void> {
  const [from, asked] = [bench.time.monotonic(), running.map(({ run }) => run.asked())]
  const enough = (): boolean => running.every(({ run }, at) => run.asked() - (asked[at] ?? 0) >= fewest)
  do await bench.pass(quiet)
  while (!enough() && bench.time.monotonic() - from < busy)
}

/** By the board's own clock, ms after the certificate was received. */
function timesOf(logged: SwapLogged | undefined): Pick<SwapTimeline, 'started' | 'applied' | 'probed' | 'took'> {
  if (logged === undefined) return {}
  const { receivedAt = logged.startedAt, startedAt, appliedAt, probedAt } = logged
  return {
    started: startedAt - receivedAt,
    ...(appliedAt === undefined ? {} : { applied: appliedAt - receivedAt }),
    ...(probedAt === undefined ? {} : { probed: probedAt - receivedAt, took: { low: Math.max(0, probedAt - receivedAt - stampError), high: probedAt - receivedAt + stampError } }),
  }
}

function loadOf({ name, handshakes = false }: Load, samples: readonly LoadSample[], { gap, bound, between, lost, asked }: ReturnType<typeof serviceGap>, { old, next, from }: { readonly old: string; readonly next: string; readonly from: number }): SwapLoad {
  const exchanged = exchangeSeen(samples, old, next)
  const middle = exchanged?.high ?? (between.low + between.high) / 2
  const near = samples.filter(({ started, ended }) => ended > Math.min(from, middle) - drawn && started < middle + drawn)
  const after = ({ low, high }: Interval): Interval => ({ low: low - from, high: high - from })
  return {
    name, handshakes, gap, bound, between: after(between), lost, asked,
    ...(exchanged === undefined ? {} : { exchanged: after(exchanged) }),
    requests: near.map(({ started, ended, served: well, serial }) => ({ started: started - from, took: ended - started, ended: !well ? 'lost' : serial === next ? 'new' : serial === old ? 'old' : 'served' })),
  }
}
