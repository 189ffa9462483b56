import { berLimits } from '../ber.js'

/** C-19: what an answer may cost before anything in it is believed. */
export const limits = {
  /** Bytes of one message or certificate set. */
  messageBytes: berLimits.bytes,
  /** Certificates in one set. */
  certificates: 32,
  /** Signed attributes of one signer. */
  attributes: 32,
  /** One SubjectPublicKeyInfo: RSA of 8192 bits and its frame. */
  publicKeyBytes: 1100,
  /** Certificates in one path, and signatures checked while looking for it. */
  pathLength: 8,
  pathSignatures: 64,
} as const
