import { createHash, timingSafeEqual } from 'node:crypto'
import type { RandomBytes } from '../../protocol/random.js'
import type { Clock, Duration } from '../../protocol/time.js'

/**
 * How a first request proves that it may have a certificate (scep.md S-5).
 * `one-time`: each challenge comes from `issue()`, works once, and only for `lifetime`.
 */
export type ChallengePolicy =
  | { readonly mode: 'none' }
  | { readonly mode: 'static'; readonly password: string }
  | { readonly mode: 'one-time'; readonly lifetime: Duration }

export interface ChallengeBook {
  readonly mode: ChallengePolicy['mode']
  /** A new one-time challenge. @throws TypeError in another mode */
  issue(): string
  /** Whether the challenge is right; says nothing about why not, and takes the same time for every wrong one. */
  accepts(challenge: string | undefined): boolean
  /** Uses up a one-time challenge; called when a request that showed it was accepted. */
  consume(challenge: string | undefined): void
}

/** Challenges are kept and compared as digests: equal length, no early exit, and no secret in a heap dump. */
const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()

export function openChallengeBook(policy: ChallengePolicy, { clock, random }: { clock: Clock; random: RandomBytes }): ChallengeBook {
  const oneTime = new Map<string, number>()
  const expected = policy.mode === 'static' ? digest(policy.password) : undefined
  const forgetOld = (): void => {
    for (const [key, until] of oneTime) if (until <= clock.monotonic()) oneTime.delete(key)
  }
  return {
    mode: policy.mode,
    issue() {
      if (policy.mode !== 'one-time') throw new TypeError('only the mode one-time issues challenges')
      forgetOld()
      const challenge = newChallenge(random)
      oneTime.set(digest(challenge).toString('hex'), clock.monotonic() + policy.lifetime)
      return challenge
    },
    accepts(challenge) {
      if (policy.mode === 'none') return true
      const shown = digest(challenge ?? '')
      if (expected !== undefined) return timingSafeEqual(shown, expected) && challenge !== undefined
      forgetOld()
      return oneTime.has(shown.toString('hex'))
    },
    consume(challenge) {
      if (challenge !== undefined) oneTime.delete(digest(challenge).toString('hex'))
    },
  }
}

/** 128 random bits as 32 capital hex digits: a PrintableString that can be typed, the form that NDES uses. */
export function newChallenge(random: RandomBytes): string {
  return Buffer.from(random(16)).toString('hex').toUpperCase()
}
