import { performance } from 'node:perf_hooks'
import { readFileSync } from 'node:fs'
import {
  buildCertRep, buildIssuerAndSerial, buildIssuerAndSubject, buildRequest, decodeOperation, issueCrl, openEnvelope, readCaCertificates, readCapabilities,
  readCertificate, readCertificateSet, readCrl, readCsr, readIssuerAndSerial, readIssuerAndSubject, readNextCaCertificates, readPkiMessage, verifyMessage,
  writeNextCaCertificates,
} from '../../../protocol/scep/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { readKeyMaterial, readPkcs12 } from '../../../protocol/pkcs12/index.js'
import { openEnvelopeBytes, buildEnvelope } from '../../../protocol/scep/envelope.js'
import { contentOf, password, withMac } from '../pkcs12/support.js'
import { everyCipher, january, nextYear, random, requester, rootCa, someCsr, toCa, toRequester } from './support.js'

interface Decoder {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  readonly decode: (bytes: Uint8Array) => unknown
}

const vector = (name: string): Uint8Array => Uint8Array.from(readFileSync(`test/vectors/${name}`))
const reply = buildCertRep({ status: 'SUCCESS', certificates: [rootCa.certificate.der] }, { ...toRequester(), transactionId: 'one', recipientNonce: random(16), unsortedAttributes: true })

/** Everything that takes bytes from outside, with good examples to start from. */
const decoders: readonly Decoder[] = [
  {
    name: 'readPkiMessage, verifyMessage, openEnvelope',
    seeds: [
      buildRequest({ messageType: 'PKCSReq', transactionId: 'one', senderNonce: random(16), content: someCsr() }, toCa({ signingTime: january })),
      reply, vector('micromdm/success.der'), vector('micromdm/failure.der'),
    ],
    decode: (bytes) => {
      const message = readPkiMessage(bytes)
      try {
        verifyMessage(message, [...message.certificates, rootCa.certificate, requester.certificate], { allowSha1: true })
      } finally {
        if (message.hasEnvelope) readCertificateSet(openEnvelope(message, requester, { ciphers: everyCipher, random }).content)
      }
    },
  },
  {
    name: 'openEnvelopeBytes',
    seeds: [buildEnvelope(someCsr(), toRequester()), buildEnvelope(someCsr(), toRequester({ keyTransport: 'oaep-sha256' })), vector('openssl/aes128-indefinite.der')],
    decode: (bytes) => openEnvelopeBytes(bytes, requester, { ciphers: everyCipher, random }),
  },
  { name: 'readCsr', seeds: [someCsr(), vector('openssl/csr.der')], decode: readCsr },
  { name: 'readCertificate', seeds: [rootCa.certificate.der, vector('openssl/ra.der'), vector('micromdm/get-ca-cert.der')], decode: readCertificate },
  { name: 'readCaCertificates', seeds: [vector('openssl/certificates.p7b'), vector('openssl/root.der')], decode: readCaCertificates },
  { name: 'readNextCaCertificates', seeds: [writeNextCaCertificates([rootCa.certificate], rootCa, 'sha256').bytes], decode: (bytes) => readNextCaCertificates(bytes, [rootCa.certificate]) },
  { name: 'readCrl', seeds: [vector('openssl/crl.der'), issueCrl({ issuer: rootCa, thisUpdate: january, nextUpdate: nextYear, revoked: [], digest: 'sha256' })], decode: (bytes) => readCrl(bytes, rootCa.certificate) },
  { name: 'readIssuerAndSubject', seeds: [buildIssuerAndSubject(rootCa.certificate.subjectDer, requester.certificate.subjectDer)], decode: readIssuerAndSubject },
  { name: 'readIssuerAndSerial', seeds: [buildIssuerAndSerial(rootCa.certificate.subjectDer, '80ff01')], decode: readIssuerAndSerial },
  { name: 'readCapabilities', seeds: [vector('micromdm/get-ca-caps.txt')], decode: readCapabilities },
  // A changed count may cost all the rounds that a file is given; fewer are given here, to see what the rest costs.
  { name: 'readPkcs12', seeds: [vector('pkcs12/legacy-few-rounds.p12')], decode: (bytes) => readPkcs12(bytes, password, { rounds: 5000 }) },
  { name: 'readKeyMaterial behind a right MAC', seeds: [contentOf(vector('pkcs12/modern.p12')), contentOf(vector('pkcs12/legacy-few-rounds.p12'))], decode: (bytes) => readKeyMaterial(withMac(bytes), password, { rounds: 5000 }) },
  { name: 'readKeyMaterial of PEM', seeds: [vector('pkcs12/key-and-chain.pem'), vector('pkcs12/encrypted-key-and-chain.pem')], decode: (bytes) => readKeyMaterial(bytes, password, { rounds: 5000 }) },
  {
    name: 'decodeOperation',
    seeds: [Buffer.from('/cgi-bin/pkiclient.exe?operation=PKIOperation&message=MIIB%2B%2F8%3D'), Buffer.from('/?operation=GetCACaps')],
    decode: (bytes) => decodeOperation('GET', Buffer.from(bytes).toString('latin1')),
  },
]

export interface MutationReport {
  readonly runs: number
  /** Decoded without a complaint. */
  readonly accepted: number
  /** What was thrown and is not ours, and decodings that took too long: empty when all is well. */
  readonly findings: readonly string[]
  readonly slowest: number
}

/** A decoding may take this long, milliseconds; slower ones are tried again, because a busy machine is slow too. */
const patience = 100

/**
 * Feeds every decoder changed copies of good bytes for a while.
 * @param duration milliseconds
 */
export function mutate(seed: number, duration: number): MutationReport {
  const next = generator(seed)
  const findings: string[] = []
  const report = { runs: 0, accepted: 0, slowest: 0 }
  for (const end = performance.now() + duration; performance.now() < end && findings.length < 5;) {
    const decoder = decoders[next(decoders.length)]!
    const bytes = mutated(decoder.seeds[next(decoder.seeds.length)]!, next)
    const outcome = attempt(decoder, bytes)
    const took = outcome.took < patience ? outcome.took : Math.min(outcome.took, attempt(decoder, bytes).took, attempt(decoder, bytes).took)
    report.runs += 1
    report.slowest = Math.max(report.slowest, took)
    if (outcome.accepted) report.accepted += 1
    if (outcome.foreign !== undefined) findings.push(`${decoder.name} threw ${outcome.foreign} on ${Buffer.from(bytes).toString('base64')}`)
    if (took >= patience) findings.push(`${decoder.name} took ${took.toFixed(0)} ms on ${bytes.length} bytes ${Buffer.from(bytes.subarray(0, 3000)).toString('base64')}`)
  }
  return { ...report, findings }
}

function attempt(decoder: Decoder, bytes: Uint8Array): { readonly took: number; readonly accepted: boolean; readonly foreign?: string } {
  const start = performance.now()
  try {
    decoder.decode(bytes)
    return { took: performance.now() - start, accepted: true }
  } catch (error) {
    const took = performance.now() - start
    return error instanceof PlatenError ? { took, accepted: false } : { took, accepted: false, foreign: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

type Next = (below: number) => number

/** Bytes that ASN.1 readers stumble over: tags, lengths of several forms, ends of contents. */
const sharp = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x1f, 0x24, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xa0, 0xa1, 0xa3, 0xbf, 0xff]

function mutated(seed: Uint8Array, next: Next): Uint8Array {
  let bytes = Uint8Array.from(seed)
  for (let count = 1 + next(4); count > 0; count -= 1) bytes = changes[next(changes.length)]!(bytes, next)
  return bytes
}

const changes: readonly ((bytes: Uint8Array<ArrayBuffer>, next: Next) => Uint8Array<ArrayBuffer>)[] = [
  (bytes, next) => bytes.with(next(bytes.length), next(256)),
  (bytes, next) => bytes.with(next(bytes.length), sharp[next(sharp.length)]!),
  (bytes, next) => bytes.with(next(Math.min(bytes.length, 64)), sharp[next(sharp.length)]!),
  (bytes, next) => { const at = next(bytes.length); return bytes.with(at, bytes[at]! ^ (1 << next(8))) },
  (bytes, next) => bytes.slice(0, 1 + next(bytes.length)),
  (bytes, next) => { const at = next(bytes.length); return joined(bytes.slice(0, at), bytes.slice(Math.min(bytes.length, at + 1 + next(16)))) },
  (bytes, next) => { const at = next(bytes.length); return joined(bytes.slice(0, at), bytes.slice(at, at + 1 + next(64)), bytes.slice(at)) },
  (bytes, next) => { const at = next(bytes.length); return joined(bytes.slice(0, at), new Uint8Array(1 + next(2000)).fill(sharp[next(sharp.length)]!), bytes.slice(at)) },
  (_, next) => Uint8Array.from({ length: 1 + next(400) }, () => next(256)),
]

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(Buffer.concat(parts))
  return bytes.length === 0 ? Uint8Array.of(0) : bytes
}

/** mulberry32: small, and the same everywhere for one seed. */
function generator(seed: number): Next {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
