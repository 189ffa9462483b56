import { isSelfSigned, readCertificate, type Certificate } from '../../protocol/scep/index.js'
import type { KeyEntry, KeyId, KeyStore } from '../key-store/index.js'
import type { AutomaticRequest } from '../settings/index.js'
import type { CurrentCertificate } from './schedule/index.js'

/** Finds the certificate that a request of the timer renews. A generation never changes, so each is read once. */
export class CurrentCertificates {
  readonly #store: Pick<KeyStore, 'keyFor'>
  #read: { readonly id: KeyId; readonly certificate: Certificate } | undefined

  constructor(store: Pick<KeyStore, 'keyFor'>) {
    this.#store = store
  }

  /** The key that serves the Key Use Location, unless that is the default key. */
  keyFor(request: AutomaticRequest | undefined): KeyEntry | undefined {
    const entry = request?.use === undefined ? undefined : this.#store.keyFor(request.use)
    return entry?.kind === 'default' ? undefined : entry
  }

  /** Its certificate, if a CA has issued it for this board's Common Name: one for another name renews nothing. */
  of(request: AutomaticRequest | undefined): CurrentCertificate | undefined {
    const entry = this.keyFor(request)
    if (request === undefined || entry === undefined) return undefined
    const certificate = this.#certificate(entry)
    if (certificate === undefined || isSelfSigned(certificate) || !isFor(certificate, request.commonName)) return undefined
    return { id: certificate.fingerprint, notBefore: certificate.notBefore, notAfter: certificate.notAfter }
  }

  #certificate({ id, chain: [leaf] }: KeyEntry): Certificate | undefined {
    if (leaf === undefined) return undefined
    if (this.#read?.id !== id) this.#read = { id, certificate: readCertificate(leaf) }
    return this.#read.certificate
  }
}

/** A CA may leave out or add alternative names, or set a subject of its own: one place that shows the name is enough. */
function isFor({ subject, dnsNames, ipAddresses }: Certificate, commonName: string): boolean {
  const name = commonName.toLowerCase()
  const shown = [...subject.split(/[,+]/).flatMap((part) => (part.trim().startsWith('CN=') ? [part.trim().slice(3)] : [])), ...dnsNames, ...ipAddresses]
  return shown.some((other) => other.toLowerCase() === name)
}
