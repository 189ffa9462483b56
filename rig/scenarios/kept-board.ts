import { PlatenError } from '../../protocol/errors.js'
import { keysOf } from './reading.js'
import type { Station } from './station.js'

/** Begins the names of all keys that scenarios make, so that what they left on a board is known as theirs. */
const ownPrefix = 'rig-'

/** What a scenario calls a key. */
export function ownKey(name: string): string {
  return ownPrefix + name
}

/** A board that others use too: found as somebody left it, and left as it was found. */
export class KeptBoard {
  readonly #station: Station
  /** The key that served before. */
  readonly #tlsKey: string

  private constructor(station: Station, tlsKey: string) {
    this.#station = station
    this.#tlsKey = tlsKey
  }

  /** Takes away what earlier runs left. @throws board-not-ready naming what is in the way */
  static async prepare(station: Station): Promise<KeptBoard> {
    const { enabled, 'key-name': keyName = '' } = await station.does('timer show')
    if (enabled === 'true' && !keyName.startsWith(ownPrefix)) {
      throw new PlatenError('board-not-ready', `the timer of ${station.name} is on, for the key ${keyName}`, { facts: { board: station.name }, fix: 'If nobody needs it, sign in and type: timer off' })
    }
    await takeAway(station, enabled === 'true')
    return new KeptBoard(station, (await station.does('status'))['tls-key'] ?? '')
  }

  async tidy(): Promise<void> {
    const { enabled } = await this.#station.does('timer show')
    const { 'tls-key': serving = '' } = await this.#station.does('status')
    if (serving !== this.#tlsKey && this.#tlsKey !== '') await this.#station.does(`keys assign "${this.#tlsKey}" tls`)
    await takeAway(this.#station, enabled === 'true')
    await this.#station.leave()
  }
}

async function takeAway(station: Station, timerOn: boolean): Promise<void> {
  if (timerOn) await station.does('timer off')
  for (const key of await keysOf(station, ownPrefix)) {
    const deleted = await station.says(`keys delete ${key}`)
    if (deleted.ok) continue
    if (deleted.code !== 'key-in-use') throw new PlatenError('board-not-ready', `${station.name} does not let go of the key ${key} of an earlier run: ${deleted.message}`, { facts: { board: station.name, key }, fix: deleted.fix })
    await station.does(`keys assign ${key} none`)
    await station.does(`keys delete ${key}`)
  }
}
