import type { Clock, Duration } from '../../protocol/time.js'
import type { Board } from '../boards/index.js'
import type { Processes, RigPlatform } from '../platform/index.js'
import type { RunClock } from '../reports/index.js'
import type { ScepServerOptions } from '../scep-server/index.js'
import type { WitnessFacts } from '../verdicts/index.js'
import type { ServerForm } from './server-form.js'
import type { Handles, Station } from './station.js'

export interface BoardWish {
  readonly name: string
  readonly maxKeys?: number
  /** Set up like this one, where a world can copy boards. */
  readonly like?: Board
  /** Further sections of its configuration, where boards have one. */
  readonly configuration?: Readonly<Record<string, unknown>>
  /** The machine it lives on, when that is not this one. */
  readonly home?: BoardHome
  /** Each line of the board's log, and when the rig saw it, monotonic ms of the world. */
  readonly onLog: (line: string, at: number) => void
  /** The same by another witness, MQTT, where there is a broker. */
  readonly onEvent?: (line: string, at: number) => void
}

/** A board that was there before the scenario and stays after it. */
export interface UsedBoard {
  readonly password: string
  /** Called when it trusts the scenario's CA: the last that is to be done before the scenario. */
  ready(station: Station): Promise<void>
  readonly handles: Handles
}

export interface MadeBoard {
  readonly board: Board
  /** Whether it is set up like the one that was wished for. */
  readonly copied: boolean
  /** Absent when it is new. */
  readonly used?: UsedBoard
}

/** Where a board lives that has a network of its own. */
export interface BoardHome {
  readonly processes: Processes
  /** Where the rig reaches it. */
  readonly address: string
}

/** Where a scenario takes place: whose time it is, and what boards are made of. */
export interface World {
  readonly clock: RunClock
  /** What the server stamps with and starts are set by. */
  readonly time: Clock
  /** Measured or known before the first scenario. */
  readonly witness: WitnessFacts
  /** How far ahead a start must lie so that there is time to type it. */
  readonly headStart: Duration
  /** Whether one transcript can tell several boards apart. */
  readonly manyBoards: boolean
  readonly server: ScepServerOptions['platform']
  /** Default: the rig's own, on the loopback address. */
  readonly scep?: ServerForm
  /** The machine that boards are processes of, where they are: peers can be started beside them. */
  readonly machine?: RigPlatform
  /** Waits for work while this world's time passes. */
  settle<Result>(work: Promise<Result>): Promise<Result>
  /** A board that is off, or that the bench has. */
  makeBoard(wish: BoardWish, password: string): Promise<MadeBoard>
  /** Switches everything off. */
  close(): Promise<void>
}
