/** `uses …`. */
import type { ReplyOf } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, type KeyUse } from '../../protocol/key-use.js'
import type { UseRow } from '../key-use/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import { putKeyToUse } from './key-handlers.js'
import type { Services } from './services.js'
import { warningsOf } from './warnings.js'

export const useHandlers: Handlers<'uses' | 'uses assign' | 'uses enable' | 'uses disable' | 'uses probe' | 'uses undo'> = {
  uses: async (_, { useKey }) => ({ uses: (await useKey.list()).map(useReply) }),

  'uses assign': async ({ use, key }, services, { progress }) => {
    const { caveats } = await putKeyToUse(services, key, use, progress)
    return { ...await replyOf(use, services), ...warningsOf(caveats) }
  },

  'uses enable': async ({ use }, services, { progress }) => {
    progress(`Switching ${displayKeyUse(use)} on …`)
    await switchUse(services, use, true)
    return replyOf(use, services)
  },

  'uses disable': async ({ use }, services, { front }) => {
    if (use === 'mqtt' && front === 'MQTT') {
      throw new PlatenError('last-way-in', 'This command came over MQTT, and nothing could switch MQTT on again that way.', { facts: { use }, fix: 'Give it on the serial console.' })
    }
    await switchUse(services, use, false)
    return replyOf(use, services)
  },

  'uses probe': async ({ use }, services, { progress }) => {
    progress(`Looking at ${displayKeyUse(use)} …`)
    await services.useKey.probe(use)
    return replyOf(use, services)
  },

  'uses undo': async ({ use }, services, { progress }) => {
    progress(`Going back to the key that served ${displayKeyUse(use)} before …`)
    const { caveats } = await services.useKey.undo(use)
    services.automatic.keysChanged()
    return { ...await replyOf(use, services), ...warningsOf(caveats) }
  },
}

/** A policy is switched as `ipsec enable` and `ipsec disable` do. @throws policy-not-found, use-cannot-serve, last-way-in, missing-field, disk-failed */
export async function switchUse({ ipsec, useKey }: Services, use: KeyUse, on: boolean): Promise<void> {
  const policy = use.startsWith('ipsec:') ? use.slice('ipsec:'.length) : undefined
  if (policy === undefined) await useKey.switch(use, on)
  else await (on ? ipsec.enable(policy) : ipsec.disable(policy))
}

async function replyOf(use: KeyUse, { useKey }: Services): Promise<ReplyOf<'uses'>['uses'][number]> {
  const row = (await useKey.list()).find((each) => each.use === use)
  return row === undefined ? { use, state: 'off', detail: 'Not in this firmware, or not set up.' } : useReply(row)
}

function useReply({ use, key, state, reason, detail, caveats, swap }: UseRow): ReplyOf<'uses'>['uses'][number] {
  return {
    use, ...given({ key }), state, ...given({ reason }), detail,
    ...(caveats.length === 0 ? {} : { warnings: caveats.map(({ code }) => code) }),
    ...given({
      outcome: swap?.outcome,
      'swap-reason': swap?.reason?.message,
      'received-at': swap?.receivedAt,
      'started-at': swap?.startedAt,
      'applied-at': swap?.appliedAt,
      'probed-at': swap?.probedAt,
      'ended-at': swap?.endedAt,
    }),
  }
}
