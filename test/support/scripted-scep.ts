import { createPublicKey, type KeyObject } from 'node:crypto'
import { linuxRandom, type Http, type HttpRequest, type HttpResponse } from '../../firmware/platform/index.js'
import {
  buildCertRep, decodeOperation, issueCertificate, openEnvelope, readCertificate, readCsr, readPkiMessage, writeCaCertificates, writeCapabilities,
  type Capabilities, type CertRepFields, type CertRepOptions, type CertificateFields, type Certificate, type PkiMessage, type Signer,
} from '../../protocol/scep/index.js'
import { fixtureKeys } from './fixture-keys.js'

const validity = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2036, 0, 1), digest: 'sha256' as const }

/** A root with the fixture key `one`. */
export function makeRoot(commonName = 'Root', privateKey = fixtureKeys.one, changes: Partial<CertificateFields> = {}): Signer & { readonly certificate: Certificate } {
  const der = issueCertificate({ ...validity, subject: { commonName }, privateKey, serial: '01', isCa: true, keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign', 'cRLSign'], ...changes })
  return { certificate: readCertificate(der), privateKey }
}

/** A certificate below a CA, over a key of its own. */
export function issueBelow(issuer: Signer, commonName: string, privateKey: KeyObject, changes: Partial<CertificateFields> = {}): Signer & { readonly certificate: Certificate } {
  const der = issueCertificate({ ...validity, subject: { commonName }, publicKey: createPublicKey(privateKey), issuer, serial: '02', ...changes })
  return { certificate: readCertificate(der), privateKey }
}

export interface ScriptedAnswer {
  readonly fields: CertRepFields
  readonly options?: Partial<CertRepOptions>
  readonly headers?: Readonly<Record<string, string>>
}

/** What the client sent, opened. */
export interface Seen {
  readonly request: HttpRequest
  readonly message: PkiMessage
  readonly content: Uint8Array
}

/** A SCEP server without sockets: says what the test tells it to, message by message. */
export class ScriptedScep implements Http {
  readonly seen: Seen[] = []
  readonly asked: HttpRequest[] = []
  readonly root = makeRoot()
  certificates: readonly Certificate[] = [this.root.certificate]
  capabilities: Partial<Capabilities> = { standard: true }
  /** Issues to whom asks. */
  answer: (seen: Seen) => ScriptedAnswer = ({ content }) => ({ fields: { status: 'SUCCESS', certificates: [this.issue(content)] } })

  issue(csr: Uint8Array, changes: Partial<CertificateFields> = {}): Uint8Array {
    const { subjectDer, publicKey } = readCsr(csr)
    return issueCertificate({ ...validity, subject: subjectDer, publicKey, issuer: this.root, serial: '0a', ...changes })
  }

  /** The challenges in the requests so far. */
  challenges(): readonly (string | undefined)[] {
    return this.seen.filter(({ message }) => message.messageType !== 'CertPoll').map(({ content }) => readCsr(content).challengePassword)
  }

  exchange(request: HttpRequest): Promise<HttpResponse> {
    this.asked.push(request)
    const { operation, message } = decodeOperation(request.method, `${request.url.pathname}${request.url.search}`, request.body)
    if (operation === 'GetCACaps') return ok(writeCapabilities(this.capabilities))
    if (operation === 'GetCACert') return ok(writeCaCertificates(this.certificates).bytes)
    return Promise.resolve().then(() => this.#reply(request, readPkiMessage(message)))
  }

  #reply(request: HttpRequest, message: PkiMessage): Promise<HttpResponse> {
    const { content } = openEnvelope(message, this.root, { ciphers: new Set(['aes128-cbc', 'des-ede3-cbc']), random: linuxRandom.bytes })
    const seen = { request, message, content }
    this.seen.push(seen)
    const { fields, options = {}, headers = {} } = this.answer(seen)
    const body = buildCertRep(fields, {
      transactionId: message.transactionId!, recipientNonce: message.senderNonce!, signer: this.root, recipient: message.certificates[0]!,
      digest: 'sha256', cipher: 'aes128-cbc', keyTransport: 'pkcs1', random: linuxRandom.bytes, ...options,
    })
    return ok(body, headers)
  }
}

function ok(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<HttpResponse> {
  return Promise.resolve({ status: 200, headers, body: Uint8Array.from(body) })
}
