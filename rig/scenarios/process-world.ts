import { fileURLToPath } from 'node:url'
import { seconds, type Clock, type Duration } from '../../protocol/time.js'
import { ProcessBoard, ScaledClock, type Anchor } from '../boards/index.js'
import type { RigPlatform } from '../platform/index.js'
import { scaledWitness, type WitnessFacts } from '../verdicts/index.js'
import { calibrateWitness } from './calibration.js'
import type { BoardWish, World } from './world.js'

const realFirmware = fileURLToPath(new URL('../../firmware/main.js', import.meta.url))
const scaledFirmware = fileURLToPath(new URL('../boards/scaled-board-main.js', import.meta.url))

/** Real time that a person or the rig takes at most from reading the time to the end of a command. */
const typing = seconds(3)

/** The built firmware as processes on this machine, with real sockets and disks; in real time, or faster. */
export class ProcessWorld implements World {
  readonly clock: World['clock']
  readonly time: Clock
  readonly witness: WitnessFacts
  readonly headStart: Duration
  /** Every board comes from the loopback address. */
  readonly manyBoards = false
  readonly server: World['server']
  readonly machine: RigPlatform
  readonly #firmware: readonly string[]
  readonly #anchor: Anchor
  readonly #closing: (() => Promise<void>)[] = []

  private constructor(platform: RigPlatform, clock: World['clock'], witness: WitnessFacts, firmware: readonly string[]) {
    const now = platform.clock.wall()
    this.machine = platform
    this.#firmware = firmware
    this.#anchor = { host: now, wall: now }
    this.clock = clock
    this.time = clock.kind === 'scaled' ? new ScaledClock(platform.clock, clock.scale, this.#anchor) : platform.clock
    this.witness = scaledWitness(witness, clock.scale)
    this.headStart = (typing * clock.scale) as Duration
    this.server = { ...platform, clock: this.time }
  }

  /**
   * Measures the witness first.
   * @param firmware another than the built one, which is to be found out: its entry point and words for it
   */
  static async open(platform: RigPlatform, clock: World['clock'], firmware: readonly string[] = [clock.kind === 'scaled' ? scaledFirmware : realFirmware]): Promise<ProcessWorld> {
    return new ProcessWorld(platform, clock, await calibrateWitness(platform), firmware)
  }

  settle<Result>(work: Promise<Result>): Promise<Result> {
    return work
  }

  async makeBoard({ name, maxKeys, configuration, home, onLog }: BoardWish): Promise<{ readonly board: ProcessBoard; readonly copied: boolean }> {
    const directory = await this.machine.files.temporaryDirectory('platen-rig')
    const { host, wall } = this.#anchor
    const [firmware = '', ...words] = this.#firmware
    // The serial line is the rig's, whatever network the board has.
    const board = await ProcessBoard.create(this.machine, {
      name, directory: directory.path, firmware,
      words: this.clock.kind === 'scaled' ? [this.clock.scale, host, wall].map(String) : words,
      ...(home === undefined ? {} : { address: home.address, processes: home.processes }),
      ...(configuration === undefined ? {} : { configuration }),
      ...(maxKeys === undefined ? {} : { maxKeys }),
      onLog: (line) => onLog(line, this.time.monotonic()),
    })
    this.#closing.unshift(async () => {
      await board.dispose()
      await directory.remove()
    })
    return { board, copied: false }
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close()
  }
}
