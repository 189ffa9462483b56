import { Duplex } from 'node:stream'

/**
 * A serial line in memory. The rig's end stays for good; the board opens its end anew with each start. Bytes for an
 * end that nobody has open are lost, as on a wire.
 */
export class Uart {
  readonly host: Duplex
  #board: Duplex | undefined

  constructor() {
    this.host = lineEnd((bytes) => this.#board?.push(bytes))
  }

  /** The board's end; one that was open before is cut off. */
  open(): Duplex {
    this.#board?.destroy()
    const end: Duplex = lineEnd((bytes) => {
      if (this.#board === end) this.host.push(bytes)
    })
    end.once('close', () => {
      if (this.#board === end) this.#board = undefined
    })
    this.#board = end
    return end
  }

  /** The board's power is gone: its end is not closed, it is no longer there. */
  unplug(): void {
    this.#board = undefined
  }
}

function lineEnd(send: (bytes: Buffer) => void): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      send(bytes)
      done()
    },
  })
}
