import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import { issueCertificate, type KeyUsageBit, type Signer } from '../../protocol/scep/index.js'
import { days, minutes, type Clock } from '../../protocol/time.js'
import type { Files, KeyMaker } from '../platform/index.js'
import { newSerial } from './serial.js'

/** `none`: the CA signs and decrypts messages itself. `one`: one RA certificate does. `two`: one to sign, one to decrypt. */
export type RaForm = 'none' | 'one' | 'two'

export interface AuthorityShape {
  /** Common name of the CA; the RAs add a word to it. */
  readonly name: string
  readonly bits: 2048 | 3072 | 4096
  readonly ra: RaForm
}

/** Who an authority is: with no RA all three are the same. */
export interface AuthorityKeys {
  readonly ca: DerSigner
  /** Signs replies. */
  readonly signing: DerSigner
  /** Decrypts requests. */
  readonly encryption: DerSigner
}

export interface DerSigner extends Signer {
  readonly certificate: Uint8Array
}

export interface AuthorityTools {
  readonly clock: Clock
  readonly random: RandomBytes
  readonly keys: KeyMaker
}

const lifetime = days(3650)

export async function makeAuthorityKeys({ name, bits, ra }: AuthorityShape, { clock, random, keys }: AuthorityTools): Promise<AuthorityKeys> {
  const validity = { notBefore: clock.wall() - minutes(5), notAfter: clock.wall() + lifetime, digest: 'sha256' as const }
  const caKey = await keys.rsa(bits)
  const ca = {
    privateKey: caKey,
    certificate: issueCertificate({
      ...validity, subject: { commonName: name }, privateKey: caKey, serial: newSerial(random), isCa: true,
      keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign', 'cRLSign'],
    }),
  }
  const registration = async (suffix: string, keyUsage: readonly KeyUsageBit[]): Promise<DerSigner> => {
    const privateKey = await keys.rsa(bits)
    const certificate = issueCertificate({
      ...validity, subject: { commonName: `${name} ${suffix}` }, publicKey: createPublicKey(privateKey), issuer: ca, serial: newSerial(random), isCa: false, keyUsage,
    })
    return { privateKey, certificate }
  }
  switch (ra) {
    case 'none': return { ca, signing: ca, encryption: ca }
    case 'one': {
      const both = await registration('RA', ['digitalSignature', 'keyEncipherment'])
      return { ca, signing: both, encryption: both }
    }
    case 'two': return { ca, signing: await registration('RA signing', ['digitalSignature']), encryption: await registration('RA encryption', ['keyEncipherment']) }
  }
}

/** Each certificate is one PEM file with its key; the certificate is public, but the file is not. */
const fileOf = { ca: 'ca.pem', signing: 'ra-signing.pem', encryption: 'ra-encryption.pem' } as const

/**
 * The authority kept in a directory, or a new one that is kept there from now on. What is kept wins over `shape`.
 * @throws store-damaged when the files there are no authority
 */
export async function keepAuthorityKeys(directory: string, shape: AuthorityShape, tools: AuthorityTools & { readonly files: Files }): Promise<AuthorityKeys> {
  const { files } = tools
  const kept = async (role: keyof typeof fileOf): Promise<DerSigner | undefined> => {
    const path = `${directory}/${fileOf[role]}`
    const bytes = await files.read(path)
    return bytes === undefined ? undefined : readSigner(path, Buffer.from(bytes).toString('utf8'))
  }
  const ca = await kept('ca')
  if (ca !== undefined) {
    const signing = await kept('signing') ?? ca
    return { ca, signing, encryption: await kept('encryption') ?? signing }
  }
  const made = await makeAuthorityKeys(shape, tools)
  await files.makeDirectory(directory)
  // The CA last: a directory without it is no authority yet, and is made anew.
  if (made.encryption !== made.signing) await files.write(`${directory}/${fileOf.encryption}`, writeSigner(made.encryption))
  if (made.signing !== made.ca) await files.write(`${directory}/${fileOf.signing}`, writeSigner(made.signing))
  await files.write(`${directory}/${fileOf.ca}`, writeSigner(made.ca))
  return made
}

function writeSigner({ certificate, privateKey }: DerSigner): string {
  return `${new X509Certificate(certificate).toString()}${privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`
}

function readSigner(path: string, pem: string): DerSigner {
  const attempt = (): { certificate: X509Certificate; privateKey: KeyObject } => ({ certificate: new X509Certificate(pem), privateKey: createPrivateKey(pem.slice(pem.indexOf('-----BEGIN PRIVATE KEY'))) })
  const damaged = (cause?: unknown): PlatenError => new PlatenError('store-damaged', `${path} does not hold a certificate and its private key in PEM`, {
    facts: { path }, fix: 'Restore the directory, or give an empty one for a new CA.', cause,
  })
  try {
    const { certificate, privateKey } = attempt()
    if (!certificate.checkPrivateKey(privateKey)) throw damaged()
    return { certificate: new Uint8Array(certificate.raw), privateKey }
  } catch (error) {
    throw error instanceof PlatenError ? error : damaged(error)
  }
}
