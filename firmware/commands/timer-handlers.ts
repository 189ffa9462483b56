/** `timer …`. */
import { isoDate, type ReplyOf, type RequestOf } from '../../protocol/commands/index.js'
import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { automaticItems, type AutomaticItem, type AutomaticSettings, type AutomaticUpdate } from '../settings/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import type { Services } from './services.js'

export const timerHandlers: Handlers<'timer show' | 'timer set' | 'timer off'> = {
  'timer show': (_, services) => timerReply(services),

  'timer set': async (request, services) => {
    await services.automatic.update(updateOf(request)).catch((error: unknown) => {
      throw inWordsOfTheCommand(asPlatenError(error))
    })
    return timerReply(services)
  },

  'timer off': async (_, services) => {
    await services.automatic.update({ enabled: false })
    return timerReply(services)
  },
}

/** The fields of the command that carry an item as it is. */
const sameFields = {
  start: 'startAt',
  adjust: 'autoAdjust',
  'poll-interval': 'pollIntervalMinutes',
  restart: 'restartAfterAcquiring',
  'delete-old': 'deleteOld',
  renew: 'renewByExpiry',
  'key-name': 'keyName',
  cn: 'commonName',
  'key-length': 'keyLength',
  digest: 'digest',
  dns: 'dnsNames',
  ip: 'ipAddresses',
} as const satisfies Partial<Record<keyof RequestOf<'timer set'>, AutomaticItem>>

function updateOf(request: RequestOf<'timer set'>): AutomaticUpdate {
  const { polls, every, organization, use, challenge } = request
  const same = Object.entries(sameFields).flatMap(([field, item]) => {
    const value = request[field as keyof typeof sameFields]
    return value === undefined ? [] : [[item, value] as const]
  })
  return {
    ...Object.fromEntries(same),
    enabled: true,
    ...(polls === undefined ? {} : polls === 0 ? { polling: false } : { polling: true, pollCount: polls }),
    ...(every === undefined ? {} : every === 0 ? { periodic: false } : { periodic: true, periodicDays: every }),
    ...(organization === undefined ? {} : { organization: organization === '' ? undefined : organization }),
    ...(use === undefined ? {} : { use: use === 'none' ? undefined : use }),
    // Empty keeps the stored one.
    ...(challenge === undefined || challenge === '' ? {} : { challenge }),
  }
}

/** The settings name their items; a person has typed fields. */
function inWordsOfTheCommand(error: PlatenError): PlatenError {
  const [field, item] = Object.entries(sameFields).find(([, name]) => name === error.facts['field']) ?? []
  if (field === undefined || item === undefined) return error
  const { rule } = automaticItems[item]
  return new PlatenError(error.code, error.message, { facts: { ...error.facts, field }, fix: `Give ${field} as ${rule}.`, cause: error })
}

function timerReply({ automatic }: Services): ReplyOf<'timer show'> {
  const settings = automatic.settings()
  return { ...planned(automatic, settings), ...requestFields(settings) }
}

function planned(automatic: Services['automatic'], settings: AutomaticSettings) {
  const { nextAt, cause, attempt, reason, polls, due } = automatic.view()
  const { enabled, startAt, autoAdjust, polling, periodic } = settings
  return {
    enabled,
    ...given({ start: startAt === undefined ? undefined : isoDate(startAt) }),
    adjust: autoAdjust,
    ...given({
      jitter: due?.jitterSeconds,
      due: due === undefined ? undefined : isoDate(due.date),
      next: nextAt === undefined ? undefined : isoDate(nextAt),
      'next-kind': nextAt === undefined ? undefined : attempt === undefined ? cause : 'poll' as const,
      reason,
    }),
    polls: polling?.count ?? 0,
    'poll-interval': polling?.intervalMinutes ?? Number(automaticItems.pollIntervalMinutes.standard),
    ...given({ 'polls-left': attempt === undefined ? undefined : Math.max(0, (polling?.count ?? 0) - polls) }),
    every: periodic?.everyDays ?? 0,
    restart: settings.restartAfterAcquiring,
    'delete-old': settings.deleteOld,
    renew: settings.renewByExpiry,
  }
}

function requestFields({ request, hasChallenge }: AutomaticSettings) {
  const challenge = hasChallenge ? 'stored' as const : 'none' as const
  if (request === undefined) return { challenge }
  const { keyName, commonName, organization, keyLength, digest, dnsNames, ipAddresses, use } = request
  return { 'key-name': keyName, cn: commonName, ...given({ organization }), 'key-length': keyLength, digest, dns: [...dnsNames], ip: [...ipAddresses], use: use ?? 'none', challenge }
}
