/** A certificate as PEM text (RFC 7468). */
export function certificatePem(der: Uint8Array): string {
  return pemText('CERTIFICATE', der)
}

/** A list of revoked certificates as PEM text. */
export function crlPem(der: Uint8Array): string {
  return pemText('X509 CRL', der)
}

/** All lists of revoked certificates of a PEM text, DER. */
export function crlsOfPem(pem: string): readonly Uint8Array[] {
  return pemBlocks(pem).flatMap(({ label, der }) => (label === 'X509 CRL' && der !== undefined ? [der] : []))
}

/** Base64 in lines of 64 characters, and never an empty one, which OpenSSL refuses. */
export function base64Lines(bytes: Uint8Array): readonly string[] {
  return Buffer.from(bytes).toString('base64').match(/.{1,64}/gu) ?? []
}

function pemText(label: string, der: Uint8Array): string {
  return [`-----BEGIN ${label}-----`, ...base64Lines(der), `-----END ${label}-----`, ''].join('\n')
}

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` … */
  readonly label: string
  /** Undefined when the text between the marks is not base64, as with the headers of old encrypted keys. */
  readonly der: Uint8Array<ArrayBuffer> | undefined
}

/** All blocks of a PEM text, in their order; what stands between them is passed over. */
export function pemBlocks(text: string): readonly PemBlock[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/gu)].map(([, label = '', body = '']) => ({ label, der: base64Bytes(body) }))
}

/** Bytes of base64 with any white space in it. @returns undefined when it is none, or nothing */
export function base64Bytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  const written = text.replace(/\s+/gu, '')
  return written !== '' && written.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/u.test(written) ? Uint8Array.from(Buffer.from(written, 'base64')) : undefined
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
