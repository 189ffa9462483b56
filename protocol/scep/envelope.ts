import type { KeyObject } from 'node:crypto'
import * as pkijs from 'pkijs'
import { PlatenError } from '../errors.js'
import type { RandomBytes } from '../random.js'
import { algorithmOf, digestIdentifier, quirkRefused, refused, rsaEncryption } from './algorithms.js'
import { integerHex, isContext, isUniversal, objectIdentifier as readIdentifier, octets, octetString as readOctets, sequence as readSequence, set, type Value } from '../ber.js'
import { asCertificate, sameBytes, type Certificate, type CertificateSource, type Signer } from './certificate.js'
import { cipherOf, ciphers, decrypt, encrypt, type CipherName } from './content-encryption.js'
import { context, contextPrimitive, integer, nothing, objectIdentifier, octetString, sequence, setOf } from '../der.js'
import { unwrapKey, wrapKey, type KeyTransport } from './key-transport.js'
import { malformed, reading } from '../malformed.js'
import { contentTypes } from './names.js'
import { contentInfo, issuerAndSerial, readCertificateId, type CertificateId } from './signed-data.js'

/** RFC 8017 sections A.2.1 and A.2.2. */
const oaep = '1.2.840.113549.1.1.7'
const maskGeneration = '1.2.840.113549.1.1.8'
const hashes = { oaep: '1.3.14.3.2.26', 'oaep-sha256': '2.16.840.1.101.3.4.2.1' } as const

export interface EnvelopeOptions {
  readonly recipient: CertificateSource
  readonly cipher: CipherName
  readonly keyTransport: KeyTransport
  readonly random: RandomBytes
}

/** Encrypts for one recipient: EnvelopedData with key transport (RFC 5652 section 6). @returns DER */
export function buildEnvelope(content: Uint8Array, options: EnvelopeOptions): Uint8Array {
  const { identifier, keyLength, blockLength } = ciphers[options.cipher]
  const recipient = asCertificate(options.recipient)
  const key = options.random(keyLength)
  const iv = options.random(blockLength)
  return sequence(objectIdentifier(contentTypes.envelopedData), context(0, sequence(
    integer(0),
    setOf([sequence(integer(0), issuerAndSerial(recipient), transportIdentifier(options.keyTransport), octetString(wrapKey(options.keyTransport, recipient.publicKey, key)))]),
    sequence(
      objectIdentifier(contentTypes.data),
      sequence(objectIdentifier(identifier), octetString(iv)),
      contextPrimitive(0, encrypt(options.cipher, key, iv, content)),
    ),
  )))
}

export interface OpeningRules {
  /** What the content may be encrypted with; single DES is read only under the quirk `des-reply`. */
  readonly ciphers: ReadonlySet<CipherName>
  readonly random: RandomBytes
}

export interface Opened {
  readonly content: Uint8Array
  readonly cipher: CipherName
  readonly keyTransport: KeyTransport
}

/**
 * Decrypts an envelope. Whatever is wrong with the encrypted key, the padding or the content: one and the same error.
 * @throws bad-response when it is no envelope for a key like ours; algorithm-refused or quirk-refused
 *   (facts.quirk `des-reply`) for its cipher, decided before the private key is touched; undecryptable
 */
export function openEnvelopeBytes(bytes: Uint8Array, holder: Signer, rules: OpeningRules): Opened {
  const envelope = reading('An envelope', () => readEnvelope(bytes))
  const cipher = allowedCipher(envelope.cipher, rules.ciphers)
  const recipient = choose(envelope.recipients, asCertificate(holder.certificate))
  const content = decryptWith(envelope, recipient, cipher, holder.privateKey, rules.random)
  if (content === undefined || !isOneSequence(content)) {
    throw new PlatenError('undecryptable', 'The encrypted content of the message cannot be decrypted with our key.', {
      fix: 'The server may have used another certificate of ours or an algorithm it does not master; try again, then look at its log.',
    })
  }
  return { content, cipher, keyTransport: recipient.transport }
}

interface Recipient {
  readonly id: CertificateId
  readonly transport: KeyTransport
  readonly encryptedKey: Uint8Array
}

interface Envelope {
  readonly recipients: readonly Recipient[]
  readonly cipher: string
  readonly iv: Uint8Array
  readonly encrypted: Uint8Array
}

function decryptWith(envelope: Envelope, recipient: Recipient, cipher: CipherName, privateKey: KeyObject, random: RandomBytes): Uint8Array | undefined {
  const { keyLength } = ciphers[cipher]
  const key = unwrapKey(recipient.transport, privateKey, recipient.encryptedKey, keyLength, random(keyLength))
  return decrypt(cipher, key, envelope.iv, envelope.encrypted)
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const what = 'An envelope'
  const fields = readSequence(contentInfo(bytes, contentTypes.envelopedData, what), what).slice(1)
  const [recipients, encryptedContent] = isContext(fields[0], 0) ? fields.slice(1) : fields
  const [, algorithm, encrypted] = readSequence(encryptedContent, what)
  const [, iv] = readSequence(algorithm, what)
  if (!isContext(encrypted, 0)) throw malformed('An envelope has no encrypted content.')
  return {
    // Key agreement, passwords and the like have tags of their own; our keys are RSA.
    recipients: set(recipients, what).filter((value) => isUniversal(value, 'sequence')).map(readRecipient),
    cipher: algorithmOf(algorithm, what),
    iv: isUniversal(iv, 'octetString') ? readOctets(iv, what) : new Uint8Array(),
    encrypted: octets(encrypted, what),
  }
}

function readRecipient(value: Value): Recipient {
  const what = 'A recipient of an envelope'
  const [version, id, algorithm, encryptedKey] = readSequence(value, what)
  integerHex(version, what)
  return { id: readCertificateId(id, what), transport: readTransport(algorithm, what), encryptedKey: readOctets(encryptedKey, what) }
}

function readTransport(value: Value | undefined, what: string): KeyTransport {
  const [identifier, parameters] = readSequence(value, what)
  const algorithm = readIdentifier(identifier, what)
  if (algorithm === rsaEncryption) return 'pkcs1'
  if (algorithm !== oaep) throw refused(`The key transport ${algorithm} is not one we know.`, algorithm)
  if ((parameters?.raw.length ?? 0) > 256) throw malformed(`${what} has parameters that are too long.`)
  const { hashAlgorithm, maskGenAlgorithm } = isUniversal(parameters, 'sequence') ? pkijs.RSAESOAEPParams.fromBER(Uint8Array.from(parameters.raw)) : new pkijs.RSAESOAEPParams()
  const hash = hashAlgorithm.algorithmId
  const mask: unknown = maskGenAlgorithm.algorithmParams
  const maskHash = mask === undefined ? hashes.oaep : new pkijs.AlgorithmIdentifier({ schema: mask }).algorithmId
  if (hash === hashes.oaep && maskHash === hash) return 'oaep'
  if (hash === hashes['oaep-sha256'] && maskHash === hash) return 'oaep-sha256'
  throw refused(`OAEP with the hash ${hash} and the mask hash ${maskHash} is not one we know.`, hash)
}

function transportIdentifier(transport: KeyTransport): Uint8Array {
  if (transport === 'pkcs1') return sequence(objectIdentifier(rsaEncryption), nothing)
  // SHA-1 is the default of both parameters, and DER leaves defaults out.
  if (transport === 'oaep') return sequence(objectIdentifier(oaep), sequence())
  const hash = digestIdentifier('sha256')
  return sequence(objectIdentifier(oaep), sequence(context(0, hash), context(1, sequence(objectIdentifier(maskGeneration), hash))))
}

function allowedCipher(identifier: string, allowed: ReadonlySet<CipherName>): CipherName {
  const cipher = cipherOf(identifier)
  if (cipher !== undefined && allowed.has(cipher)) return cipher
  if (cipher === 'des-cbc') throw quirkRefused('des-reply', 'The content is encrypted with single DES, which is broken')
  throw refused(`The content is encrypted with ${cipher ?? identifier}, which is not allowed here.`, cipher ?? identifier)
}

/** Ours by issuer and serial or by key identifier; a single recipient counts as ours whatever it is called. */
function choose(recipients: readonly Recipient[], certificate: Certificate): Recipient {
  const named = recipients.find(({ id }) => (id.keyIdentifier === undefined
    ? id.serial === certificate.serial && sameBytes(id.issuerDer ?? new Uint8Array(), certificate.issuerDer)
    : sameBytes(id.keyIdentifier, certificate.keyIdentifier ?? new Uint8Array())))
  const chosen = named ?? (recipients.length === 1 ? recipients[0] : undefined)
  if (chosen === undefined) throw malformed('An envelope is for other recipients than us.')
  return chosen
}

/**
 * Every content of SCEP is one SEQUENCE. Looking at its head and length here makes a wrong content key, whose padding
 * is right by chance once in 256 times, end in the same error as all others.
 */
function isOneSequence(content: Uint8Array): boolean {
  if (content[0] !== 0x30) return false
  const first = content[1] ?? 0
  if (first === 0x80) return content.length > 4 && content[content.length - 1] === 0 && content[content.length - 2] === 0
  if (first < 0x80) return content.length === 2 + first
  const count = first & 0x7f
  return count <= 4 && content.length === 2 + count + content.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
}
