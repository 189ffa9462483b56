import { missingParts } from '../rig/peers/index.js'
import { linuxPlatform } from '../rig/platform/index.js'
import { outcomeOfScenario, type SwapLoad, type SwapTimeline } from '../rig/reports/index.js'
import { play, ProcessWorld, scenarios } from '../rig/scenarios/index.js'

/** One load of one exchange of keys. Milliseconds. */
export interface SwapRow {
  readonly use: string
  readonly load?: string
  /** From certificate received to probe passed, by the board's clock. */
  readonly 'swap, ms'?: number
  /** Of one handshake of the use when nothing happens, as its clients see it; else of the one that the probe makes. */
  readonly 'handshake, ms'?: number
  /** Swap time against that floor. */
  readonly ratio?: number
  /** The longest time without service is between these. */
  readonly 'gap at least, ms'?: number
  readonly 'gap at most, ms'?: number
  /** From one request of the load to the next: no gap below it can be seen. */
  readonly 'pace, ms'?: number
  readonly lost?: number
  readonly asked?: number
  /** Why there is nothing to show. */
  readonly skipped?: string
}

/** Of those that know no clock but the real one: scenarios of a use. */
const suffix = /-renewal(?:-under-load)?$/u

/**
 * Bench 5: the exchange of a key for each use, by the rig's own scenario of a renewal under load: a whole board with
 * its daemons and peers, in real time. A use whose parts are missing has a row that says so.
 */
export async function measureSwaps(): Promise<readonly SwapRow[]> {
  const platform = linuxPlatform()
  const rows: SwapRow[] = []
  for (const scenario of scenarios.filter(({ name, clocks }) => suffix.test(name) && clocks.every((clock) => clock === 'real'))) {
    const use = scenario.name.replace(suffix, '')
    const missing = await missingParts(platform, scenario.parts ?? [])
    if (missing.length > 0) {
      rows.push({ use, skipped: `needs ${missing.join(', ')}` })
      continue
    }
    const result = await play(scenario, await ProcessWorld.open(platform, { kind: 'real', scale: 1 }), { seed: 'bench', replay: '', wall: platform.clock })
    const { swaps = [], trouble } = result
    if (swaps.length === 0) rows.push({ use, skipped: trouble?.message ?? `the scenario ${outcomeOfScenario(result)}` })
    rows.push(...swaps.flatMap((swap) => swap.loads.map((load) => rowOf(use, swap, load))))
  }
  return rows
}

function rowOf(use: string, swap: SwapTimeline, load: SwapLoad): SwapRow {
  const { applied, probed, loads } = swap
  const handshake = idleHandshake(loads) ?? (applied === undefined || probed === undefined ? undefined : probed - applied)
  const before = load.requests.filter(({ started }) => started < 0)
  const pace = median(before.slice(1).map(({ started }, at) => started - (before[at]?.started ?? started)))
  return {
    use, load: load.name,
    ...(probed === undefined ? {} : { 'swap, ms': probed }),
    ...(handshake === undefined ? {} : { 'handshake, ms': handshake, ...(probed === undefined ? {} : { ratio: probed / handshake }) }),
    'gap at least, ms': load.gap.low, 'gap at most, ms': load.gap.high,
    ...(pace === undefined ? {} : { 'pace, ms': pace }),
    lost: load.lost, asked: load.asked,
  }
}

function idleHandshake(loads: readonly SwapLoad[]): number | undefined {
  const fresh = loads.find(({ handshakes }) => handshakes === true)
  return median(fresh?.requests.filter(({ started, ended }) => started < 0 && ended !== 'lost').map(({ took }) => took) ?? [])
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
