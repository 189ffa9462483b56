import { randomBytes, type KeyObject } from 'node:crypto'
import { request } from 'node:http'
import {
  asCertificate, buildCsr, buildIssuerAndSubject, buildRequest, chooseAuthority, encodeOperation, issueCertificate, openEnvelope, readCaCertificates,
  readCertificate, readCertificateSet, readPkiMessage, verifyMessage,
  type Authority, type Certificate, type CertificateSet, type CipherName, type DigestName, type KeyTransport, type Operation, type PkiMessage, type RequestType, type Signer,
} from '../../protocol/scep/index.js'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

/** One HTTP exchange as it is; rejects with what node:http says when the connection breaks. */
export function rawExchange(url: URL | string, options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: Uint8Array } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) }))
    })
    sent.on('error', reject)
    sent.end(options.body)
  })
}

/** How a call broke: the code of the error that node:http gave, else its message. */
export const broken = (call: Promise<unknown>): Promise<string> => call.then(() => 'answered', (error: unknown) => {
  const { code, message } = error as Error & { code?: string }
  return code ?? message
})

export interface RequestChoices {
  readonly messageType?: RequestType
  readonly transactionId?: string
  readonly commonName?: string
  readonly challenge?: string
  readonly dnsNames?: readonly string[]
  /** Signs the request instead of a fresh self-signed certificate. */
  readonly signer?: Signer
  readonly digest?: DigestName
  readonly cipher?: CipherName
  readonly keyTransport?: KeyTransport
  /** Replaces the CSR. */
  readonly content?: Uint8Array
}

export interface Sent {
  readonly bytes: Uint8Array
  readonly nonce: Uint8Array
  readonly transactionId: string
  readonly signer: Signer
}

/** A SCEP client with no mercy and no judgement: what a test asks for goes out, what comes back is shown. */
export class RawScepClient {
  readonly #url: URL
  readonly #key: KeyObject
  readonly authority: Authority

  private constructor(url: URL, key: KeyObject, authority: Authority) {
    this.#url = url
    this.#key = key
    this.authority = authority
  }

  static async open(url: string, key: KeyObject): Promise<RawScepClient> {
    const { body } = await rawExchange(encodeOperation(new URL(url), 'GetCACert').url)
    return new RawScepClient(new URL(url), key, chooseAuthority(readCaCertificates(body)))
  }

  call(operation: Operation, message?: Uint8Array, options: { readonly post?: boolean } = {}): Promise<RawAnswer> {
    const { url, ...rest } = encodeOperation(this.#url, operation, message, options)
    return rawExchange(url, rest)
  }

  csr({ commonName = 'printer.example', digest = 'sha256', dnsNames = [commonName], challenge }: RequestChoices = {}): Uint8Array {
    return buildCsr({
      subject: { commonName }, key: this.#key, digest, dnsNames, keyUsage: ['digitalSignature', 'keyEncipherment'],
      ...challenge === undefined ? {} : { challengePassword: challenge },
    })
  }

  build(choices: RequestChoices = {}): Sent {
    const { messageType = 'PKCSReq', transactionId = randomBytes(8).toString('hex'), commonName = 'printer.example', digest = 'sha256', cipher = 'aes128-cbc', keyTransport = 'pkcs1' } = choices
    const signer = choices.signer ?? { privateKey: this.#key, certificate: selfSigned(this.#key, commonName) }
    const content = choices.content ?? this.csr(choices)
    const nonce = randomBytes(16)
    const bytes = buildRequest({ messageType, transactionId, senderNonce: nonce, content }, {
      signer, recipient: this.authority.encryption, digest, cipher, keyTransport, random: (count) => new Uint8Array(randomBytes(count)),
    })
    return { bytes, nonce, transactionId, signer }
  }

  async send(sent: Sent): Promise<PkiMessage> {
    const { status, body } = await this.call('PKIOperation', sent.bytes)
    if (status !== 200) throw new Error(`status ${status}`)
    return readPkiMessage(body)
  }

  request(choices: RequestChoices = {}): Promise<PkiMessage> {
    return this.send(this.build(choices))
  }

  /** CertPoll for an earlier request. */
  poll(sent: Sent, commonName = 'printer.example'): Promise<PkiMessage> {
    const subject = readCertificate(selfSigned(this.#key, commonName)).subjectDer
    return this.request({ messageType: 'CertPoll', transactionId: sent.transactionId, signer: sent.signer, content: buildIssuerAndSubject(this.authority.issuer.subjectDer, subject) })
  }

  /** Whether one of the certificates from GetCACert signed the reply. */
  isGenuine(reply: PkiMessage): boolean {
    return this.authority.signers.some((signer) => {
      try {
        verifyMessage(reply, signer, { allowSha1: true })
        return true
      } catch {
        return false
      }
    })
  }

  open(reply: PkiMessage, recipient?: Signer): CertificateSet & { readonly cipher: CipherName; readonly keyTransport: KeyTransport } {
    const all = new Set<CipherName>(['aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'des-ede3-cbc', 'des-cbc'])
    const holder = recipient ?? { privateKey: this.#key, certificate: selfSigned(this.#key, 'printer.example') }
    const { content, cipher, keyTransport } = openEnvelope(reply, holder, { ciphers: all, random: (count) => new Uint8Array(randomBytes(count)) })
    return { ...readCertificateSet(content), cipher, keyTransport }
  }

  /** The one certificate in a SUCCESS. */
  certificate(reply: PkiMessage, recipient?: Signer): Certificate {
    return asCertificate(this.open(reply, recipient).certificates[0]!)
  }
}

export function selfSigned(key: KeyObject, commonName: string, days = 1): Uint8Array {
  return issueCertificate({
    subject: { commonName }, privateKey: key, serial: '01', notBefore: Date.now() - 3_600_000, notAfter: Date.now() + days * 86_400_000,
    keyUsage: ['digitalSignature', 'keyEncipherment'], digest: 'sha256',
  })
}
