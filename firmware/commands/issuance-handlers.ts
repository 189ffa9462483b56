/** `request`, `poll` and `history`. */
import { PlatenError } from '../../protocol/errors.js'
import { isoDate, type ReplyOf } from '../../protocol/commands/index.js'
import type { HistoryEntry } from '../issuance/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import { warningsOf } from './warnings.js'

export const issuanceHandlers: Handlers<'request' | 'poll' | 'history'> = {
  request: async (request, { issuance }, { progress }) => {
    const { challenge, use, organization } = request
    const specification = {
      keyName: request['key-name'],
      digest: request.digest,
      keyLength: request['key-length'],
      commonName: request.cn,
      dnsNames: request.dns,
      ipAddresses: request.ip,
      ...given({ organization }),
      ...(use === 'none' ? {} : { use }),
    }
    const secret = challenge === undefined || challenge === '' ? {} : { challenge }
    return ended(await issuance.request(specification, { ...secret, progress: ({ text }) => progress(text) }))
  },

  poll: async ({ transaction }, { issuance }, { progress }) =>
    ended(await issuance.poll(transaction, { progress: ({ text }) => progress(text) })),

  history: ({ entry }, { issuance }) => {
    const entries = issuance.history().slice(0, 20)
    // Whole texts of warnings are for one entry, not for a table of twenty.
    if (entry === undefined) return { entries: entries.map(entryReply) }
    const one = entries[entry - 1]
    if (one !== undefined) return wholeEntryReply(one)
    throw new PlatenError('invalid-value', `entry: there are only ${entries.length} entries.`, { facts: { field: 'entry' }, fix: 'Type history for the list.' })
  },
}

/** A request that ended well is a reply; one that did not is an error with the words of its row. */
function ended(entry: HistoryEntry): ReplyOf<'request'> {
  if (entry.status === 'Error') {
    const { transactionId, failInfoText, ndes, phase } = entry.extra
    throw new PlatenError(entry.code ?? 'internal', entry.details, {
      facts: { status: entry.status, details: entry.details, ...given({ phase, failInfoText, ndes, transactionId }) },
      fix: [entry.extra.advice, entry.extra.next].filter((part) => part !== undefined && part !== '').join(' '),
    })
  }
  return wholeEntryReply(entry)
}

/** With the texts of its warnings. */
function wholeEntryReply(entry: HistoryEntry): ReplyOf<'request'> {
  return { ...entryReply(entry), ...warningsOf(entry.extra.caveats ?? []) }
}

export function entryReply({ requestedAt, status, details, code, keyName, issuedAt, extra }: HistoryEntry): NonNullable<ReplyOf<'history'>['entries']>[number] {
  return {
    'requested-at': isoDate(requestedAt),
    status,
    details,
    'key-name': keyName,
    ...given({
      code,
      'issued-at': issuedAt === undefined ? undefined : isoDate(issuedAt),
      'transaction-id': extra.transactionId,
      'fail-info-text': extra.failInfoText,
      ndes: extra.ndes,
      phase: extra.phase,
      next: extra.next,
      advice: extra.advice,
      warnings: extra.caveats?.map(({ code }) => code),
      use: extra.use,
      enabled: extra.enabled,
    }),
  }
}
