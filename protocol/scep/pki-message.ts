import type { RandomBytes } from '../random.js'
import type { DigestName } from './algorithms.js'
import { asCertificate, type Certificate, type CertificateSource, type Signer } from './certificate.js'
import type { CipherName } from './content-encryption.js'
import { buildEnvelope, openEnvelopeBytes, type Opened, type OpeningRules } from './envelope.js'
import type { KeyTransport } from './key-transport.js'
import { malformed, reading } from '../malformed.js'
import { contentTypes, type FailInfo, type RequestType } from './names.js'
import { degenerate, readSignedData, signData, verifyByOneOf, type CertificateId, type SignatureRules, type SignedData, type SignerInfo } from './signed-data.js'
import { streamed } from './streamed.js'
import { readTransaction, transactionAttributes, type NdesError, type Transaction } from './transaction-attributes.js'

export interface RequestFields {
  readonly messageType: RequestType
  readonly transactionId: string
  /** 16 fresh random bytes (C-8). */
  readonly senderNonce: Uint8Array
  /** What goes into the envelope: a CSR, an IssuerAndSubject or an IssuerAndSerialNumber, in DER. */
  readonly content: Uint8Array
}

export interface MessageOptions {
  readonly signer: Signer
  /** Whose key the content is encrypted to. */
  readonly recipient: CertificateSource
  readonly digest: DigestName
  readonly cipher: CipherName
  readonly keyTransport: KeyTransport
  readonly random: RandomBytes
  /** Milliseconds since 1970; left out by a board without a set clock (C-22). */
  readonly signingTime?: number
}

/** A request of a client (section 3.3). @returns DER */
export function buildRequest(fields: RequestFields, options: MessageOptions): Uint8Array {
  const certificate = asCertificate(options.signer.certificate)
  return signData(buildEnvelope(fields.content, options), {
    signer: { certificate, privateKey: options.signer.privateKey },
    digest: options.digest,
    attributes: transactionAttributes({ ...fields, signingTime: options.signingTime }),
    certificates: [certificate.der],
  })
}

export type CertRepFields =
  | { readonly status: 'SUCCESS'; readonly certificates: readonly Uint8Array[]; readonly crls?: readonly Uint8Array[] }
  | { readonly status: 'FAILURE'; readonly failInfo: FailInfo; readonly failInfoText?: string; readonly ndes?: NdesError }
  | { readonly status: 'PENDING' }

export interface CertRepOptions extends MessageOptions {
  readonly transactionId: string
  readonly senderNonce?: Uint8Array
  /** The request's senderNonce. */
  readonly recipientNonce?: Uint8Array
  /** Whether the signer's certificate is sent along (C-10). Default true. */
  readonly includeSigner?: boolean
  /** Content of FAILURE and PENDING (C-12): left out, empty, or the one byte 0 of NDES. Default absent. */
  readonly emptyContent?: 'absent' | 'empty' | 'zero-byte'
  /** Leaves the signed attributes in another order than DER asks for (C-18). Default false. */
  readonly unsortedAttributes?: boolean
  /** Leaves the certificates of a SUCCESS in the order given (C-11). Default false. */
  readonly unsortedCertificates?: boolean
  /** pkiStatus as it is written, for a status that no standard has. Default: that of the fields. */
  readonly statusText?: string
  /** Type of the signed content. Default id-data. */
  readonly contentType?: string
  /** Writes BER as senders do that stream: indefinite lengths, strings in pieces (C-18). Default false. */
  readonly streamed?: boolean
}

/** A server's answer (section 3.3.2). @returns DER, or BER when it is `streamed` */
export function buildCertRep(fields: CertRepFields, options: CertRepOptions): Uint8Array {
  const form = options.streamed === true ? streamed : (der: Uint8Array): Uint8Array => der
  const empty = { absent: undefined, empty: new Uint8Array(), 'zero-byte': Uint8Array.of(0) }[options.emptyContent ?? 'absent']
  const content = fields.status === 'SUCCESS' ? form(buildEnvelope(degenerate(fields.certificates, fields.crls, options.unsortedCertificates === true ? 'given' : 'der'), options)) : empty
  const certificate = asCertificate(options.signer.certificate)
  return form(signData(content, {
    signer: { certificate, privateKey: options.signer.privateKey },
    digest: options.digest,
    attributes: transactionAttributes({ messageType: 'CertRep', ...fields, ...options }),
    certificates: options.includeSigner === false ? [] : [certificate.der],
    unsortedAttributes: options.unsortedAttributes ?? false,
    ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
  }))
}

/** A PKIMessage within the limits of C-19. Nothing in it is verified, its certificates included (C-9). */
export interface PkiMessage extends Transaction {
  /** DER, in the order received. */
  readonly certificates: readonly Uint8Array[]
  readonly digest: DigestName
  readonly signerId: CertificateId
  /** False when the content is absent, empty, or one byte 0 (C-12). */
  readonly hasEnvelope: boolean
  /** For `verifyMessage` and `openEnvelope`. */
  readonly signedData: SignedData
  readonly signerInfo: SignerInfo
}

/** Reads a PKIMessage of either side. @throws bad-response, algorithm-refused */
export function readPkiMessage(bytes: Uint8Array): PkiMessage {
  const what = 'A SCEP message'
  return reading(what, () => {
    const signedData = readSignedData(bytes, what)
    const [signerInfo, ...others] = signedData.signers
    if (signerInfo?.attributes === undefined || others.length > 0) throw malformed(`${what} does not have exactly one signer with signed attributes.`)
    if (signedData.contentType !== contentTypes.data) throw malformed(`${what} carries content of the type ${signedData.contentType}.`)
    const content = signedData.content ?? new Uint8Array()
    return {
      ...readTransaction(signerInfo.attributes),
      certificates: signedData.certificates,
      digest: signerInfo.digest,
      signerId: signerInfo.id,
      hasEnvelope: content.length > 1 || (content.length === 1 && content[0] !== 0),
      signedData,
      signerInfo,
    }
  })
}

/**
 * Verifies the message against certificates that are trusted for it already. The match is by key: names in the
 * message count for nothing (C-9, C-10).
 * @returns the certificate whose key signed
 * @throws signature-invalid, algorithm-refused, quirk-refused (facts.quirk `sha1-reply`), bad-response
 */
export function verifyMessage(message: PkiMessage, signers: CertificateSource | readonly CertificateSource[], rules: SignatureRules = {}): Certificate {
  const candidates = (Array.isArray(signers) ? signers as readonly CertificateSource[] : [signers as CertificateSource]).map(asCertificate)
  return verifyByOneOf(message.signedData, message.signerInfo, candidates, rules)
}

/** Decrypts the content. Call it last (C-9). @throws as `openEnvelopeBytes`; bad-response without an envelope */
export function openEnvelope(message: PkiMessage, holder: Signer, rules: OpeningRules): Opened {
  if (!message.hasEnvelope || message.signedData.content === undefined) throw malformed('The message has no encrypted content.')
  return openEnvelopeBytes(message.signedData.content, holder, rules)
}
