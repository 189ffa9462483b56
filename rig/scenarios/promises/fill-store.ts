import { ownKey } from '../kept-board.js'
import type { Station } from '../station.js'

/** Takes all places for keys that are left, by certificates of the server. */
export async function fillStore(station: Station): Promise<void> {
  const { keys = '0', 'key-limit': limit = '0' } = await station.does('status')
  for (let place = Number(keys) + 1; place <= Number(limit); place += 1) await station.does(`request key-name=${ownKey(`place-${place}`)} cn=printer.example.com`)
}
