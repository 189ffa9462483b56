import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { buildIssuerAndSerial, buildIssuerAndSubject, buildRequest, readCertificate, type Certificate, type CertificateSet, type RequestType, type Signer } from '../../protocol/scep/index.js'
import type { Clock } from '../../protocol/time.js'
import type { Http, HttpResponse, Log } from '../platform/index.js'
import { fetchAuthority, isForTlsPeers, trustAuthority, type AuthorityOffer, type TrustedAuthority } from './authority.js'
import { fetchNextAuthority } from './next-authority.js'
import { acceptAnswer, openAnswer, type Expectation } from './receipt.js'
import { askServer, retryAfterSeconds, type ScepServer } from './server.js'
import { floor, isAboutAlgorithms, suitesFor, type Suite } from './suites.js'

export interface ClientOptions {
  readonly http: Http
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly server: ScepServer
  /** SHA-1 and 3DES, and the quirk `des-reply`: policy `legacy`. */
  readonly allowLegacy: boolean
  /** What this CA has answered well before (C-4). */
  readonly worked?: Suite
}

/** One operation at the CA, from its first message to its last poll. */
export interface Operation {
  readonly authority: TrustedAuthority
  /** C-7: random, the same for all messages of the operation. */
  readonly transactionId: string
  /** C-6: a self-signed certificate at first, the current one for a renewal. */
  readonly signer: Signer
  /** SubjectPublicKeyInfo of the key that is to be certified. */
  readonly spki: Uint8Array
}

export type Answer =
  /** `worked`: to be remembered for this CA (C-4). */
  | { readonly is: 'issued'; readonly chain: readonly Uint8Array[]; readonly worked: Suite }
  | { readonly is: 'pending'; readonly retryAfterSeconds?: number }

const nonceLength = 16

/** A client of one SCEP server. It keeps nothing between calls; at most one call at a time is the caller's care (C-13). */
export class ScepClient {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** What the server shows; nothing of it is trusted. @throws as `fetchAuthority` */
  fetchAuthority(): Promise<AuthorityOffer> {
    return fetchAuthority(this.#options.http, this.#options.server)
  }

  /**
   * Fetches the authority and checks that it leads to the pinned CA (C-2).
   * @param next the CA that the pinned one named before (C-20)
   * @throws ca-mismatch, chain-not-trusted, certificate-not-valid-now, and as `fetchAuthority`
   */
  async findAuthority(pin: string, next?: Certificate): Promise<TrustedAuthority> {
    const { clock, allowLegacy, log } = this.#options
    const offer = await this.fetchAuthority()
    const authority = trustAuthority(offer, pin, { allowSha1: allowLegacy, allowTlsRa: allowLegacy, ...(clock.state() === 'unset' ? {} : { at: clock.wall() }) }, next)
    if ([authority.encryption, ...authority.signers].some(isForTlsPeers)) log.warn('the server has an RA certificate for TLS peers: the quirk tls-ra, which the policy legacy allows')
    return authority
  }

  /** C-20: who follows this authority. @throws as `fetchNextAuthority` */
  nextAuthority(authority: TrustedAuthority): Promise<Certificate | undefined> {
    const { http, server, allowLegacy } = this.#options
    return fetchNextAuthority(http, server, authority, { allowSha1: allowLegacy })
  }

  /**
   * Asks for a certificate.
   * @param csr DER
   * @param messageType RenewalReq is for a CA that says Renewal (C-20). Default PKCSReq
   * @throws what `acceptAnswer` and `askServer` throw
   */
  request(operation: Operation, csr: Uint8Array, messageType: Extract<RequestType, 'PKCSReq' | 'RenewalReq'> = 'PKCSReq'): Promise<Answer> {
    return this.#ask(operation, messageType, csr)
  }

  /**
   * C-13: asks whether the CA has decided. @param subject that of the CSR, a Name in DER
   * @throws what `acceptAnswer` and `askServer` throw; scep-failure with failInfo 4 when the CA does not know the transaction
   */
  poll(operation: Operation, subject: Uint8Array): Promise<Answer> {
    return this.#ask(operation, 'CertPoll', buildIssuerAndSubject(operation.authority.issuer.subjectDer, subject))
  }

  /**
   * C-21: a certificate that the CA issued before. @param serial lower-case hex
   * @throws scep-failure with failInfo 4 when it knows none; what `openAnswer` and `askServer` throw
   */
  async getCertificate(operation: Operation, serial: string): Promise<Certificate> {
    const { certificates } = await this.#look(operation, 'GetCert', serial)
    const found = certificates.map(readCertificate).find((certificate) => certificate.serial === serial)
    if (found === undefined) throw new PlatenError('bad-response', `the answer to GetCert does not hold the certificate ${serial}`)
    return found
  }

  /**
   * C-21: the list of revoked certificates, from who issued the given one. @param serial lower-case hex @returns DER
   * @throws as `getCertificate`
   */
  async getCrl(operation: Operation, serial: string): Promise<Uint8Array> {
    const [crl] = (await this.#look(operation, 'GetCRL', serial)).crls
    if (crl === undefined) throw new PlatenError('bad-response', 'the answer to GetCRL holds no list')
    return crl
  }

  async #look(operation: Operation, messageType: 'GetCert' | 'GetCRL', serial: string): Promise<CertificateSet> {
    const { worked, random } = this.#options
    const { response, expected } = await this.#send(operation, messageType, buildIssuerAndSerial(operation.authority.issuer.subjectDer, serial), worked ?? floor)
    const opened = openAnswer(response.body, expected, random)
    if (opened === undefined) throw new PlatenError('bad-response', `the server put ${messageType} off, which it cannot`)
    return opened.set
  }

  async #ask(operation: Operation, messageType: RequestType, content: Uint8Array): Promise<Answer> {
    const { allowLegacy, worked, log } = this.#options
    const suites = suitesFor(allowLegacy, worked)
    for (const [index, suite] of suites.entries()) {
      try {
        return await this.#exchange(operation, messageType, content, suite)
      } catch (error) {
        if (index === suites.length - 1 || !isAboutAlgorithms(error)) throw error
        log.warn(`the server did not take ${suite.digest} and ${suite.cipher}; the policy legacy allows to go below`)
      }
    }
    throw new TypeError('there is always a suite to try')
  }

  async #exchange(operation: Operation, messageType: RequestType, content: Uint8Array, suite: Suite): Promise<Answer> {
    const { clock, random, log } = this.#options
    const { response, expected } = await this.#send(operation, messageType, content, suite)
    const issued = acceptAnswer(response.body, expected, clock, random)
    if (issued === undefined) return pending(response)
    for (const quirk of issued.quirks) log.warn(`the server's reply needed the quirk ${quirk}, which was tolerated`)
    return { is: 'issued', chain: issued.chain, worked: suite }
  }

  async #send(operation: Operation, messageType: RequestType, content: Uint8Array, suite: Suite): Promise<{ readonly response: HttpResponse; readonly expected: Expectation }> {
    const { http, clock, random, server, allowLegacy } = this.#options
    const { authority, transactionId, signer } = operation
    const nonce = random(nonceLength)
    const message = buildRequest({ messageType, transactionId, senderNonce: nonce, content }, {
      signer, ...suite, random,
      recipient: authority.encryption,
      keyTransport: 'pkcs1',
      // C-22: without a set clock there is no time to state.
      ...(clock.state() === 'unset' ? {} : { signingTime: clock.wall() }),
    })
    const response = await askServer(http, server, 'PKIOperation', message, { post: authority.capabilities.post })
    return { response, expected: { ...operation, nonce, allowLegacy } }
  }
}

function pending(response: HttpResponse): Answer {
  const wait = retryAfterSeconds(response)
  return { is: 'pending', ...(wait === undefined ? {} : { retryAfterSeconds: wait }) }
}
