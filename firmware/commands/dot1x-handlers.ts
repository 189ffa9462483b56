/** `dot1x …`. */
import type { ReplyOf } from '../../protocol/commands/index.js'
import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import type { Ieee8021xUpdate } from '../settings/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import type { Services } from './services.js'
import { switchUse } from './use-handlers.js'

const use = 'ieee-802-1x'

export const dot1xHandlers: Handlers<'dot1x show' | 'dot1x set' | 'dot1x off'> = {
  'dot1x show': (_, services) => dot1xReply(services),

  'dot1x set': async ({ ca, server, identity, interface: name, revocation }, services, { progress }) => {
    for (const each of ca ?? []) refuseUnknownCa(each, services)
    const update: Ieee8021xUpdate = {
      enabled: true,
      ...given({ caNames: ca, interface: name, revocation }),
      ...(server === undefined ? {} : { serverName: server === '' ? undefined : server }),
      ...(identity === undefined ? {} : { identity: identity === '' ? undefined : identity }),
    }
    await services.ieee8021x.update(update).catch((error: unknown) => {
      throw inWordsOfTheCommand(asPlatenError(error))
    })
    progress('Authenticating on the network …')
    const failure = await services.useKey.refresh(use).then(() => undefined, asPlatenError)
    if (failure !== undefined) services.log.warn('IEEE 802.1X does not serve with its new settings', { reason: failure.message })
    const reply = await dot1xReply(services)
    return failure === undefined ? reply : { ...reply, state: 'failed', detail: failure.message }
  },

  'dot1x off': async (_, services) => {
    await switchUse(services, use, false)
    return dot1xReply(services)
  },
}

function refuseUnknownCa(name: string, { store }: Services): void {
  if (store.caCertificates().some((each) => each.name === name)) return
  throw new PlatenError('invalid-value', `ca: there is no CA certificate "${name}" in the key store.`, { facts: { field: 'ca' }, fix: 'Type ca show for the names.' })
}

/** The settings name their items; a person has typed fields. */
function inWordsOfTheCommand(error: PlatenError): PlatenError {
  const fields: Readonly<Record<string, string>> = { caNames: 'ca', serverName: 'server' }
  const field = fields[String(error.facts['field'])]
  if (field === undefined) return error
  return new PlatenError(error.code, error.message, { facts: { ...error.facts, field }, fix: field === 'ca' ? 'Give ca with the name of a CA certificate; ca show lists them.' : error.fix, cause: error })
}

async function dot1xReply({ ieee8021x, useKey, store }: Services): Promise<ReplyOf<'dot1x show'>> {
  const { enabled, interface: name, identity, caNames, serverName, revocation } = ieee8021x.get()
  const row = (await useKey.list()).find((each) => each.use === use)
  return {
    enabled, interface: name, ...given({ identity }), ca: [...caNames], ...given({ server: serverName }), revocation, ...given({ key: store.keyFor(use)?.name }),
    state: row?.state ?? 'off', ...given({ reason: row?.reason }), detail: row?.detail ?? 'This device runs no programs, so IEEE 802.1X is not in it.',
  }
}
