import type { RandomBytes } from '../../protocol/random.js'
import type { Clock } from '../../protocol/time.js'
import type { Authority } from './authority.js'
import type { ChallengeBook } from './challenge.js'
import type { Transactions } from './transactions.js'

/** What the server decides with. */
export interface Office {
  readonly authority: Authority
  readonly challenge: ChallengeBook
  readonly transactions: Transactions
  readonly clock: Clock
  readonly random: RandomBytes
}
