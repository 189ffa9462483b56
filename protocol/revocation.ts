/**
 * How a peer must prove that its certificate is not revoked: not at all; by the OCSP response that it staples, if it
 * staples one (RFC 6066 section 8); always by one.
 */
export const revocationChecks = ['off', 'if-stapled', 'required'] as const

export type RevocationCheck = (typeof revocationChecks)[number]
