import { Duplex } from 'node:stream'
import type { Clock } from '../../protocol/time.js'
import type { Lines } from '../platform/index.js'
import { NoisyWire, type NoiseCount, type NoiseOptions } from './virtual/index.js'

/** Harms what goes over the lines that it opens, both ways, from `begin` to `end`. */
export class LineNoise {
  readonly #clock: Clock
  readonly #lines: Lines
  #wires: { readonly to: (deliver: Deliver) => NoisyWire; readonly all: NoisyWire[] } | undefined

  constructor(lines: Lines, clock: Clock) {
    this.#lines = lines
    this.#clock = clock
  }

  /** Lines as they are, but for the noise. */
  get lines(): Lines {
    return { ...this.#lines, open: async (path, baudRate) => this.#around(await this.#lines.open(path, baudRate)) }
  }

  begin(options: NoiseOptions): void {
    const all: NoisyWire[] = []
    const to = (deliver: Deliver): NoisyWire => {
      const wire = new NoisyWire({ ...options, clock: this.#clock, deliver })
      all.push(wire)
      return wire
    }
    this.#wires = { to, all }
  }

  /** The line is whole again. @returns what was done to the bytes */
  end(): NoiseCount {
    const counts = this.#wires?.all.map(({ noise }) => noise.count) ?? []
    this.#wires = undefined
    const sum = (of: keyof NoiseCount): number => counts.reduce((total, count) => total + count[of], 0)
    return { dropped: sum('dropped'), doubled: sum('doubled'), flipped: sum('flipped') }
  }

  #around(line: Duplex): Duplex {
    const outside: Duplex = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        up(bytes)
        done()
      },
      destroy: (error, done) => {
        line.destroy()
        done(error)
      },
    })
    const up = this.#direction((bytes) => {
      if (line.writable) line.write(bytes)
    })
    const down = this.#direction((bytes) => void outside.push(bytes))
    line.on('data', down)
    line.on('error', (error) => outside.destroy(error))
    line.on('close', () => outside.destroy())
    return outside
  }

  /** One wire for each time that noise was begun; without noise there is none. */
  #direction(deliver: Deliver): (bytes: Uint8Array) => void {
    let [begun, wire]: [unknown, NoisyWire | undefined] = [undefined, undefined]
    return (bytes) => {
      if (this.#wires !== begun) [begun, wire] = [this.#wires, this.#wires?.to(deliver)]
      if (wire === undefined) deliver(Uint8Array.from(bytes))
      else wire.send(bytes)
    }
  }
}

type Deliver = (bytes: Uint8Array<ArrayBuffer>) => void
