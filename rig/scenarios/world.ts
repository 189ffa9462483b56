import type { Clock, Duration } from '../../protocol/time.js'
import type { Board } from '../boards/index.js'
import type { RunClock } from '../reports/index.js'
import type { ScepServerOptions } from '../scep-server/index.js'
import type { WitnessFacts } from '../verdicts/index.js'

export interface BoardWish {
  readonly name: string
  readonly maxKeys?: number
  /** Set up like this one, where a world can copy boards. */
  readonly like?: Board
  /** Each line of the board's log, and when the rig saw it, monotonic ms of the world. */
  readonly onLog: (line: string, at: number) => void
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
  /** Waits for work while this world's time passes. */
  settle<Result>(work: Promise<Result>): Promise<Result>
  /** A board that is off, with whether it is set up like the one that was wished for. */
  makeBoard(wish: BoardWish, password: string): Promise<{ readonly board: Board; readonly copied: boolean }>
  /** Switches everything off. */
  close(): Promise<void>
}
