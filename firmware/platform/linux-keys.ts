import { generateKeyPair } from 'node:crypto'
import type { KeyMaker } from './ports.js'

/** Makes keys on a thread of Node's pool, so the console and open connections go on meanwhile. */
export const linuxKeys: KeyMaker = {
  rsa: (bits) => new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: bits, publicExponent: 0x10001 }, (error, _publicKey, privateKey) => {
      if (error === null) resolve(privateKey)
      else reject(error)
    })
  }),
}
