import { startBoard, type Board as RunningBoard } from '../../firmware/board.js'
import { Access } from '../../firmware/commands/index.js'
import type { BoardConfig } from '../../firmware/config.js'
import type { KeyMaker, Platform, Random } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { Board, CommandOutcome } from './board.js'
import { ConsoleDriver } from './console-driver.js'
import { ConsoleSession } from './console-session.js'
import type { VirtualClock } from './virtual-clock.js'
import { BoardClock, BoardRtc, boardKeys, emptyImage, MemoryDisk, Power, seededRandom, Uart, UnsyncedChanges, type DiskImage, type VirtualNetwork } from './virtual/index.js'

export interface VirtualBoardOptions {
  readonly name: string
  /** Shared by all boards and servers of a run. */
  readonly clock: VirtualClock
  readonly network: VirtualNetwork
  /** All that is random on the board follows from it and the name. */
  readonly seed: string
  /** What is on the disk: a board that was set up once can be copied. Default: a new board. */
  readonly disk?: DiskImage
  readonly maxKeys?: number
  /** With it the board has an MQTT agent; `vary` has to give it a broker. */
  readonly mqtt?: NonNullable<BoardConfig['mqtt']>
  /** Firmware that is not as it should be: another form of a port, for the proof that the rig finds it. */
  readonly vary?: VaryPlatform
  /** Lines of the log, without their line feeds, with the world's monotonic time at which they were written. */
  readonly onLog?: (line: string, at: number) => void
  /** Sees what the board writes on its serial line. */
  readonly onConsole?: (text: string) => void
}

/** @param boot counts the starts of this board from 1 */
export type VaryPlatform = (platform: Platform, boot: { readonly board: string; readonly count: number }) => Platform

const asItIs: VaryPlatform = (platform) => platform

const dataDirectory = '/data'
const startDeadline = seconds(60)

/** About the least that scrypt takes. A password keeps the cost that it was set with, so no start of the board pays more. */
const cheap = { cost: 16, blockSize: 1, parallel: 1 }

interface Boot {
  readonly power: Power
  readonly clock: BoardClock
  /** Settles when the firmware has started. */
  readonly running: Promise<RunningBoard>
}

/** The real firmware in this process, on virtual time, a disk in memory and fixture keys. */
export class VirtualBoard implements Board {
  readonly name: string
  /** Its battery-backed clock. */
  readonly rtc = new BoardRtc()
  readonly #options: VirtualBoardOptions
  readonly #uart = new Uart()
  readonly #random: Random
  readonly #keys: KeyMaker = boardKeys()
  readonly #session: ConsoleSession
  readonly #driver: ConsoleDriver
  #storage: Storage
  #boot: Boot | undefined
  #boots = 0
  #httpsPort = 0

  constructor(options: VirtualBoardOptions) {
    this.name = options.name
    this.#storage = storageFrom(options.disk)
    this.#options = options
    this.#random = seededRandom(`${options.seed} ${options.name}`)
    this.#session = new ConsoleSession(this.#uart.host, options.clock, options.onConsole)
    this.#driver = new ConsoleDriver(this.#session)
  }

  get https(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#httpsPort }
  }

  /** What is in the board now: a power cut puts another state of it in its place. */
  get disk(): MemoryDisk {
    return this.#storage.disk
  }

  /** How often it was started. */
  get boots(): number {
    return this.#boots
  }

  /** Sets the password of a new board before its first start, at a low cost: a sign-in by scrypt takes longer than a boot. */
  async setPassword(password: string): Promise<void> {
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    if (await this.disk.facts(dataDirectory) === undefined) {
      await this.disk.makeDirectory(dataDirectory)
      await this.disk.syncDirectory('/')
    }
    const access = await Access.open({ disk: this.disk, directory: dataDirectory, clock: this.#options.clock, random: this.#random.bytes, log: silent, cost: cheap })
    if (access.isNew()) await access.setFirstPassword(password)
  }

  async powerOn(): Promise<void> {
    if (this.#boot !== undefined) throw new TypeError(`${this.name} is on already`)
    const boot = this.#start()
    await this.#options.clock.until(boot.running)
    await this.#passing(this.#driver.awake(startDeadline))
  }

  async powerOff(): Promise<void> {
    const boot = this.#boot
    if (boot === undefined) return
    this.#boot = undefined
    await this.#passing(boot.running.then((board) => board.stop()))
    this.#end(boot)
    // An orderly end of the system writes everything out.
    this.#storage = storageFrom(this.disk.image())
  }

  /** What was not synced is lost, all of it, some of it or nothing, as the seed has it. */
  cutPower(): Promise<void> {
    if (this.#boot !== undefined) {
      this.#end(this.#boot)
      this.#storage = storageFrom(this.#storage.unsynced.afterPowerCut((low, high) => this.#random.integer(low, high)))
    }
    this.#boot = undefined
    return Promise.resolve()
  }

  /** Time stands still meanwhile: scrypt works on a thread that the clock does not know of. */
  async signIn(password: string): Promise<void> {
    await this.#driver.signIn(password)
  }

  async attend(password: string): Promise<void> {
    // What is under way at the console may need time; a sign-in may not have it.
    await this.#passing(this.#driver.awake())
    await this.#driver.attend(password)
  }

  command(...[line, options]: Parameters<Board['command']>): Promise<CommandOutcome> {
    return this.#passing(this.#driver.command(line, options))
  }

  async restarted(): Promise<void> {
    await this.#passing(this.#session.until(/Platen/u, startDeadline))
    await this.#passing(this.#driver.awake(startDeadline))
  }

  /** Lets go what the board has said and nobody has read. */
  letGo(): void {
    this.#session.interrupt()
  }

  #passing<Result>(work: Promise<Result>): Promise<Result> {
    return this.#options.clock.until(work)
  }

  #start(): Boot {
    this.#boots += 1
    const { clock: world, network, name, vary = asItIs, maxKeys = 8, mqtt, onLog = () => undefined } = this.#options
    const power = new Power(world)
    const clock = new BoardClock(world, this.rtc, power)
    this.disk.releaseLocks()
    const ports = vary({
      clock, random: this.#random, keys: this.#keys, disk: this.disk, http: network.http(name, clock), network: network.network(),
      serial: { open: () => Promise.resolve(this.#uart.open()) },
      mqtt: { connect: () => Promise.reject(new PlatenError('connect-failed', 'there is no broker on the virtual network')) },
    }, { board: name, count: this.#boots })
    const platform: Platform = {
      clock: ports.clock, random: ports.random,
      keys: power.supply(ports.keys), disk: power.supply(ports.disk), network: power.supply(ports.network), serial: power.supply(ports.serial),
      mqtt: power.supply(ports.mqtt, 'for-time'),
      http: power.supply(ports.http, 'for-time'),
    }
    const config: BoardConfig = {
      data: dataDirectory, runtime: '/run/platen', ipsec: { vici: 'unix:///none' }, serial: { path: '/dev/tty', baudRate: 115_200 }, https: { address: '127.0.0.1', port: 0 },
      model: { name: 'virtual', maxKeys, maxCaCertificates: 16 }, log: { level: 'info' }, ...mqtt === undefined ? {} : { mqtt },
    }
    const running = startBoard(platform, config, {
      writeLog: (line) => {
        if (power.on) onLog(line.trimEnd(), world.monotonic())
      },
    })
    const boot = { power, clock, running }
    this.#boot = boot
    running.then((board) => this.#watch(boot, board), () => undefined)
    return boot
  }

  /** As the parent process does on a real board: a restart that was asked for is a new start. */
  #watch(boot: Boot, board: RunningBoard): void {
    this.#httpsPort = board.httpsPort
    void board.stopped.then(({ reason }) => {
      if (this.#boot !== boot) return
      this.#end(boot)
      this.#boot = undefined
      if (reason === 'restart') void this.#start().running.catch((error: unknown) => this.#options.onLog?.(`the restart failed: ${reasonOf(error)}`, this.#options.clock.monotonic()))
    })
  }

  #end({ power, clock }: Boot): void {
    power.cut()
    clock.stop()
    this.#uart.unplug()
    this.#options.network.unplug(this.#httpsPort)
  }
}

interface Storage {
  readonly disk: MemoryDisk
  readonly unsynced: UnsyncedChanges
}

function storageFrom(image: DiskImage = emptyImage): Storage {
  const unsynced = new UnsyncedChanges(image)
  return { disk: new MemoryDisk(image, (operation) => unsynced.saw(operation)), unsynced }
}

function reasonOf(error: unknown): string {
  return error instanceof PlatenError || error instanceof Error ? error.message : String(error)
}
