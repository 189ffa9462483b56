import {
  mediaTypes, openEnvelope, readCertificate, sameBytes, verifyMessage,
  type CertRepFields, type Certificate, type CipherName, type KeyTransport, type PkiMessage,
} from '../../protocol/scep/index.js'
import { milliseconds } from '../../protocol/time.js'
import type { HttpReply } from '../platform/index.js'
import { enrol, findCertificate, poll, revocationList, type Asking } from './enrolment.js'
import type { Exchange } from './exchange.js'
import type { Office } from './office.js'
import { Refusal, refusing } from './refusal.js'
import { writeReply, type ReplyPlan } from './reply.js'
import { textReply } from './text-reply.js'

/** All that a client may encrypt with; single DES is what micromdm's client sends (S-3). */
const readable: ReadonlySet<CipherName> = new Set(['aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'des-ede3-cbc', 'des-cbc'])

/**
 * No refusal leaves sooner than this after the request came in, so that its time does not tell a wrong challenge from
 * an envelope that could not be decrypted (S-5). Longer than the work takes with an RSA-4096 key.
 */
const refusalFloor = milliseconds(25)

/** How the request was protected, which is how the reply will be (S-3). */
interface Manner {
  cipher: CipherName
  keyTransport: KeyTransport
}

/** Answers a PKIOperation. A message that cannot even be read, or is of a type that no client sends, is HTTP 400 (S-2). */
export async function answerPkiOperation(exchange: Exchange, office: Office): Promise<HttpReply> {
  const { request, notes } = exchange
  if (request === undefined || request.messageType === 'CertRep') {
    notes.reason ??= request === undefined ? 'not a SCEP message' : 'a CertRep is no request'
    return textReply(400, 'not a SCEP request\n')
  }
  const manner: Manner = { cipher: 'aes128-cbc', keyTransport: 'pkcs1' }
  const signer = signerOf(request)
  const fields = decide(exchange, request, signer, manner, office)
  const plan = exchange.alteredReply(planReply(request, signer, fields, manner, office))
  const body = writeReply(plan)
  note(exchange, plan.fields)
  if (fields.status === 'FAILURE') await exchange.wait('scep-server: refusal', milliseconds(exchange.arrival.stamps.body + refusalFloor - office.clock.monotonic()))
  return { kind: 'reply', status: 200, headers: { 'content-type': mediaTypes.message }, body }
}

function decide(exchange: Exchange, request: PkiMessage, signer: Certificate | undefined, manner: Manner, office: Office): CertRepFields {
  try {
    return answerRequest(exchange, authenticate(request, signer, manner, office), office)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    exchange.notes.reason = error.message
    return { status: 'FAILURE', failInfo: error.failInfo }
  }
}

/** Verifies the signature, then opens the envelope. @throws Refusal */
function authenticate(request: PkiMessage, signer: Certificate | undefined, manner: Manner, { authority, random }: Office): Asking {
  const { transactionId, senderNonce } = request
  if (signer === undefined) throw new Refusal('badMessageCheck', 'the certificate of the signer is not in the message')
  refusing('badMessageCheck', 'the signature of the message', () => verifyMessage(request, signer, { allowSha1: true }))
  if (signer.publicKey.asymmetricKeyType !== 'rsa') throw new Refusal('badAlg', 'nothing can be encrypted to a signer without an RSA key')
  if (transactionId === undefined || transactionId === '') throw new Refusal('badRequest', 'no transaction ID')
  if (senderNonce === undefined) throw new Refusal('badRequest', 'no sender nonce')
  const opened = refusing('badRequest', 'the envelope', () => openEnvelope(request, authority.encryption, { ciphers: readable, random }))
  manner.cipher = opened.cipher
  manner.keyTransport = opened.keyTransport
  return { messageType: request.messageType, transactionId, signer, content: opened.content }
}

function answerRequest(exchange: Exchange, asking: Asking, office: Office): CertRepFields {
  switch (asking.messageType) {
    case 'PKCSReq':
    case 'RenewalReq': return enrol(exchange, asking, office)
    case 'CertPoll': return poll(exchange, asking, office)
    case 'GetCert': return exchange.verdict ?? findCertificate(exchange, asking, office)
    case 'GetCRL': return exchange.verdict ?? revocationList(asking, office)
    case 'CertRep': throw new TypeError('a CertRep is refused before')
  }
}

function planReply(request: PkiMessage, signer: Certificate | undefined, fields: CertRepFields, manner: Manner, { authority, random }: Office): ReplyPlan {
  return {
    fields,
    options: {
      ...manner,
      transactionId: request.transactionId ?? '',
      senderNonce: random(16),
      signer: authority.signing,
      // A reply without content is encrypted to no one.
      recipient: signer ?? authority.ca,
      digest: request.digest,
      random,
    },
    recipientNonce: request.senderNonce,
  }
}

/** The certificate that the message names as its signer's; nothing says yet that it is. */
function signerOf({ certificates, signerId }: PkiMessage): Certificate | undefined {
  try {
    const read = certificates.map(readCertificate)
    return read.find(({ issuerDer, serial, keyIdentifier }) => (signerId.keyIdentifier === undefined
      ? serial === signerId.serial && sameBytes(issuerDer, signerId.issuerDer ?? new Uint8Array())
      : sameBytes(keyIdentifier ?? new Uint8Array(), signerId.keyIdentifier)))
  } catch {
    return undefined
  }
}

function note({ notes }: Exchange, fields: CertRepFields): void {
  notes.status = fields.status
  if (fields.status === 'FAILURE') notes.failInfo = fields.failInfo
}
