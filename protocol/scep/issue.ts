import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { rsaSignatureIdentifier, type DigestName } from './algorithms.js'
import { asCertificate, type Certificate, type Signer } from './certificate.js'
import { bitString, context, contextPrimitive, integer, octetString, sequence, time } from '../der.js'
import { nameDer, type SubjectFields } from './distinguished-name.js'
import { extension, extensionList, type ExtensionFields } from './extensions.js'

export interface CertificateFields extends ExtensionFields {
  /** Fields, or a Name in DER as a request gave it. */
  readonly subject: SubjectFields | Uint8Array
  /** Positive, in hex. RFC 5280 section 4.1.2.2: unique per issuer, at most 20 bytes. */
  readonly serial: string
  /** Milliseconds since 1970; whole seconds are kept. */
  readonly notBefore: number
  readonly notAfter: number
  readonly digest: DigestName
}

/** Who signs: another certificate's key, or the certified key itself. */
export type Issuing =
  | { readonly publicKey: KeyObject; readonly issuer: Signer }
  | { readonly privateKey: KeyObject; readonly issuer?: never }

/** Makes an X.509 v3 certificate: by an authority, or self-signed when only a private key is given. @returns DER */
export function issueCertificate(fields: CertificateFields & Issuing): Uint8Array {
  const subject = fields.subject instanceof Uint8Array ? fields.subject : nameDer(fields.subject)
  const issuer = fields.issuer === undefined ? undefined : asCertificate(fields.issuer.certificate)
  const signingKey = fields.issuer === undefined ? fields.privateKey : fields.issuer.privateKey
  const publicKey = fields.issuer === undefined ? createPublicKey(fields.privateKey) : fields.publicKey
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const algorithm = rsaSignatureIdentifier(fields.digest)
  const body = sequence(
    context(0, integer(2)),
    integer(fields.serial),
    algorithm,
    issuer?.subjectDer ?? subject,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    subject,
    spki,
    context(3, sequence(
      ...extensionList(fields),
      extension('subjectKeyIdentifier', false, octetString(keyIdentifier(spki))),
      ...authorityKeyIdentifier(issuer),
    )),
  )
  return sequence(body, algorithm, bitString(sign(fields.digest, body, signingKey)))
}

/** RFC 5280 section 4.2.1.1: what the issuer calls its own key, so nothing when it has no name for it. */
export function authorityKeyIdentifier(issuer: Certificate | undefined): readonly Uint8Array[] {
  if (issuer?.keyIdentifier === undefined) return []
  return [extension('authorityKeyIdentifier', false, sequence(contextPrimitive(0, issuer.keyIdentifier)))]
}

/** RFC 5280 section 4.2.1.2: any unique value will do; ours is the SHA-1 of the whole SubjectPublicKeyInfo. */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  return createHash('sha1').update(spki).digest()
}
