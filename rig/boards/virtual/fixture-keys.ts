import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { KeyMaker } from '../../../firmware/platform/index.js'
import { fixtureKeyData } from './fixture-key-data.js'

const keys: (KeyObject | undefined)[] = []

function fixtureKey(place: number): KeyObject {
  return (keys[place] ??= createPrivateKey({ key: Buffer.from(fixtureKeyData[place] ?? '', 'base64'), format: 'der', type: 'pkcs8' }))
}

/** Kept for servers (their CA, and the strangers that faults bring in): a board that trusted one of them by its own key would prove nothing. */
const forServers = 3

/**
 * Makes keys for one board without making them: the fixtures in turn. The first is the default key's for good; the
 * others come again after twelve, and a store that still holds one then refuses it, as it should.
 */
export function boardKeys(): KeyMaker {
  const turn = fixtureKeyData.length - forServers - 1
  let made = 0
  return {
    rsa: (bits) => {
      if (bits !== 2048) return Promise.reject(new TypeError(`fixture keys have 2048 bits, not ${bits}`))
      made += 1
      return Promise.resolve(fixtureKey(made === 1 ? forServers : forServers + 1 + (made - 2) % turn))
    },
  }
}

/** For one server, in turn; whatever size is asked for, they have 2048 bits. */
export function serverKeys(): KeyMaker {
  let made = 0
  return {
    rsa: () => {
      made += 1
      return Promise.resolve(fixtureKey((made - 1) % forServers))
    },
  }
}
