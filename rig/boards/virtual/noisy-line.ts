import { Duplex } from 'node:stream'
import type { Noise } from './noisy-wire.js'

/**
 * A line whose bytes are harmed in both directions.
 * @param noise asked for each piece; undefined while the line is clean
 */
export function noisyLine(line: Duplex, noise: () => Noise | undefined): Duplex {
  const pass = (bytes: Uint8Array): Uint8Array => noise()?.pass(bytes) ?? bytes
  const end: Duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Uint8Array, _encoding, done) => line.write(pass(chunk), done),
    destroy: (error, done) => {
      line.destroy()
      done(error)
    },
  })
  line.on('data', (bytes: Uint8Array) => end.push(pass(bytes)))
  line.once('close', () => end.destroy())
  return end
}
