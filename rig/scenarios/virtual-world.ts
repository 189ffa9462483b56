import { seconds } from '../../protocol/time.js'
import { serverKeys, seededRandom, VirtualBoard, VirtualClock, VirtualNetwork, type VaryPlatform, type VirtualBoardOptions } from '../boards/index.js'
import { exactWitness } from '../verdicts/index.js'
import type { BoardWish, World } from './world.js'

/** When virtual runs begin, wall ms. */
const beginning = Date.UTC(2027, 2, 1, 8)

/** The firmware in this process: nothing is uncertain, and nothing takes longer than its work. */
export class VirtualWorld implements World {
  readonly clock = { kind: 'virtual', scale: 1 } as const
  readonly time = new VirtualClock(beginning)
  readonly witness = exactWitness
  readonly headStart = seconds(2)
  readonly manyBoards = true
  readonly server: World['server']
  readonly #network = new VirtualNetwork()
  readonly #seed: string
  readonly #vary: VaryPlatform | undefined
  readonly #boards: VirtualBoard[] = []

  /** @param vary firmware that is to be found out */
  constructor(seed: string, vary?: VaryPlatform) {
    this.#seed = seed
    this.#vary = vary
    this.server = {
      clock: this.time, random: seededRandom(`${seed} server`).bytes, keys: serverKeys(), listenHttp: this.#network.listenHttp,
      files: noFiles,
    }
  }

  settle<Result>(work: Promise<Result>): Promise<Result> {
    return this.time.until(work)
  }

  async makeBoard({ name, maxKeys, mqtt, like, onLog }: BoardWish & Pick<VirtualBoardOptions, 'mqtt'>, password: string): Promise<{ readonly board: VirtualBoard; readonly copied: boolean }> {
    const image = like instanceof VirtualBoard ? like.disk.image() : undefined
    const board = new VirtualBoard({
      name, clock: this.time, network: this.#network, seed: this.#seed, onLog,
      ...(image === undefined ? {} : { disk: image }),
      ...(maxKeys === undefined ? {} : { maxKeys }),
      ...(mqtt === undefined ? {} : { mqtt }),
      ...(this.#vary === undefined ? {} : { vary: this.#vary }),
    })
    this.#boards.push(board)
    await board.setPassword(password)
    return { board, copied: image !== undefined }
  }

  async close(): Promise<void> {
    for (const board of this.#boards) await board.cutPower()
  }
}

const refuse = (): never => {
  throw new TypeError('a virtual server keeps no files')
}

const noFiles: World['server']['files'] = {
  temporaryDirectory: refuse, makeDirectory: refuse, write: refuse, append: refuse, read: refuse, exists: refuse,
}
