import { PlatenError } from '../../protocol/errors.js'
import { seconds, type Clock, type Duration } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import type { RunClock } from '../reports/index.js'
import type { Note, StepRecorder } from '../steps/index.js'
import type { WitnessFacts } from '../verdicts/index.js'
import { KeptBoard } from './kept-board.js'
import { RigServer } from './rig-server.js'
import { ownServer } from './server-form.js'
import { readLogLine, Station, type LogSeen } from './station.js'
import { untoldOverMqtt } from './witnesses.js'
import type { BoardWish, World } from './world.js'

export interface BenchOptions {
  /** All that a scenario leaves to chance follows from it. */
  readonly seed: string
  /** How many boards a scenario is to take. */
  readonly boards: number
  readonly steps: StepRecorder
}

/** What a board is to be, beyond its name. */
export interface StationWish extends Pick<BoardWish, 'maxKeys' | 'configuration' | 'home'> {
  /** Set up like this one, where a world can copy boards. */
  readonly like?: Station
  /** Default: the rig's own. */
  readonly server?: RigServer
}

/** Typed at consoles of boards that no one else reaches. */
const password = 'the rig signs in with this'

/** The default of 30 s, but never less than half a second of real time, up to the 600 s that a board takes. */
const timeoutAt = (scale: number): number => Math.min(600, Math.max(30, Math.ceil(scale / 2)))

/** What a scenario works at: time, a SCEP server, and boards. */
export class Bench {
  readonly seed: string
  readonly boards: number
  readonly server: RigServer
  readonly stations: Station[] = []
  readonly #world: World
  readonly #steps: StepRecorder
  readonly #waiting = new Set<() => void>()
  readonly #kept: KeptBoard[] = []
  readonly #closing: (() => Promise<void>)[] = []

  private constructor(world: World, server: RigServer, { seed, boards, steps }: BenchOptions) {
    this.#world = world
    this.server = server
    this.seed = seed
    this.boards = world.manyBoards ? boards : 1
    this.#steps = steps
    server.subscribe(() => this.#notify())
  }

  static async open(world: World, options: BenchOptions): Promise<Bench> {
    return new Bench(world, await RigServer.start(world.scep ?? await ownServer(world.server)), options)
  }

  get clock(): RunClock {
    return this.#world.clock
  }

  get time(): Clock {
    return this.#world.time
  }

  get witness(): WitnessFacts {
    return this.#world.witness
  }

  /** The monotonic time of a wall time: what the server's stamps are held against. */
  stampOf(wall: number): number {
    return wall - this.time.wall() + this.time.monotonic()
  }

  /** A whole second, wall ms, far enough ahead that it can be typed. */
  soon(): number {
    return Math.ceil((this.time.wall() + this.#world.headStart) / 1000) * 1000
  }

  /** A visible action. */
  step<Result>(name: string, facts: Readonly<Record<string, string | number>>, run: (note: Note) => Promise<Result>): Promise<Result> {
    return this.#steps.step(name, facts, run)
  }

  /** Lets time pass. */
  async pass(duration: Duration): Promise<void> {
    await this.#world.settle(new Promise<void>((resolve) => void this.time.after('rig: wait', duration, resolve)))
  }

  /** Lets time pass up to a wall time. */
  async passUntil(wall: number): Promise<void> {
    await this.pass(Math.max(0, wall - this.time.wall()) as Duration)
  }

  /**
   * Lets time pass until something is so; it is looked at with each exchange and each line of a log.
   * @returns whether it came to be within the limit
   */
  async until(condition: () => boolean, limit: Duration): Promise<boolean> {
    const outcome = new Promise<boolean>((resolve) => {
      const end = (came: boolean): void => {
        this.#waiting.delete(look)
        timer.cancel()
        resolve(came)
      }
      const look = (): void => {
        if (condition()) end(true)
      }
      const timer = this.time.after('rig: limit', limit, () => end(condition()))
      this.#waiting.add(look)
      look()
    })
    return this.#world.settle(outcome)
  }

  /** A board that is on, knows the server and trusts its CA. */
  async station(name: string, { like, server = this.server, ...wish }: StationWish = {}): Promise<Station> {
    const log: LogSeen[] = []
    const events: LogSeen[] = []
    const take = (into: LogSeen[], seen: LogSeen | undefined): void => {
      if (seen !== undefined) into.push(seen)
      this.#notify()
    }
    const { board, copied, used } = await this.#world.makeBoard({
      name,
      ...wish,
      ...(like === undefined ? {} : { like: like.board }),
      onLog: (line, at) => take(log, readLogLine(line, at)),
      onEvent: (line, at) => take(events, readLogLine(line, at)),
    }, password)
    await board.powerOn()
    const alone = !this.#world.manyBoards
    const station = new Station(board, { server, password: used?.password ?? password, log, events, alone, timeoutSeconds: timeoutAt(this.#world.clock.scale), ...used === undefined ? {} : { handles: used.handles } })
    this.stations.push(station)
    if (used !== undefined) this.#kept.push(await KeptBoard.prepare(station))
    if (copied) station.forget()
    else await station.connect()
    if (used !== undefined) await used.ready(station)
    return station
  }

  /** As many boards as the run has, all set up like the first. */
  async fleet(): Promise<readonly Station[]> {
    return this.step('Switch boards on', { boards: this.boards }, async () => {
      const first = await this.station('board 1')
      const fleet = [first]
      for (let number = 2; number <= this.boards; number += 1) fleet.push(await this.station(`board ${number}`, { like: first }))
      return fleet
    })
  }

  /** Waits until what boards told on their lines has come over MQTT too, or would have come. */
  async heard(): Promise<void> {
    if (this.stations.some(({ events }) => events.length > 0)) await this.until(() => this.stations.every((station) => untoldOverMqtt(station).length === 0), seconds(15))
  }

  /** Leaves boards that were there before as they were found. */
  async tidy(): Promise<void> {
    for (const board of this.#kept.splice(0)) await board.tidy()
  }

  /** The machine that boards and their peers are processes of. @throws connect-failed where boards are not */
  get machine(): RigPlatform {
    const { machine } = this.#world
    if (machine === undefined) throw new PlatenError('connect-failed', 'boards are no processes on this clock', { fix: 'Take --clock real.' })
    return machine
  }

  /** Done when all boards are off, the last first: takes away what was made for the scenario. */
  atEnd(close: () => Promise<void>): void {
    this.#closing.unshift(close)
  }

  async close(): Promise<void> {
    await this.#world.close()
    await this.server.goDown()
    for (const close of this.#closing.splice(0)) await close()
  }

  #notify(): void {
    for (const look of [...this.#waiting]) look()
  }
}
