import { PlatenError, asPlatenError } from '../../protocol/errors.js'
import type { KeyEntry } from '../key-store/index.js'
import type { AutomaticRequest, AutomaticSettings } from '../settings/index.js'
import { refuseUnless, requestChecks, serverChecks } from './checks.js'
import type { CurrentCertificates } from './current-certificate.js'
import type { Row, Transaction } from './history.js'
import type { Failure } from './outcome.js'
import type { RequestDesk } from './request-desk.js'
import { RequestRun } from './request-run.js'
import type { NewRequest, RunRecorder } from './run-tools.js'
import type { Effect, Outcome, RequestKind } from './schedule/index.js'

export interface Send {
  readonly effect: Effect & { readonly do: 'send' }
  readonly row: Row
  readonly settings: AutomaticSettings
  readonly challenge: () => string | undefined
  readonly recorder: RunRecorder
}

/** Turns a `send` of the scheduler into one run of the request machine: the same one that requests by hand take. */
export class AutomaticRequests {
  readonly #desk: RequestDesk
  readonly #current: CurrentCertificates

  constructor(desk: RequestDesk, current: CurrentCertificates) {
    this.#desk = desk
    this.#current = current
  }

  /** Runs to an answer, which the recorder gets. @throws interrupted when the board is stopping; disk-failed */
  async run(send: Send): Promise<void> {
    const { effect, row, recorder } = send
    const { transactionId } = effect
    try {
      await (transactionId === undefined ? this.#ask(send) : this.#askAgain(send, transactionId))
    } catch (thrown) {
      const refusal = asPlatenError(thrown)
      if (!(refusal instanceof RefusedBefore)) throw thrown
      await recorder.failed(row, { error: refusal.reason, phase: 'checking-server', transactionKept: transactionId !== undefined, polled: transactionId !== undefined })
    }
  }

  async #ask({ effect, row, settings, challenge, recorder }: Send): Promise<void> {
    const { specification, request } = beforehand(() => {
      const given = this.#request(effect.kind, settings, challenge)
      const { options } = this.#desk
      refuseUnless(requestChecks, { ...given, settings: options.settings.get(), clock: options.platform.clock.state(), keyNameTaken: false })
      return { specification: given.specification, request: given }
    })
    await this.#clearRemains(request)
    const keyName = this.#desk.options.store.nameFor(specification.keyName, request.exchangeFor)
    const transaction: Transaction = { transactionId: this.#desk.newTransactionId(), ...(specification.use === undefined ? {} : { use: specification.use }) }
    const tools = beforehand(() => this.#desk.tools({ recorder }))
    await new RequestRun(tools, { ...row, keyName }, transaction, request).run()
  }

  async #askAgain({ row, recorder }: Send, transactionId: string): Promise<void> {
    const { transaction } = row
    const tools = beforehand(() => {
      const { settings, platform } = this.#desk.options
      refuseUnless(serverChecks, { settings: settings.get(), clock: platform.clock.state() })
      if (transaction?.transactionId !== transactionId) throw new PlatenError('key-not-found', 'the status table does not know this transaction')
      return this.#desk.tools({ recorder })
    })
    if (transaction !== undefined) await new RequestRun(tools, row, transaction).run()
  }

  #request(kind: RequestKind, { request: specification, deleteOld }: AutomaticSettings, challenge: () => string | undefined): NewRequest {
    if (specification === undefined) throw new PlatenError('not-configured', 'Settings for Key and Certificate To Be Issued are not set', { fix: 'Set them with timer set.' })
    const old = this.#current.keyFor(specification)
    // The certificate may have gone since the scheduler has decided.
    const signer = kind === 'challenge' ? undefined : old
    const secret = signer === undefined ? challenge() : undefined
    const messageType = kind === 'renewal' ? 'RenewalReq' : 'PKCSReq'
    return {
      specification,
      persistent: true,
      ...(secret === undefined || secret === '' ? {} : { challenge: secret }),
      ...(signer === undefined ? {} : { signedBy: { key: signer.id, messageType } }),
      ...(deleteOld && old !== undefined && isUsedFor(old, specification) ? { exchangeFor: old.id } : {}),
    }
  }

  /** What an exchange has left that did not come to its end: a new key that would not serve, an old one that was not deleted. */
  async #clearRemains({ exchangeFor }: NewRequest): Promise<void> {
    const { store, log } = this.#desk.options
    if (exchangeFor === undefined) return
    const serving = store.get(exchangeFor)
    const remains = store.entries().filter((key) => key.state === 'ready' && key.uses.length === 0 && (key.exchangeFor === exchangeFor || key.id === serving.exchangeFor))
    for (const { id, name } of remains) {
      log.warn('what an unfinished exchange of keys has left is deleted', { key: name })
      await store.delete(id)
    }
  }
}

/** The old key can go only when this is the one use it has. */
function isUsedFor({ uses }: KeyEntry, { use }: AutomaticRequest): boolean {
  return uses.every((other) => other === use)
}

/** Refused on our side, before a run has begun that would tell it. */
class RefusedBefore extends PlatenError {
  readonly reason: PlatenError

  constructor(reason: PlatenError) {
    super(reason.code, reason.message, { facts: reason.facts, fix: reason.fix, cause: reason })
    this.reason = reason
  }
}

function beforehand<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (thrown) {
    throw new RefusedBefore(asPlatenError(thrown))
  }
}

/** What the scheduler is told of a failure. */
export function outcomeOf({ error, transactionKept }: Failure): Outcome {
  const { code, facts } = error
  if (code === 'deferred') {
    const wait = facts['retryAfterSeconds']
    return { is: 'pending', ...(typeof wait === 'number' ? { retryAfterSeconds: wait } : {}) }
  }
  if (code === 'renewal-not-offered') return { is: 'renewal-not-offered' }
  const failInfo = facts['failInfo']
  return { is: 'failed', code, transactionKept, ...(typeof failInfo === 'number' ? { failInfo } : {}) }
}
