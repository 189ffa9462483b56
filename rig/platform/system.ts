import { generateKeyPair, randomBytes, type KeyObject } from 'node:crypto'
import type { RandomBytes } from '../../protocol/random.js'

export const systemRandom: RandomBytes = (count) => new Uint8Array(randomBytes(count))

export type RsaBits = 2048 | 3072 | 4096

/** A new RSA private key, made on a thread of its own. */
export type MakeRsaKey = (bits: RsaBits) => Promise<KeyObject>

export const makeRsaKey: MakeRsaKey = (bits) =>
  new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: bits }, (error, _publicKey, privateKey) => {
      if (error) reject(error)
      else resolve(privateKey)
    })
  })

/** Resolves with the first SIGINT or SIGTERM; a second one ends the process at once, as by default. */
export function interrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
}
