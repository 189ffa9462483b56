import { seconds, type Clock } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import type { WitnessFacts } from '../verdicts/index.js'
import { WitnessWatch } from './calibration.js'
import type { ServerForm } from './server-form.js'
import type { BoardWish, MadeBoard, World } from './world.js'

/** Real time that a person or the rig takes at most from reading the time to the end of a command, on a slow line. */
const typing = seconds(5)

/** How late a timer of Node is on a busy machine, 99 of 100 times, ms (rig.md, "Witnesses"). */
const busyBoard = 28

export interface HardwareOptions {
  readonly platform: RigPlatform
  readonly scep: ServerForm
  /** Largest latency of the network between the board and the rig, ms. */
  readonly networkLatency: number
  /** The board, for this scenario. */
  readonly takeBoard: (wish: BoardWish) => Promise<MadeBoard & { readonly close: () => Promise<void> }>
}

/** One board of a bench, in real time. */
export class HardwareWorld implements World {
  readonly clock = { kind: 'hardware', scale: 1 } as const
  readonly time: Clock
  readonly headStart = typing
  /** The server of this world is for one board. */
  readonly manyBoards = false
  readonly server: World['server']
  readonly scep: ServerForm
  readonly #networkLatency: number
  readonly #watch: WitnessWatch
  readonly #takeBoard: HardwareOptions['takeBoard']
  readonly #closing: (() => Promise<void>)[] = []

  private constructor({ platform, scep, networkLatency, takeBoard }: HardwareOptions, watch: WitnessWatch) {
    this.time = platform.clock
    this.server = platform
    this.scep = scep
    this.#networkLatency = networkLatency
    this.#watch = watch
    this.#takeBoard = takeBoard
    this.#closing.push(() => watch.end())
  }

  /** Measures the witness first, and goes on while the scenario runs. */
  static async open(options: HardwareOptions): Promise<HardwareWorld> {
    return new HardwareWorld(options, await WitnessWatch.begin(options.platform))
  }

  /** What was measured so far, with the network, and with what a board that is busy puts between its word and its deed. */
  get witness(): WitnessFacts {
    const { latency: { low, high }, ...facts } = this.#watch.facts
    return { ...facts, latency: { low, high: high + this.#networkLatency + busyBoard } }
  }

  settle<Result>(work: Promise<Result>): Promise<Result> {
    return work
  }

  async makeBoard(wish: BoardWish): Promise<MadeBoard> {
    const { close, ...made } = await this.#takeBoard(wish)
    this.#closing.unshift(close)
    return made
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close()
  }
}
