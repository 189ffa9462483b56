/** A private key with its certificates, out of whatever file an administrator has: PKCS#12, or PEM blocks. */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { parse } from '../ber.js'
import { PlatenError } from '../errors.js'
import { base64Bytes, pemBlocks, type PemBlock } from '../pem.js'
import { isSelfSigned, isSignedBy, limits, readCertificate, sameBytes, type Certificate } from '../scep/index.js'
import { passwordOf } from './derivation.js'
import { Effort, keyFileLimits, unreadable, wrongPassword } from './limits.js'
import { decryptPrivateKey, readPkcs12, type ReadingRules } from './read.js'

export interface KeyMaterial {
  readonly privateKey: KeyObject
  /** Leaf first, then its issuers as far as the file has them; without a self-signed one at the end. */
  readonly chain: readonly Certificate[]
  /** Certificates in the file that are none of these. */
  readonly leftOut: number
}

interface Found {
  readonly privateKey: KeyObject
  readonly certificates: readonly Uint8Array[]
}

/**
 * Reads one key with its chain.
 * @param data PKCS#12 as bytes or base64; or PEM with a private key (PKCS#8, encrypted PKCS#8, PKCS#1) and certificates
 * @param password empty when the file has none
 * @throws wrong-password; invalid-value (facts.field `data`); certificate-not-for-our-key
 */
export function readKeyMaterial(data: string | Uint8Array, password: string, rules: ReadingRules = {}): KeyMaterial {
  try {
    const { privateKey, certificates } = found(data, password, rules)
    return { privateKey, ...chainFor(privateKey, certificates.map(readCertificate)) }
  } catch (error) {
    // The readers below blame a server; here it is the file.
    if (error instanceof PlatenError && error.code === 'bad-response') throw unreadable(`it cannot be read: ${error.message}`, 'Give a PKCS#12 file in base64, or PEM blocks.')
    throw error
  }
}

/** PEM when it looks like it; else the bytes of a binary file, in base64 or as they are. @throws invalid-value */
export function pemOrBytes(data: string | Uint8Array): { readonly blocks: readonly PemBlock[] } | { readonly bytes: Uint8Array } {
  const text = typeof data === 'string' ? data : Buffer.from(data.subarray(0, keyFileLimits.bytes * 2)).toString('latin1')
  if (text.includes('-----BEGIN')) {
    const blocks = pemBlocks(text)
    if (/^Proc-Type:/mu.test(text)) throw unreadable('its private key is encrypted the old way of OpenSSL', 'Turn the key into PKCS#8: openssl pkcs8 -topk8.')
    if (blocks.length !== text.split('-----BEGIN').length - 1) throw unreadable('a PEM block is not complete', 'Give whole blocks, from the BEGIN line to the END line.')
    return { blocks }
  }
  const bytes = typeof data === 'string' ? base64Bytes(data) : data
  if (bytes === undefined || bytes.length === 0) throw unreadable('it is neither PEM nor base64', 'Give PEM blocks, or the file in base64 (openssl base64 -in file.p12).')
  return { bytes }
}

function found(data: string | Uint8Array, password: string, rules: ReadingRules): Found {
  const given = pemOrBytes(data)
  if ('blocks' in given) return foundInPem(given.blocks, password, rules)
  const { privateKeys, certificates } = readPkcs12(given.bytes, password, rules)
  return { privateKey: onlyKey(privateKeys.map(({ der }) => () => keyOf(der, 'pkcs8'))), certificates: certificates.map(({ der }) => der) }
}

function foundInPem(blocks: readonly PemBlock[], password: string, { rounds }: ReadingRules): Found {
  const keys: (() => KeyObject)[] = []
  const certificates: Uint8Array[] = []
  for (const { label, der } of blocks) {
    if (der === undefined) throw unreadable(`the block ${label} is not base64`, 'Give the block as it is in the file.')
    if (label === 'CERTIFICATE') certificates.push(der)
    else if (label === 'PRIVATE KEY') keys.push(() => keyOf(der, 'pkcs8'))
    else if (label === 'RSA PRIVATE KEY') keys.push(() => keyOf(der, 'pkcs1'))
    else if (label === 'EC PRIVATE KEY') keys.push(() => keyOf(der, 'sec1'))
    else if (label === 'ENCRYPTED PRIVATE KEY') keys.push(() => encryptedKeyOf(der, password, rounds))
    else throw unreadable(`the block ${label} is nothing that belongs to a key`, 'Give one private key and its certificates.')
  }
  return { privateKey: onlyKey(keys), certificates }
}

function onlyKey(keys: readonly (() => KeyObject)[]): KeyObject {
  const [key, ...others] = keys
  if (key === undefined) throw unreadable('there is no private key in it', 'Export the key together with its certificate; ca import is for certificates alone.')
  if (others.length > 0) throw unreadable(`there are ${keys.length} private keys in it`, 'Export one key at a time.')
  return key()
}

function keyOf(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  if (der.length > keyFileLimits.privateKeyBytes) throw unreadable('the private key is larger than 8192 bits', 'Import a key of 2048 to 8192 bits.')
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type })
  } catch {
    // The cause is left out: it could carry bytes of the key.
    throw unreadable('the private key cannot be read', 'Export the key again, as PKCS#12 or PKCS#8.')
  }
}

function encryptedKeyOf(der: Uint8Array, password: string, rounds: number | undefined): KeyObject {
  if (der.length > keyFileLimits.privateKeyBytes + 512) throw unreadable('the private key is larger than 8192 bits', 'Import a key of 2048 to 8192 bits.')
  const clear = decryptPrivateKey(parse(der, 'the encrypted private key'), passwordOf(password), new Effort(rounds))
  // Its padding is the only sign of a wrong password: one in 256 gets through it, to what is no key.
  try {
    return createPrivateKey({ key: Buffer.from(clear), format: 'der', type: 'pkcs8' })
  } catch {
    throw wrongPassword()
  }
}

function chainFor(privateKey: KeyObject, certificates: readonly Certificate[]): Pick<KeyMaterial, 'chain' | 'leftOut'> {
  if (certificates.length === 0) throw unreadable('there is no certificate in it', 'Export the key together with its certificate and the intermediates.')
  if (certificates.length > keyFileLimits.certificates) throw unreadable(`there are more than ${keyFileLimits.certificates} certificates in it`, 'Export the key with its own chain alone.')
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const leaf = certificates.find((certificate) => sameBytes(certificate.spki, spki))
  if (leaf === undefined || !belongs(privateKey, leaf)) {
    throw new PlatenError('certificate-not-for-our-key', `data: none of the ${certificates.length} certificates belongs to the private key`, {
      facts: { field: 'data', certificates: certificates.length },
      fix: 'Export the key together with the certificate that was issued for it.',
    })
  }
  const path = [leaf]
  for (let last = leaf; path.length < limits.pathLength;) {
    const issuer = certificates.find((other) => !path.includes(other) && sameBytes(other.subjectDer, last.issuerDer) && isSignedBy(last, other.publicKey))
    if (issuer === undefined) break
    path.push(issuer)
    last = issuer
  }
  return { chain: path.filter((certificate) => certificate === leaf || !isSelfSigned(certificate)), leftOut: new Set(certificates.map(({ fingerprint }) => fingerprint)).size - path.length }
}

/** A private key carries its public half beside it; only a signature tells that the two fit. */
function belongs(privateKey: KeyObject, certificate: Certificate): boolean {
  const content = Buffer.from('platen')
  try {
    return verify('sha256', content, certificate.publicKey, sign('sha256', content, privateKey))
  } catch {
    return false
  }
}
