/** `uses`. */
import type { ReplyOf } from '../../protocol/commands/index.js'
import type { UseRow } from '../key-use/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'

export const useHandlers: Handlers<'uses'> = {
  uses: async (_, { useKey }) => ({ uses: (await useKey.list()).map(useReply) }),
}

function useReply({ use, key, state, detail, caveats, swap }: UseRow): ReplyOf<'uses'>['uses'][number] {
  return {
    use, ...given({ key }), state, detail,
    ...(caveats.length === 0 ? {} : { warnings: caveats.map(({ code }) => code) }),
    ...given({
      outcome: swap?.outcome,
      reason: swap?.reason?.message,
      'received-at': swap?.receivedAt,
      'started-at': swap?.startedAt,
      'applied-at': swap?.appliedAt,
      'probed-at': swap?.probedAt,
      'ended-at': swap?.endedAt,
    }),
  }
}
