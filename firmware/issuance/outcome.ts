import type { ErrorFacts, PlatenError } from '../../protocol/errors.js'
import { displayKeyUse } from '../../protocol/key-use.js'
import type { KeyId } from '../key-store/index.js'
import type { PutToUse } from '../key-use/index.js'
import { explain } from './details.js'
import type { Row } from './history.js'
import { describeNdes } from './ndes.js'
import type { Phase } from './request-machine.js'

export interface Success {
  /** Wall ms of the issuance. */
  readonly at: number
  readonly key: KeyId
  /** Absent without a use. */
  readonly put?: PutToUse
}

/** The row of a request that got its certificate. */
export function succeeded(row: Row, { at, put }: Pick<Success, 'at' | 'put'>): Row {
  const { transaction, ...rest } = withoutOutcome(row)
  const use = transaction?.use ?? row.extra.use
  const off = use !== undefined && put?.enabled === false
  return {
    ...rest,
    status: 'Successful',
    details: `Issued ${new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')}`,
    issuedAt: at,
    extra: {
      ...rest.extra,
      ...(put === undefined ? {} : { enabled: put.enabled }),
      ...(put === undefined || put.caveats.length === 0 ? {} : { caveats: put.caveats }),
      ...(off ? { next: `The certificate is assigned to ${displayKeyUse(use)}, which is off; it serves as soon as that is switched on.` } : {}),
    },
  }
}

export interface Failure {
  readonly error: PlatenError
  readonly phase: Phase
  /** Whether poll can still ask for the answer. */
  readonly transactionKept: boolean
  /** Wall ms of the issuance, when the certificate is in the store and only its use failed. */
  readonly issuedAt?: number
  /** Whether the failure is the answer to a poll. */
  readonly polled: boolean
}

/** The row of a request that ended as Error: the verbatim text, and beside it all that helps. */
export function failed(row: Row, failure: Failure): Row {
  const { transaction, ...rest } = withoutOutcome(row)
  const { error, transactionKept, polled, issuedAt } = failure
  const { details, code, next, advice } = explain(error, { transactionKept, polled })
  const kept = issuedAt === undefined ? {} : { issuedAt }
  return {
    ...rest, ...kept, details, code,
    status: 'Error',
    extra: {
      ...rest.extra, ...serverWords(error.facts), advice,
      phase: failure.phase,
      next: issuedAt === undefined ? next : 'The certificate is in the key store; it is not in use.',
    },
    ...(transactionKept && transaction !== undefined ? { transaction } : {}),
  }
}

/** The row of a deferred request that an administrator gave up: what was known of it stays. */
export function givenUp(row: Row): Row {
  const { transaction, ...rest } = row
  if (transaction === undefined) return row
  return { ...rest, extra: { ...rest.extra, next: 'The request was given up; nothing is sent any more.' } }
}

/** What an earlier end of the same request said is over. */
export function withoutOutcome(row: Row): Row {
  const { id, requestedAt, keyName, transaction, attempt, extra: { transactionId, use } } = row
  return {
    id, keyName,
    ...(attempt === undefined ? {} : { attempt }),
    ...(requestedAt === undefined ? {} : { requestedAt }),
    status: 'Processing...',
    details: '',
    extra: { ...(transactionId === undefined ? {} : { transactionId }), ...(use === undefined ? {} : { use }) },
    ...(transaction === undefined ? {} : { transaction }),
  }
}

function serverWords(facts: ErrorFacts): Pick<Row['extra'], 'failInfoText' | 'ndes'> {
  const text = (name: string): string | undefined => (typeof facts[name] === 'string' ? facts[name] : undefined)
  const failInfoText = text('failInfoText')
  const ndes = describeNdes(text('ndesCode'), text('ndesText'))
  return { ...(failInfoText === undefined ? {} : { failInfoText }), ...(ndes === undefined ? {} : { ndes }) }
}
