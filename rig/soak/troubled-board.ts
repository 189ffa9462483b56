import { PlatenError } from '../../protocol/errors.js'
import { hours } from '../../protocol/time.js'
import { Noise, noisyLine, type VaryPlatform, type VirtualBoard, type VirtualBroker } from '../boards/index.js'
import { seeded } from '../verdicts/index.js'
import type { BoardFault } from './board-faults.js'

type Ports = Parameters<VaryPlatform>[0]
type Disk = Ports['disk']

/** Calls that need space, and those that change what is there without. */
const growing: ReadonlySet<PropertyKey> = new Set<keyof Disk>(['create', 'append', 'makeDirectory'])
const changing: ReadonlySet<PropertyKey> = new Set<keyof Disk>([...growing as ReadonlySet<keyof Disk>, 'truncate', 'rename', 'remove', 'syncFile', 'syncDirectory'])

/** Stands between one board and its world, and plays what goes wrong there. */
export class TroubledBoard {
  readonly #broker: VirtualBroker
  readonly #seed: string
  #board: VirtualBoard | undefined
  #faults: readonly BoardFault[] = []
  #changes = 0
  #refused = 0
  #noise: Noise | undefined
  #cut = false

  constructor(broker: VirtualBroker, seed: string) {
    this.#broker = broker
    this.#seed = seed
  }

  /** Around the firmware under test. */
  readonly vary = (ports: Ports): Ports => ({
    ...ports,
    disk: this.#disk(ports.disk),
    mqtt: this.#broker,
    serial: { open: async (...line) => noisyLine(await ports.serial.open(...line), () => this.#noise) },
  })

  /** Whether the power was cut since this was asked last. */
  wasCut(): boolean {
    const cut = this.#cut
    this.#cut = false
    return cut
  }

  hasNoise(): boolean {
    return this.#of('serial-noise') !== undefined
  }

  /** The noise alone acts while nothing is expected of what is typed. */
  async throughNoise(type: () => Promise<void>): Promise<void> {
    const rate = this.#of('serial-noise')?.rate ?? 0
    this.#noise = new Noise({ random: seeded(`${this.#seed} noise`), rate })
    try {
      await type()
    } finally {
      this.#noise = undefined
    }
  }

  begin(board: VirtualBoard, faults: readonly BoardFault[]): void {
    this.#board = board
    this.#faults = faults
    this.#changes = 0
    this.#refused = 0
    if (this.#of('broker-half-open') !== undefined) this.#broker.mode = 'half-open'
    if (this.#of('broker-away') !== undefined) {
      this.#broker.mode = 'away'
      this.#broker.kick()
    }
    if (this.#of('broker-kick') !== undefined) this.#broker.kick()
    const step = this.#of('clock-step')
    if (step !== undefined) board.rtc.set(hours(Math.abs(step.hours)) * Math.sign(step.hours))
    if (this.#of('clock-unset') !== undefined) board.rtc.set(board.rtc.offset, 'unset')
  }

  /** All is well again. */
  end(): void {
    this.#faults = []
    this.#broker.mode = 'serves'
    if (this.#board !== undefined && (this.#board.rtc.offset !== 0 || this.#board.rtc.state !== undefined)) this.#board.rtc.set(0)
  }

  #of<Name extends BoardFault['fault']>(name: Name): Extract<BoardFault, { fault: Name }> | undefined {
    return this.#faults.find((fault): fault is Extract<BoardFault, { fault: Name }> => fault.fault === name)
  }

  #disk(disk: Disk): Disk {
    return new Proxy(disk, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...given: readonly unknown[]): unknown => {
          if (changing.has(name)) {
            this.#changes += 1
            // A board that is off hears no answer; the clock does not wait for this one.
            if (this.#cutsNow()) return Promise.reject(new PlatenError('disk-failed', 'the power is off'))
            if (growing.has(name) && this.#isFull()) return Promise.reject(new PlatenError('disk-failed', `${String(name)} ${String(given[0])}: ENOSPC`, { facts: { path: String(given[0]), errno: 'ENOSPC' } }))
          }
          return Reflect.apply(member, target, given)
        }
      },
    })
  }

  #cutsNow(): boolean {
    const fault = this.#of('power-cut')
    if (fault === undefined || this.#board === undefined || this.#changes <= fault.after) return false
    this.#faults = this.#faults.filter((other) => other !== fault)
    this.cut(this.#board)
    return true
  }

  #isFull(): boolean {
    const fault = this.#of('disk-full')
    if (fault === undefined || this.#changes <= fault.after || this.#refused >= fault.changes) return false
    this.#refused += 1
    return true
  }

  /** Cuts the power; the broker sees the connection go. */
  cut(board: VirtualBoard): void {
    this.#cut = true
    void board.cutPower()
    this.#broker.kick('the client is gone')
  }
}
