import { seconds, type Clock } from '../../../protocol/time.js'

/** How often a board tells its parent that its event loop turns. */
export const heartbeatEvery = seconds(5)

/** Silence after which the parent ends the board. */
export const silenceLimit = seconds(30)

export const heartbeat = 'alive'

/** Tells at once and then every 5 s. @returns a call that ends it */
export function beat(clock: Clock, tell: (message: string) => void): () => void {
  let ended = false
  let timer = clock.after('heartbeat', seconds(0), next)
  function next(): void {
    if (ended) return
    tell(heartbeat)
    timer = clock.after('heartbeat', heartbeatEvery, next)
  }
  return () => {
    ended = true
    timer.cancel()
  }
}
