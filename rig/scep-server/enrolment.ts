import { readCsr, readIssuerAndSerial, readIssuerAndSubject, sameBytes, type CertRepFields, type Certificate, type Csr, type MessageType } from '../../protocol/scep/index.js'
import type { IssuedCertificate } from './authority.js'
import type { Exchange } from './exchange.js'
import type { Office } from './office.js'
import { Refusal, refusing } from './refusal.js'
import type { Transaction } from './transactions.js'

/** A request whose signature was verified and whose envelope was opened. */
export interface Asking {
  readonly messageType: MessageType
  readonly transactionId: string
  /** The certificate that signed it: self-signed, or one that somebody issued. */
  readonly signer: Certificate
  readonly content: Uint8Array
}

/** PKCSReq and RenewalReq. The same request again gets the same certificate again. @throws Refusal */
export function enrol(exchange: Exchange, asking: Asking, office: Office): CertRepFields {
  const csr = refusing('badRequest', 'the certificate request', () => readCsr(asking.content))
  const known = office.transactions.find(asking.transactionId)
  if (known !== undefined && !isRenewalOf(known, asking)) {
    if (!sameBytes(known.csr.spki, csr.spki) || !sameBytes(known.signer, asking.signer.spki)) throw new Refusal('badRequest', 'the transaction belongs to another key')
    return settle(exchange, known, office)
  }
  authorise(asking, csr, office)
  const transaction = { id: asking.transactionId, csr, signer: asking.signer.spki }
  const fields = settle(exchange, transaction, office)
  if (fields.status !== 'FAILURE') office.challenge.consume(csr.challengePassword)
  return fields
}

/** CertPoll (RFC 8894 section 3.3.3). @throws Refusal badCertId when there is nothing to poll for (S-4) */
export function poll(exchange: Exchange, asking: Asking, office: Office): CertRepFields {
  const { issuer, subject } = refusing('badRequest', 'IssuerAndSubject', () => readIssuerAndSubject(asking.content))
  const known = office.transactions.find(asking.transactionId)
  if (known === undefined || !sameBytes(known.signer, asking.signer.spki)) throw new Refusal('badCertId', 'no such transaction of this key')
  if (!sameBytes(subject.der, known.csr.subjectDer) || !sameBytes(issuer.der, office.authority.ca.subjectDer)) throw new Refusal('badCertId', 'the transaction has another subject or issuer')
  return settle(exchange, known, office)
}

/** GetCert (section 4.5). @throws Refusal */
export function findCertificate(exchange: Exchange, { content }: Asking, { authority }: Office): CertRepFields {
  const { issuer, serial } = refusing('badRequest', 'IssuerAndSerialNumber', () => readIssuerAndSerial(content))
  const certificate = sameBytes(issuer.der, authority.ca.subjectDer) ? authority.find(serial) : undefined
  if (certificate === undefined) throw new Refusal('badCertId', 'no such certificate')
  return success(exchange, certificate)
}

/** GetCRL (section 4.6). @throws Refusal */
export function revocationList({ content }: Asking, { authority }: Office): CertRepFields {
  const { issuer } = refusing('badRequest', 'IssuerAndSerialNumber', () => readIssuerAndSerial(content))
  if (!sameBytes(issuer.der, authority.ca.subjectDer)) throw new Refusal('badCertId', 'no such issuer')
  return { status: 'SUCCESS', certificates: [], crls: [authority.revocationList()] }
}

/** A renewal may keep the transaction ID of what it renews: micromdm's client derives it from the key. */
function isRenewalOf({ certificate }: Transaction, { messageType, signer }: Asking): boolean {
  return messageType === 'RenewalReq' && certificate !== undefined && sameBytes(certificate.der, signer.der)
}

/** The signer has the key, or a certificate of ours; a renewal needs the latter, all else the challenge. @throws Refusal */
function authorise({ messageType, signer }: Asking, csr: Csr, { authority, challenge }: Office): void {
  if (csr.publicKey.asymmetricKeyType !== 'rsa' || (csr.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) throw new Refusal('badRequest', 'the key is not RSA of 2048 bits or more')
  const ours = authority.vouchesFor(signer)
  if (!ours && !sameBytes(signer.spki, csr.spki)) throw new Refusal('badMessageCheck', 'the signer has neither the key nor a valid certificate of this CA')
  if (messageType === 'RenewalReq') {
    if (!ours) throw new Refusal('badRequest', 'a renewal is signed by a valid certificate of this CA')
    return
  }
  if (!challenge.accepts(csr.challengePassword)) throw new Refusal('badRequest', `the challenge is ${csr.challengePassword === undefined ? 'missing' : 'wrong'}`)
}

/** What the script wants, else the certificate: the one already issued, or a new one. */
function settle(exchange: Exchange, transaction: Transaction, { authority, transactions }: Office): CertRepFields {
  const { verdict } = exchange
  if (verdict !== undefined) {
    if (verdict.status === 'PENDING') transactions.keep(transaction)
    return verdict
  }
  const certificate = transaction.certificate ?? authority.issue(transaction.csr, exchange.alteredOrder(authority.order(transaction.csr)))
  transactions.keep({ ...transaction, certificate })
  return success(exchange, certificate)
}

function success({ notes }: Exchange, { der, serial }: IssuedCertificate): CertRepFields {
  notes.serial = serial
  return { status: 'SUCCESS', certificates: [der] }
}
