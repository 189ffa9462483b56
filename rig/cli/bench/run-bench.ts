import type { PlatenError } from '../../../protocol/errors.js'
import { milliseconds } from '../../../protocol/time.js'
import type { Bench, BenchBoard } from '../../bench/index.js'
import type { RigPlatform } from '../../platform/index.js'
import type { ScenarioResult } from '../../reports/index.js'
import { HardwareWorld, play, type BoardWish, type HardwareOptions, type Scenario } from '../../scenarios/index.js'
import { openJsonLines, type JsonLinesFile } from '../json-lines-file.js'
import { openBoard } from './bench-board.js'
import { deviceOf } from './broker.js'
import { withBench, type TakenBench } from './taken-bench.js'

export interface BenchRunOptions {
  readonly seed: string
  readonly out?: string
  /** The command line that plays one scenario on one board again. */
  readonly replay: (scenario: string, board: string) => string
  readonly write: (line: string) => void
  /** Shows a result as it comes. */
  readonly tell: (result: ScenarioResult, write: (line: string) => void) => void
}

/**
 * Plays scenarios on boards of a bench: all boards at once, each with its own listener of the SCEP server, so that what
 * one does is not taken for another's. A board that breaks is marked, and is left alone for the rest of the run.
 * @throws board-taken, board-broken before anything is touched; what the SCEP server or the broker does not start with
 */
export async function runOnBench(platform: RigPlatform, bench: Bench, boards: readonly BenchBoard[], scenarios: readonly Scenario[], options: BenchRunOptions): Promise<readonly ScenarioResult[]> {
  return withBench(platform, bench, boards, options.out, async (taken) => {
    const { write } = options
    write(`run ${taken.run}: ${boards.map(({ name }) => name).join(', ')} with ${taken.server.about}; captures and transcripts in ${taken.out}`)
    const results = await Promise.all(boards.map((board) => playOnBoard(platform, board, scenarios.filter((scenario) => suits(bench, board, scenario, write)), taken, options)))
    return results.flat()
  })
}

/** What a scenario does that a bench does not allow, or has no means for, is not done; said, not passed over in silence. */
function suits(bench: Bench, board: BenchBoard, { name, needs = [] }: Scenario, write: (line: string) => void): boolean {
  const forbidden = needs.find((need) => !bench.faults.includes(need))
  const why = forbidden !== undefined ? `it needs the fault ${forbidden}, which ${bench.file} does not allow`
    : needs.includes('scep') && bench.scep.kind !== 'embedded' ? 'a SCEP server of others does not misbehave on demand'
      : needs.includes('broker') && bench.broker.kind !== 'embedded' ? "only the rig's own broker cuts connections (broker: embedded)"
        : needs.includes('broker') && board.process !== true ? 'the embedded broker is reached by processes only'
          : needs.includes('power-cut') && board.process !== true && board.power === undefined ? 'the rig has no control of its power'
            : undefined
  if (why !== undefined) write(`${board.name}: ${name} is left out: ${why}`)
  return why === undefined
}

interface Files {
  readonly capture: JsonLinesFile
  readonly transcript: JsonLinesFile
}

async function playOnBoard(platform: RigPlatform, board: BenchBoard, scenarios: readonly Scenario[], taken: TakenBench, options: BenchRunOptions): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = []
  const files = {
    capture: await openJsonLines(platform.files, `${taken.out}/${board.name}.console.jsonl`, 'the capture'),
    transcript: await openJsonLines(platform.files, `${taken.out}/${board.name}.scep.jsonl`, 'the transcript'),
  }
  const networkLatency = await networkLatencyTo(platform, board)
  for (const scenario of scenarios) {
    let failure: PlatenError | undefined
    // Lines of several boards at once: each is told whole, when its scenario is over.
    const said: string[] = []
    const world = await HardwareWorld.open({ platform, networkLatency, scep: transcribed(taken.server.form, scenario.name, files), takeBoard: (wish) => takeBoard(platform, board, { wish, scenario: scenario.name, files, taken }) })
    options.write(`${board.name}: ${scenario.name} …`)
    const played = await play(scenario, world, { seed: options.seed, boards: 1, wall: platform.clock, replay: options.replay(scenario.name, board.name), onFailure: (error) => (failure = error) })
    const result = { ...played, boards: [board.name] }
    options.tell(result, (line) => said.push(line))
    const broken = failure !== undefined && await taken.broke(board.name, failure)
    if (broken) said.push(`  ${board.name} is marked broken until: npm run rig -- bench mend ${board.name}`)
    options.write([`${board.name}: ${scenario.name}: ${scenario.promise}`, ...said].join('\n'))
    results.push(result)
    if (broken) break
  }
  await files.capture.settled()
  await files.transcript.settled()
  return results
}

function transcribed(form: HardwareOptions['scep'], scenario: string, { transcript }: Files): HardwareOptions['scep'] {
  return {
    ...form,
    listen: (port, script, onExchange) => form.listen(port, script, (record) => {
      transcript.add({ scenario, ...record })
      onExchange(record)
    }),
  }
}

interface Taking {
  readonly wish: BoardWish
  readonly scenario: string
  readonly files: Files
  readonly taken: TakenBench
}

async function takeBoard(platform: RigPlatform, given: BenchBoard, { wish, scenario, files, taken: { broker } }: Taking): ReturnType<HardwareOptions['takeBoard']> {
  const device = deviceOf(given)
  const watched = broker !== undefined && (given.process === true || given.mqtt !== undefined) ? broker : undefined
  const { board, password, noise, close } = await openBoard(platform, given, {
    onLog: wish.onLog, onPiece: (piece) => files.capture.add({ scenario, ...piece }),
    ...wish.maxKeys === undefined ? {} : { maxKeys: wish.maxKeys },
    ...watched !== undefined && given.process === true ? { mqtt: watched.configure(device) } : {},
  })
  const stop = watched?.follow(device, (line, at) => wish.onEvent?.(line, at))
  const kick = watched?.kick
  return {
    board, copied: false,
    close: async () => {
      stop?.()
      await close()
    },
    used: {
      password,
      handles: { machine: () => board.machine, noise, ...kick === undefined ? {} : { kick: () => kick(device) } },
      ready: async (station) => {
        if (watched === undefined) return
        const since = given.process === true ? platform.clock.monotonic() : 0
        if (given.process === true) await station.does(`request key-name=rig-id cn=${device} use=mqtt`)
        await watched.online(device, since)
        station.forget()
      },
    },
  }
}

const tries = 20

/**
 * Largest time of a round trip to a board, ms, by connections to its HTTPS listener; a message takes no longer than
 * that. Where nothing says how the board is reached, what a slow LAN takes.
 */
async function networkLatencyTo({ clock, lines }: RigPlatform, { process, https }: BenchBoard): Promise<number> {
  if (process === true) return 0
  if (https === undefined) return unmeasuredLan
  const times: number[] = []
  for (let count = 0; count < tries; count += 1) {
    const from = clock.monotonic()
    const line = await lines.open(`tcp://${https.host.includes(':') ? `[${https.host}]` : https.host}:${https.port}`).catch(() => undefined)
    line?.destroy()
    if (line !== undefined) times.push(clock.monotonic() - from)
  }
  return times.length === 0 ? unmeasuredLan : Math.max(...times)
}

const unmeasuredLan = milliseconds(100)
