import { createPublicKey, type KeyObject } from 'node:crypto'
import { issueCertificate, type Certificate, type Signer } from '../../protocol/scep/index.js'
import { days } from '../../protocol/time.js'
import type { AuthorityTools } from './authority-keys.js'
import { newSerial } from './serial.js'

/** Keys and certificates that no one should trust, for faults. */
export interface Strangers {
  /** A key of its own, with a self-signed certificate under another name. */
  stranger(): Promise<{ readonly publicKey: KeyObject; readonly signer: Signer }>
  /** Names and serial number as in the certificate that signs replies, but another key. */
  lookAlike(): Promise<Signer>
}

/** One key for all of them, made when the first is wanted. @param model who signs replies */
export function makeStrangers(model: Certificate, { clock, random, keys }: AuthorityTools): Strangers {
  let key: Promise<KeyObject> | undefined
  const once = (): Promise<KeyObject> => (key ??= keys.rsa(2048))
  return {
    async stranger() {
      const privateKey = await once()
      const now = clock.wall()
      const certificate = issueCertificate({
        subject: { commonName: 'Stranger' }, privateKey, serial: newSerial(random), notBefore: now - days(1), notAfter: now + days(365),
        isCa: true, keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign'], digest: 'sha256',
      })
      return { publicKey: createPublicKey(privateKey), signer: { certificate, privateKey } }
    },
    async lookAlike() {
      const privateKey = await once()
      const { subjectDer, issuerDer, serial, notBefore, notAfter, isCa, keyUsage } = model
      const common = { notBefore, notAfter, digest: 'sha256' as const }
      const issuer = { privateKey, certificate: issueCertificate({ ...common, subject: issuerDer, serial: newSerial(random), privateKey, isCa: true }) }
      const certificate = issueCertificate({ ...common, subject: subjectDer, serial, publicKey: createPublicKey(privateKey), issuer, isCa, keyUsage: [...keyUsage ?? []] })
      return { certificate, privateKey }
    },
  }
}
