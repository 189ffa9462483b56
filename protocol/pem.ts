/** A certificate as PEM text (RFC 7468): lines of 64 characters, and never an empty one, which OpenSSL refuses. */
export function certificatePem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/gu) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/** The first certificate of a PEM text, DER; undefined when there is none. */
export function certificateOfPem(pem: string): Uint8Array<ArrayBuffer> | undefined {
  const body = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/u.exec(pem)?.[1]
  return body === undefined ? undefined : new Uint8Array(Buffer.from(body, 'base64'))
}

/** All certificates of a PEM text, DER. */
export function certificatesOfPem(pem: string): readonly Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? []
  return blocks.flatMap((block) => certificateOfPem(block) ?? [])
}
