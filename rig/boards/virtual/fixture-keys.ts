import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { KeyMaker } from '../../../firmware/platform/index.js'
import { fixtureKeyData } from './fixture-key-data.js'

const keys: (KeyObject | undefined)[] = []

function fixtureKey(at: number): KeyObject {
  const place = at % fixtureKeyData.length
  return (keys[place] ??= createPrivateKey({ key: Buffer.from(fixtureKeyData[place] ?? '', 'base64'), format: 'der', type: 'pkcs8' }))
}

/** The one key that no board gets: a store refuses keys that share a factor. */
const authorityKey = 0

/**
 * Makes keys without making them: the fixtures in turn. The first is the default key's for good; the others come
 * again after ten, so a store that holds more than ten issued keys at once will refuse one.
 */
export function boardKeys(): KeyMaker {
  let made = 0
  return {
    rsa: (bits) => {
      if (bits !== 2048) return Promise.reject(new TypeError(`fixture keys have 2048 bits, not ${bits}`))
      made += 1
      return Promise.resolve(fixtureKey(made === 1 ? 1 : 2 + (made - 2) % (fixtureKeyData.length - 2)))
    },
  }
}

/** For the authority of a virtual server; whatever its size, the key has 2048 bits. */
export const authorityKeys: KeyMaker = { rsa: () => Promise.resolve(fixtureKey(authorityKey)) }
