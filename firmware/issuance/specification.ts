import type { KeyUse } from '../../protocol/key-use.js'

export const keyLengths = [2048, 3072, 4096] as const
export const requestDigests = ['sha1', 'sha256', 'sha384', 'sha512'] as const

/** Certificate Issuance Request (device.md section 3), without the challenge, which is stored nowhere. */
export interface RequestSpecification {
  /** 1 to 64 characters, unique in the store. */
  readonly keyName: string
  /** Signature algorithm of the CSR; `sha1` under the policy `legacy` alone. */
  readonly digest: (typeof requestDigests)[number]
  /** Bits of the RSA modulus. */
  readonly keyLength: (typeof keyLengths)[number]
  readonly organization?: string
  /** An IP address or an FQDN; also put in as iPAddress or dNSName without asking. */
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  /** What the key is for; absent: kept without a use. */
  readonly use?: KeyUse
}
