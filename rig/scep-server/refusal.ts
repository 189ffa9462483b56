import { PlatenError } from '../../protocol/errors.js'
import type { FailInfo } from '../../protocol/scep/index.js'

/** Why a request is answered FAILURE. The client gets `failInfo` only; the message is for the transcript. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly failInfo: FailInfo

  constructor(failInfo: FailInfo, reason: string) {
    super(reason)
    this.failInfo = failInfo
  }
}

/** Runs a check of protocol/scep; what is wrong with the message becomes a refusal. An unknown algorithm is always badAlg. */
export function refusing<Result>(failInfo: FailInfo, reason: string, check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof PlatenError)) throw error
    throw error.code === 'algorithm-refused' ? new Refusal('badAlg', error.message) : new Refusal(failInfo, `${reason}: ${error.code}`)
  }
}
