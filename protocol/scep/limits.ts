/** C-19: what an answer may cost before anything in it is believed. */
export const limits = {
  /** Bytes of one message or certificate set. */
  messageBytes: 1024 * 1024,
  /** Certificates in one set. */
  certificates: 32,
  /** Nesting of ASN.1 values; a certificate needs about 9, a message with one about 14. */
  depth: 24,
  /** ASN.1 values in one message: 32 certificates of 100 values, and some. Keeps the worst parse well under 100 ms. */
  values: 4000,
  /** Signed attributes of one signer. */
  attributes: 32,
  /** Certificates in one path, and signatures checked while looking for it. */
  pathLength: 8,
  pathSignatures: 64,
} as const
