/** What a CA says it can do (section 3.5.2). */
export interface Capabilities {
  readonly aes: boolean
  readonly des3: boolean
  readonly getNextCaCert: boolean
  readonly post: boolean
  readonly renewal: boolean
  readonly sha1: boolean
  readonly sha256: boolean
  readonly sha512: boolean
  readonly standard: boolean
}

const words: Readonly<Record<keyof Capabilities, string>> = {
  aes: 'AES', des3: 'DES3', getNextCaCert: 'GetNextCACert', post: 'POSTPKIOperation', renewal: 'Renewal',
  sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512', standard: 'SCEPStandard',
}
const names = Object.keys(words) as readonly (keyof Capabilities)[]

/** Bytes of an answer that are looked at; the standard's words need about 90. */
const sizeLimit = 4096

/**
 * C-3: whole words in any case, one a line; CRLF and LF; everything else is ignored, HTML pages included. An empty
 * answer, and an HTTP error (for which the caller gives nothing), mean that nothing is stated.
 */
export function readCapabilities(body: Uint8Array = new Uint8Array()): Capabilities {
  const lines = Buffer.from(body.subarray(0, sizeLimit)).toString('latin1').split(/\r?\n/)
  const stated = new Set(lines.map((line) => line.trim().toLowerCase()))
  const found = (name: keyof Capabilities): boolean => stated.has(words[name].toLowerCase())
  const standard = found('standard')
  const all = Object.fromEntries(names.map((name) => [name, found(name)])) as Record<keyof Capabilities, boolean>
  return { ...all, aes: all.aes || standard, post: all.post || standard, sha256: all.sha256 || standard }
}

/** The text of an answer, CRLF after each word. */
export function writeCapabilities(capabilities: Partial<Capabilities>): Uint8Array {
  return Buffer.from(names.filter((name) => capabilities[name] === true).map((name) => `${words[name]}\r\n`).join(''), 'latin1')
}
