import { createPublicKey } from 'node:crypto'
import { issueCertificate } from '../../protocol/scep/index.js'
import { days, minutes } from '../../protocol/time.js'
import type { AuthorityTools, DerSigner } from './authority-keys.js'
import { newSerial } from './serial.js'

/** Further CAs that belong to an authority; each has a key of its own, made when it is wanted first. */
export interface Relatives {
  /** Below the CA, and in no answer to GetCACert. */
  intermediate(): Promise<DerSigner>
  /** The CA that is to follow: self-signed (RFC 8894 section 4.7). */
  next(): Promise<DerSigner>
}

export function makeRelatives(ca: DerSigner, name: string, { clock, random, keys }: AuthorityTools): Relatives {
  const common = () => ({
    serial: newSerial(random), notBefore: clock.wall() - minutes(5), notAfter: clock.wall() + days(3650), digest: 'sha256' as const, isCa: true,
    keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign', 'cRLSign'] as const,
  })
  let intermediate: Promise<DerSigner> | undefined
  let next: Promise<DerSigner> | undefined
  return {
    intermediate: () => (intermediate ??= keys.rsa(2048).then((privateKey) => ({
      privateKey, certificate: issueCertificate({ ...common(), subject: { commonName: `${name} below` }, publicKey: createPublicKey(privateKey), issuer: ca }),
    }))),
    next: () => (next ??= keys.rsa(2048).then((privateKey) => ({
      privateKey, certificate: issueCertificate({ ...common(), subject: { commonName: `${name} next` }, privateKey }),
    }))),
  }
}
