import { PlatenError, hasCode, type ErrorFacts } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { failInfos, isSelfSigned, openEnvelope, readCertificate, readCertificateSet, readPkiMessage, sameBytes, verifyChain, verifyMessage, type Certificate, type CertificateSet, type ChainRules, type PkiMessage, type Signer } from '../../protocol/scep/index.js'
import { minutes, type Clock } from '../../protocol/time.js'
import type { TrustedAuthority } from './authority.js'
import { ciphersFor } from './suites.js'

/** What an answer is held against. */
export interface Expectation {
  readonly authority: TrustedAuthority
  readonly transactionId: string
  /** The senderNonce of our message. */
  readonly nonce: Uint8Array
  /** Who signed our message: the answer is encrypted to that key. */
  readonly signer: Signer
  /** SubjectPublicKeyInfo of the key that is to be certified. */
  readonly spki: Uint8Array
  readonly allowLegacy: boolean
}

/** An accepted certificate with the chain that a server has to send: leaf first, without a self-signed top. */
export interface Issued {
  readonly chain: readonly Uint8Array[]
  /** What was tolerated, by name: `sha1-reply` and `des-reply` under the policy legacy, `clock-skew` always. */
  readonly quirks: readonly string[]
}

/**
 * Takes an answer in the order of C-9: structure, signature, transaction, nonce, status, and only then the content.
 * @returns undefined when the server has not decided yet (PENDING)
 * @throws bad-response, signature-invalid, algorithm-refused, quirk-refused, other-transaction, nonce-mismatch, scep-failure
 *   (facts: failInfo, failInfoText, ndesCode, ndesText), undecryptable, certificate-not-for-our-key, clock-not-set,
 *   chain-not-trusted, certificate-not-valid-now
 */
export function acceptAnswer(bytes: Uint8Array, expected: Expectation, clock: Clock, random: RandomBytes): Issued | undefined {
  const opened = openAnswer(bytes, expected, random)
  if (opened === undefined) return undefined
  const { chain, skewed } = acceptCertificate(opened.set.certificates.map(readCertificate), expected, clock)
  return { chain, quirks: [...opened.quirks, ...(skewed ? ['clock-skew'] : [])] }
}

/**
 * The same order up to the content, whatever that holds. With what C-21 asks for there is no key to compare.
 * @throws as `acceptAnswer`, up to undecryptable
 */
export function openAnswer(bytes: Uint8Array, expected: Expectation, random: RandomBytes): { readonly set: CertificateSet; readonly quirks: readonly string[] } | undefined {
  const message = readPkiMessage(bytes)
  if (message.messageType !== 'CertRep') throw new PlatenError('bad-response', `the answer is a ${message.messageType} and not a CertRep`)
  checkSignature(message, expected, random)
  checkTransaction(message, expected)
  if (message.status === 'PENDING') return undefined
  if (message.status !== 'SUCCESS') throw refusal(message)
  const { content, cipher } = openEnvelope(message, expected.signer, { ciphers: ciphersFor(expected.allowLegacy), random })
  const quirks = { 'sha1-reply': message.digest === 'sha1', 'des-reply': cipher === 'des-cbc' }
  return { set: readCertificateSet(content), quirks: Object.entries(quirks).flatMap(([quirk, met]) => (met ? [quirk] : [])) }
}

function checkSignature(message: PkiMessage, expected: Expectation, random: RandomBytes): void {
  const { authority, allowLegacy } = expected
  try {
    verifyMessage(message, authority.signers, { allowSha1: allowLegacy })
  } catch (error) {
    if (allowLegacy || !hasCode(error, 'quirk-refused')) throw error
    // Only a reply that the authority did sign can tell which quirks its server needs.
    verifyMessage(message, authority.signers, { allowSha1: true })
    throw quirksRefused([...(needsDes(message, expected, random) ? ['des-reply'] : []), 'sha1-reply'])
  }
}

/** The cipher is judged before the private key is touched, so with none allowed this only looks. */
function needsDes(message: PkiMessage, { signer }: Expectation, random: RandomBytes): boolean {
  try {
    openEnvelope(message, signer, { ciphers: new Set(), random })
    return false
  } catch (error) {
    return hasCode(error, 'quirk-refused')
  }
}

function checkTransaction(message: PkiMessage, { transactionId, nonce }: Expectation): void {
  if (message.transactionId !== transactionId) {
    throw new PlatenError('other-transaction', 'the answer belongs to another transaction', {
      facts: { transactionId, received: (message.transactionId ?? '').slice(0, 64) },
      fix: 'Check for a proxy or a cache in between.',
    })
  }
  if (message.recipientNonce === undefined || !sameBytes(message.recipientNonce, nonce)) {
    throw new PlatenError('nonce-mismatch', 'the answer does not carry the nonce of our message', { fix: 'Check for a proxy or a cache in between: the answer may be a replay.' })
  }
}

function refusal({ failInfo, failInfoText, ndes }: PkiMessage): PlatenError {
  const facts: ErrorFacts = {
    ...(failInfo === undefined ? {} : { failInfo: Number(failInfos[failInfo]) }),
    ...(failInfoText === undefined ? {} : { failInfoText: failInfoText.slice(0, 255) }),
    ...(ndes?.code === undefined ? {} : { ndesCode: ndes.code.slice(0, 32) }),
    ...(ndes?.text === undefined ? {} : { ndesText: ndes.text.slice(0, 255) }),
  }
  return new PlatenError('scep-failure', `the server refused: ${failInfo ?? 'no reason given'}`, { facts, fix: 'Ask the operator of the server why it refused.' })
}

/**
 * Many servers let a certificate begin at the very second of its issuance. A board whose clock is a little behind
 * would throw away what it was just given; within this difference it is judged at the time when it begins.
 */
const tolerableSkew = minutes(5)

function acceptCertificate(received: readonly Certificate[], expected: Expectation, clock: Clock): { readonly chain: readonly Uint8Array[]; readonly skewed: boolean } {
  // C-11; were there several, the newest is the one that was issued now.
  const [leaf] = received.filter((certificate) => sameBytes(certificate.spki, expected.spki)).toSorted((a, b) => b.notBefore - a.notBefore)
  if (leaf === undefined) {
    throw new PlatenError('certificate-not-for-our-key', `none of the ${received.length} certificates in the answer is for the key of this request`, { fix: 'Ask the operator of the CA: it issued a certificate for another key.' })
  }
  if (clock.state() === 'unset') throw new PlatenError('clock-not-set', 'the clock is not set, so the certificate cannot be judged', { fix: 'Set the clock or its time server.' })
  const wall = clock.wall()
  const skewed = leaf.notBefore > wall && leaf.notBefore <= wall + tolerableSkew
  const pool = [...received, ...expected.authority.certificates]
  const rules = { at: skewed ? leaf.notBefore : wall, allowSha1: expected.allowLegacy }
  const path = verifyToEither(leaf, pool, expected.authority, rules)
  return { chain: path.filter((certificate) => certificate === leaf || !isSelfSigned(certificate)).map(({ der }) => der), skewed }
}

/** C-20: the present CA, or the one that it named; each only while it is valid. */
function verifyToEither(leaf: Certificate, pool: readonly Certificate[], { top, next }: TrustedAuthority, rules: ChainRules): readonly Certificate[] {
  try {
    return verifyChain(leaf, pool, top, rules)
  } catch (error) {
    if (next === undefined || !hasCode(error, 'chain-not-trusted')) throw error
    return verifyChain(leaf, pool, next, rules)
  }
}

function quirksRefused(quirks: readonly string[]): PlatenError {
  return new PlatenError('quirk-refused', `the server's reply needs ${quirks.join(' and ')}, which the policy standard does not allow`, {
    facts: { quirk: quirks.join(', ') },
    fix: 'Set the server to AES and SHA-256; if it cannot do better and you accept that, choose the policy legacy.',
  })
}
