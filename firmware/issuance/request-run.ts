import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { PlatenError, asPlatenError } from '../../protocol/errors.js'
import { buildCsr, nameDer, readCertificate, type Certificate, type Signer } from '../../protocol/scep/index.js'
import type { KeyId, Reservation } from '../key-store/index.js'
import type { PutToUse } from '../key-use/index.js'
import { makeSignerCertificate, type Answer, type ScepClient, type TrustedAuthority } from '../scep/index.js'
import { alternativeNames } from './checks.js'
import type { Row, Transaction } from './history.js'
import { progressOf } from './progress.js'
import { begin, step, type Phase, type RequestEffect, type RequestInput, type RequestState } from './request-machine.js'
import type { NewRequest, RunTools } from './run-tools.js'

/** Does what the state machine says, one thing after the other, and writes the end into the row. */
export class RequestRun {
  readonly #tools: RunTools
  readonly #request: NewRequest | undefined
  readonly #transaction: Transaction
  #row: Row
  #state: RequestState
  #reservation: Reservation | undefined
  #keyId: KeyId | undefined
  #privateKey: KeyObject | undefined
  #csr: Uint8Array | undefined
  #signer: Signer | undefined
  #authority: Awaited<ReturnType<ScepClient['findAuthority']>> | undefined
  #issued: Extract<Answer, { is: 'issued' }> | undefined
  #issuedAt: number | undefined
  /** Monotonic ms. */
  #receivedAt: number | undefined
  #put: PutToUse | undefined

  /**
   * @param request absent: asks for the answer to the transaction, or where the store has its certificate already, goes on
   * from there
   */
  constructor(tools: RunTools, row: Row, transaction: Transaction, request?: NewRequest) {
    this.#tools = tools
    this.#row = row
    this.#transaction = transaction
    this.#request = request
    const certified = request === undefined && tools.store.entries().some(({ state, transactionId }) => state === 'ready' && transactionId === transaction.transactionId)
    this.#state = begin({
      kind: request !== undefined ? 'new' : certified ? 'certified' : 'poll',
      hasUse: transaction.use !== undefined,
      ...(request?.persistent === undefined ? {} : { persistent: request.persistent }),
    })
  }

  /** @throws disk-failed when the end could not be written; interrupted when the board is stopping */
  async run(): Promise<Row> {
    let input: RequestInput | undefined = { is: 'started' }
    while (input !== undefined) {
      const next = step(this.#state, input)
      this.#state = next.state
      input = undefined
      for (const effect of next.effects) input = await this.#perform(effect) ?? input
    }
    return this.#row
  }

  async #perform(effect: RequestEffect): Promise<RequestInput | undefined> {
    switch (effect.do) {
      case 'work':
        return await this.#attempt(effect.phase)
      case 'release':
        await this.#release()
        return undefined
      case 'record-success':
        await this.#recordSuccess()
        return undefined
      case 'record-error':
        await this.#recordError(effect)
        return undefined
    }
  }

  /** Whatever goes wrong in the work of a phase is an input of the state machine. */
  async #attempt(phase: Phase): Promise<RequestInput> {
    this.#refuseWhenClosing()
    const progress = progressOf(phase, this.#request?.specification.keyLength)
    this.#tools.log.info(`request ${this.#row.id}: ${progress.text}`)
    this.#tools.progress(progress)
    const outcome = await this.#work(phase).catch((error: unknown): RequestInput => ({ is: 'failed', error: asPlatenError(error) }))
    this.#refuseWhenClosing()
    return outcome
  }

  #refuseWhenClosing(): void {
    if (this.#tools.isClosing()) throw new PlatenError('interrupted', 'the board is stopping', { fix: 'Look at the request status after the restart.' })
  }

  async #work(phase: Phase): Promise<RequestInput> {
    switch (phase) {
      case 'reserving-slot': return await this.#reserve()
      case 'checking-server': return await this.#checkServer()
      case 'making-key': return await this.#makeKey()
      case 'keeping-key': return await this.#keepKey()
      case 'recording-intent': return await this.#recordIntent()
      case 'sending-request': return await this.#send()
      case 'asking-again': return await this.#askAgain()
      case 'storing-certificate': return await this.#storeCertificate()
      case 'switching-use': return await this.#switchUse()
    }
  }

  async #reserve(): Promise<RequestInput> {
    const { exchangeFor } = given(this.#request)
    this.#reservation = await this.#tools.store.reserve(this.#row.keyName, exchangeFor === undefined ? {} : { exchangeFor })
    return { is: 'slot-reserved' }
  }

  async #checkServer(): Promise<RequestInput> {
    const { client, pin, nextCa } = this.#tools
    const authority = await client.findAuthority(pin, nextCa.known)
    const next = nextCa.known ?? await this.#askForNext(authority)
    this.#authority = next === undefined ? authority : { ...authority, next }
    // C-20.
    if (this.#request?.signedBy?.messageType === 'RenewalReq' && !authority.capabilities.renewal) throw new PlatenError('renewal-not-offered', 'the CA does not say Renewal')
    return { is: 'server-checked' }
  }

  /** A help for the time when the CA changes: no request fails for it. */
  async #askForNext(authority: TrustedAuthority): Promise<Certificate | undefined> {
    const { client, nextCa, log } = this.#tools
    try {
      const next = await client.nextAuthority(authority)
      if (next === undefined) return undefined
      await nextCa.remember(next)
      log.info(`the CA says who will follow it: ${next.subject}, trusted beside it from now on`, { fingerprint: next.fingerprint })
      return next
    } catch (error) {
      log.warn(`who will follow the CA is not known: ${asPlatenError(error).message}`)
      return undefined
    }
  }

  async #makeKey(): Promise<RequestInput> {
    this.#privateKey = await this.#tools.platform.keys.rsa(given(this.#request).specification.keyLength)
    return { is: 'key-made' }
  }

  async #keepKey(): Promise<RequestInput> {
    const entry = await this.#tools.store.put(given(this.#reservation), given(this.#privateKey), { transactionId: this.#transaction.transactionId })
    this.#keyId = entry.id
    return { is: 'key-kept' }
  }

  async #recordIntent(): Promise<RequestInput> {
    const { specification, challenge, signedBy } = given(this.#request)
    const { clock, random } = this.#tools.platform
    const [privateKey, keyId] = [given(this.#privateKey), given(this.#keyId)]
    const { commonName, organization, digest } = specification
    const subject = { commonName, ...(organization === undefined ? {} : { organization }) }
    this.#csr = buildCsr({
      subject, digest, ...alternativeNames(specification),
      ...(challenge === undefined ? {} : { challengePassword: challenge }),
      key: privateKey,
      keyUsage: ['digitalSignature', 'keyEncipherment'],
    })
    const csr = createHash('sha256').update(this.#csr).digest('hex')
    const certificate = signedBy === undefined ? makeSignerCertificate(nameDer(subject), privateKey, random.bytes, clock.wall()) : this.#certificateOf(signedBy.key)
    this.#signer = { certificate, privateKey: signedBy === undefined ? privateKey : this.#tools.store.privateKey(signedBy.key) }
    const other = signedBy === undefined ? {} : { signerKeyId: signedBy.key, subject: Buffer.from(nameDer(subject)).toString('base64') }
    this.#row = await this.#tools.recorder.intent({
      ...this.#row,
      transaction: { ...this.#transaction, intent: { keyId, csr, signer: Buffer.from(certificate.der).toString('base64'), ...other } },
    })
    return { is: 'intent-recorded' }
  }

  async #send(): Promise<RequestInput> {
    return this.#take(await this.#tools.client.request(this.#operation(), given(this.#csr), this.#request?.signedBy?.messageType))
  }

  async #askAgain(): Promise<RequestInput> {
    const { keyId, signer, signerKeyId, subject } = given(this.#transaction.intent)
    const { store, client } = this.#tools
    this.#keyId = keyId as KeyId
    this.#privateKey = store.privateKey(this.#keyId)
    const certificate = readCertificate(Buffer.from(signer, 'base64'))
    this.#signer = { certificate, privateKey: signerKeyId === undefined ? this.#privateKey : store.privateKey(signerKeyId as KeyId) }
    return this.#take(await client.poll(this.#operation(), subject === undefined ? certificate.subjectDer : Buffer.from(subject, 'base64')))
  }

  #operation(): Parameters<ScepClient['request']>[0] {
    const spki = createPublicKey(given(this.#privateKey)).export({ type: 'spki', format: 'der' })
    return { authority: given(this.#authority), transactionId: this.#transaction.transactionId, spki, signer: given(this.#signer) }
  }

  #certificateOf(key: KeyId): Certificate {
    return readCertificate(given(this.#tools.store.get(key).chain[0]))
  }

  #take(answer: Answer): RequestInput {
    if (answer.is === 'pending') return answer
    this.#issued = answer
    this.#receivedAt = this.#tools.platform.clock.monotonic()
    return { is: 'issued' }
  }

  /** Key, certificate and use change in one commit. */
  async #storeCertificate(): Promise<RequestInput> {
    const { use, transactionId } = this.#transaction
    const { store, platform, rememberWorked, log } = this.#tools
    if (this.#state.plan.kind === 'certified') {
      this.#keyId = given(store.entries().find((entry) => entry.transactionId === transactionId)).id
      this.#issuedAt = this.#certificateOf(this.#keyId).notBefore
      return { is: 'certificate-stored' }
    }
    const { chain, worked } = given(this.#issued)
    await store.complete(given(this.#keyId), { chain, ...(use === undefined ? {} : { assign: use }) })
    this.#issuedAt = platform.clock.wall()
    // Only a help for the next request: this one must not fail for it.
    await rememberWorked(worked).catch((error: unknown) => log.warn(`not remembered what worked: ${asPlatenError(error).message}`))
    return { is: 'certificate-stored' }
  }

  async #switchUse(): Promise<RequestInput> {
    this.#put = await this.#tools.useKey.put(given(this.#transaction.use), given(this.#keyId), this.#receivedAt === undefined ? {} : { receivedAt: this.#receivedAt })
    return { is: 'use-switched' }
  }

  async #release(): Promise<void> {
    const held = this.#keyId ?? this.#reservation
    if (held !== undefined) await this.#tools.store.abandon(held)
  }

  async #recordSuccess(): Promise<void> {
    const at = this.#issuedAt ?? this.#tools.platform.clock.wall()
    this.#row = await this.#tools.recorder.succeeded(this.#row, { at, key: given(this.#keyId), ...(this.#put === undefined ? {} : { put: this.#put }) })
  }

  async #recordError({ error, phase, transactionKept, certificateKept }: Extract<RequestEffect, { do: 'record-error' }>): Promise<void> {
    this.#tools.log.warn(`request ${this.#row.id} ended while ${phase}: ${error.message}`, { code: error.code, ...error.facts })
    this.#row = await this.#tools.recorder.failed(this.#row, {
      error, phase, transactionKept,
      polled: this.#request === undefined,
      ...(certificateKept && this.#issuedAt !== undefined ? { issuedAt: this.#issuedAt } : {}),
    })
  }
}

/** The state machine keeps the order, so what a phase needs is there. */
function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('a phase of a request ran before the one that it needs')
  return value
}
