/** What the key store tells others about its content. No private key is in any of it. */
import type { ErrorFacts } from '../../protocol/errors.js'
import type { KeyUse } from '../../protocol/key-use.js'

/** 16 hex digits, drawn at random for each generation; never used twice. */
export type KeyId = string & { readonly __unit: 'key' }

/** Data of the model profile. The default key counts as one of `maxKeys`. */
export interface StoreLimits {
  readonly maxKeys: number
  readonly maxCaCertificates: number
}

/** The default profile. */
export const defaultLimits: StoreLimits = { maxKeys: 8, maxCaCertificates: 16 }

export interface KeyEntry {
  readonly id: KeyId
  readonly name: string
  /** `issued`: made here and certified by a CA; `imported`: both came in a file. */
  readonly kind: 'default' | 'issued' | 'imported'
  /** `pending`: the key is there and waits for its certificate. */
  readonly state: 'pending' | 'ready'
  /** Size of the RSA modulus. */
  readonly bits: number
  /** DER, leaf first; empty while pending. */
  readonly chain: readonly Uint8Array[]
  /** Every use this key has now, exactly. */
  readonly uses: readonly KeyUse[]
  readonly transactionId?: string
  /** The key whose place this one takes: set while the exchange is half done. */
  readonly exchangeFor?: KeyId
}

export interface CaCertificate {
  readonly name: string
  readonly der: Uint8Array
  /** Its list of revoked certificates, DER, where one was registered. */
  readonly crl?: Uint8Array
}

/** A slot taken for a key that is still to be generated. It lives in memory: a restart gives the slot back. */
export interface Reservation {
  readonly id: KeyId
  readonly name: string
  readonly exchangeFor?: KeyId
  /** The name of the key exchanged, which this one gets in the commit that drops that one. */
  readonly takesName?: string
}

/** Something that was found damaged at start, and what became of it. The store works on without it. */
export interface StoreProblem {
  readonly message: string
  readonly facts: ErrorFacts
}
