/** C-19: what an answer may cost before anything in it is believed. */
export const limits = {
  /** Bytes of one message or certificate set. */
  messageBytes: 1024 * 1024,
  /** Certificates in one set. */
  certificates: 32,
  /** Nesting of ASN.1 values in the indefinite form; a message with a certificate needs about 14. */
  depth: 24,
  /** ASN.1 values in one long list: entries of a CRL, pieces of a string. */
  values: 20_000,
  /** One ASN.1 string of characters. */
  textBytes: 8192,
  /** Signed attributes of one signer. */
  attributes: 32,
  /** One SubjectPublicKeyInfo: RSA of 8192 bits and its frame. */
  publicKeyBytes: 1100,
  /** Certificates in one path, and signatures checked while looking for it. */
  pathLength: 8,
  pathSignatures: 64,
} as const
