import type { KeyObject } from 'node:crypto'
import type { RandomBytes } from '../../protocol/random.js'
import { isSignedBy, isValidAt, issueCertificate, issueCrl, readCertificate, writeNextCaCertificates, type Body, type Certificate, type Csr, type KeyUsageBit, type Signer } from '../../protocol/scep/index.js'
import { days, minutes, type Clock, type Duration } from '../../protocol/time.js'
import type { Files } from '../platform/index.js'
import { keepAuthorityKeys, makeAuthorityKeys, type AuthorityKeys, type AuthorityShape, type AuthorityTools, type DerSigner } from './authority-keys.js'
import { makeRelatives, type Relatives } from './relatives.js'
import { newSerial } from './serial.js'

/** What a certificate will say that does not come from the request; faults alter it. */
export interface IssuingOrder {
  readonly publicKey: KeyObject
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** Default: the CA. */
  readonly issuer?: Signer
}

export interface AuthorityOptions extends Partial<AuthorityShape> {
  /** How long certificates are valid; default 365 days. */
  readonly validity?: Duration
  /** Where the CA is kept over a restart; without it, it lives in memory. */
  readonly directory?: string
}

export interface ReadSigner extends Signer {
  readonly certificate: Certificate
}

export interface IssuedCertificate {
  readonly der: Uint8Array
  /** Lower-case hex. */
  readonly serial: string
}

/** Certificates it has issued are remembered up to this number; GetCert does not find older ones. */
const remembered = 10_000

/** What a request may ask for; the rest of the bits belong to a CA. */
const grantable: readonly KeyUsageBit[] = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement']

/** A certification authority with an RSA key, and its RA certificates if it has any. */
export class Authority {
  readonly #keys: AuthorityKeys
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly #validity: Duration
  readonly #ca: Certificate
  readonly #revoked = new Map<string, number>()
  readonly #issued = new Map<string, IssuedCertificate>()
  /** Signs replies. */
  readonly signing: ReadSigner
  /** Requests are encrypted to its certificate. */
  readonly encryption: ReadSigner
  readonly relatives: Relatives

  private constructor(keys: AuthorityKeys, tools: AuthorityTools, validity: Duration) {
    const { clock, random } = tools
    this.#keys = keys
    this.#clock = clock
    this.#random = random
    this.#validity = validity
    this.#ca = readCertificate(keys.ca.certificate)
    this.signing = readSigner(keys.signing)
    this.encryption = readSigner(keys.encryption)
    this.relatives = makeRelatives(keys.ca, this.#ca.subject.replace(/^CN=/, ''), tools)
  }

  /** Makes its keys, or finds them in the directory. @throws store-damaged, disk-failed */
  static async open(options: AuthorityOptions, tools: AuthorityTools & { readonly files?: Files }): Promise<Authority> {
    const { name = 'Platen Rig CA', bits = 2048, ra = 'none', validity = days(365), directory } = options
    const shape = { name, bits, ra }
    const { files } = tools
    if (directory !== undefined && files === undefined) throw new TypeError('an authority in a directory needs files')
    const keys = directory === undefined || files === undefined ? await makeAuthorityKeys(shape, tools) : await keepAuthorityKeys(directory, shape, { ...tools, files })
    return new Authority(keys, tools, validity)
  }

  /** With keys that exist already, such as those of the CA that follows another. */
  static from(keys: AuthorityKeys, tools: AuthorityTools, validity: Duration = days(365)): Authority {
    return new Authority(keys, tools, validity)
  }

  /** SHA-256 of the CA certificate: what an administrator confirms, 64 lower-case hex digits. */
  get fingerprint(): string {
    return this.#ca.fingerprint
  }

  get ca(): Certificate {
    return this.#ca
  }

  /** For GetCACert: RA certificates first, the CA last. */
  get certificates(): readonly Uint8Array[] {
    return [...new Set([this.#keys.signing.certificate, this.#keys.encryption.certificate, this.#keys.ca.certificate])]
  }

  /** For GetNextCACert, signed by the CA itself (RFC 8894 section 4.7.1). @param next DER */
  announce(next: Uint8Array): Body {
    return writeNextCaCertificates([next], this.#keys.ca, 'sha256')
  }

  /** What the request would get: its own key, valid from a little in the past, never longer than the CA. */
  order(csr: Csr): IssuingOrder {
    const now = this.#clock.wall()
    return { publicKey: csr.publicKey, notBefore: now - minutes(5), notAfter: Math.min(now + this.#validity, this.#ca.notAfter) }
  }

  /** Issues and remembers a certificate: names from the request, key usage as far as it may be granted. */
  issue(csr: Csr, order: IssuingOrder): IssuedCertificate {
    const asked = grantable.filter((usage) => csr.keyUsage?.has(usage))
    const serial = newSerial(this.#random)
    const der = issueCertificate({
      subject: csr.subjectDer, publicKey: order.publicKey, issuer: order.issuer ?? { certificate: this.#ca, privateKey: this.#keys.ca.privateKey },
      serial, notBefore: order.notBefore, notAfter: order.notAfter, isCa: false, digest: 'sha256',
      keyUsage: asked.length > 0 ? asked : ['digitalSignature', 'keyEncipherment'],
      extendedKeyUsage: ['serverAuth', 'clientAuth'],
      dnsNames: csr.dnsNames, ipAddresses: csr.ipAddresses,
    })
    const issued = { der, serial }
    this.#issued.set(serial, issued)
    const [oldest] = this.#issued.keys()
    if (this.#issued.size > remembered && oldest !== undefined) this.#issued.delete(oldest)
    return issued
  }

  /** A certificate that it issued, by serial number in lower-case hex. */
  find(serial: string): IssuedCertificate | undefined {
    return this.#issued.get(serial)
  }

  /** What it issued last. */
  get newest(): IssuedCertificate | undefined {
    return [...this.#issued.values()].at(-1)
  }

  /** The list of what `revoke` was called for; good for a day. @returns DER */
  revocationList(): Uint8Array {
    const now = this.#clock.wall()
    return issueCrl({
      issuer: { certificate: this.#ca, privateKey: this.#keys.ca.privateKey }, thisUpdate: now, nextUpdate: now + days(1), digest: 'sha256',
      revoked: [...this.#revoked].map(([serial, at]) => ({ serial, at })),
    })
  }

  /** @param serial lower-case hex */
  revoke(serial: string): void {
    this.#revoked.set(serial, this.#clock.wall())
  }

  /** Whether it issued this certificate and it is valid now and not revoked: enough to sign a renewal with. */
  vouchesFor(certificate: Certificate): boolean {
    return isSignedBy(certificate, this.#ca.publicKey) && isValidAt(certificate, this.#clock.wall()) && !certificate.isCa
      && !this.#revoked.has(certificate.serial)
  }
}

/** Its certificate is used in every exchange, so it is read once. */
function readSigner({ certificate, privateKey }: DerSigner): ReadSigner {
  return { certificate: readCertificate(certificate), privateKey }
}
