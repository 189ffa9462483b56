/** `uses`. */
import type { Handlers } from './context.js'
import { given } from './given.js'

export const useHandlers: Handlers<'uses'> = {
  uses: async (_, { useKey }) => ({ uses: (await useKey.list()).map(({ use, key, state, detail }) => ({ use, ...given({ key }), state, detail })) }),
}
