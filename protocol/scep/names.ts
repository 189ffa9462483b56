/** Object identifiers and the small numbers of SCEP, each with its section of RFC 8894 unless another is named. */

/** Section 3.2.1.2. Messages of other types are errors. */
export const messageTypes = { CertRep: '3', RenewalReq: '17', PKCSReq: '19', CertPoll: '20', GetCert: '21', GetCRL: '22' } as const
export type MessageType = keyof typeof messageTypes
export type RequestType = Exclude<MessageType, 'CertRep'>

/** Section 3.2.1.3. */
export const pkiStatuses = { SUCCESS: '0', FAILURE: '2', PENDING: '3' } as const
export type PkiStatus = keyof typeof pkiStatuses

/** Section 3.2.1.4. */
export const failInfos = { badAlg: '0', badMessageCheck: '1', badRequest: '2', badTime: '3', badCertId: '4' } as const
export type FailInfo = keyof typeof failInfos

/** Section 3.2.1, table 2; the last two are what NDES adds to a FAILURE. */
export const attributes = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
  failInfoText: '1.3.6.1.5.5.7.24.1',
  ndesCode: '1.3.6.1.4.1.311.21.33',
  ndesText: '1.3.6.1.4.1.311.21.38',
  /** RFC 5652 section 11. */
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  /** RFC 2985 section 5.4. */
  challengePassword: '1.2.840.113549.1.9.7',
  extensionRequest: '1.2.840.113549.1.9.14',
} as const

/** RFC 5652 section 4, 5, 6. */
export const contentTypes = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
} as const

/** RFC 5280 section 4.2. */
export const extensions = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  cRLNumber: '2.5.29.20',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const

/** Section 4: what each HTTP body is called. */
export const mediaTypes = {
  message: 'application/x-pki-message',
  caCertificate: 'application/x-x509-ca-cert',
  caChain: 'application/x-x509-ca-ra-cert',
  nextCa: 'application/x-x509-next-ca-cert',
  capabilities: 'text/plain',
} as const

/** The key of a table that has this value, or undefined. */
export function nameOf<Names extends Readonly<Record<string, string>>>(table: Names, value: string): Extract<keyof Names, string> | undefined {
  const keys = Object.keys(table) as Extract<keyof Names, string>[]
  return keys.find((key) => table[key] === value)
}
