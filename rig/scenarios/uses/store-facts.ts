import type { Verdict } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Station } from '../station.js'
import type { UseUnderTest } from './use-under-test.js'

/** Words of the status that mean that the key store, not a daemon or a peer, is at fault. */
const storeTrouble = /quarantine|checksum|index|half|damaged|store/iu

/**
 * Whether the key store is as it must be after an exchange that ended one way or the other (device.md section 6): one
 * key has the use, it is one of those that may, no key is half, and nothing is wrong with the store itself.
 * @param may names of the keys of which one has to have the use
 * @param waiting whether a key may wait for its certificate, because a request was cut off and can be asked for again
 */
export async function storeConsistent(board: Station, { use }: UseUnderTest, may: readonly string[], waiting = false): Promise<{ readonly verdict: Verdict; readonly key: string }> {
  const shown = new Map<string, Readonly<Record<string, string>>>()
  for (const name of ['first', 'second']) {
    const result = await board.says(`keys show ${name}`)
    if (result.ok) shown.set(name, result.values)
  }
  const users = [...shown].filter(([, values]) => (values['use'] ?? '').split(',').includes(use)).map(([name]) => name)
  const half = [...shown].filter(([, { state = '', 'transaction-id': transaction }]) => state !== 'ready' && !(waiting && state === 'pending' && transaction !== undefined)).map(([name]) => name)
  const { problems = '' } = await board.does('status')
  const [key = ''] = users
  const so = users.length === 1 && may.includes(key) && half.length === 0 && !storeTrouble.test(problems)
  return {
    key,
    verdict: fact('store consistent', `exactly one key has the use (${may.join(' or ')}), none is half, the store has no problem`, so,
      `${users.length === 0 ? 'no key' : users.map((name) => `"${name}"`).join(' and ')} ${users.length > 1 ? 'have' : 'has'} the use${half.length === 0 ? '' : `; half: ${half.join(', ')}`}${problems === '' ? '' : `; the status says: ${problems}`}`),
  }
}
