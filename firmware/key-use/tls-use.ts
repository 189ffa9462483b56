import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { KeyEntry, KeyId, KeyStore } from '../key-store/index.js'
import type { HttpsListener, Network, TlsCredentials } from '../platform/index.js'
import type { KeyUseDriver } from './driver.js'
import { certificateToServe, checkShown, shownChain } from './serving-certificate.js'

/** The handshake is with ourselves: what takes longer than this does not serve. */
const probeTimeout = seconds(10)

export interface TlsUseOptions {
  readonly store: Pick<KeyStore, 'privateKey'>
  readonly network: Pick<Network, 'handshake'>
  /** Opens the listener with its first credentials. */
  readonly listen: (credentials: TlsCredentials) => Promise<HttpsListener>
  /** Where a client on this machine reaches the listener. */
  readonly host: string
}

/** TLS: the board's own HTTPS listener. The swap is live: open connections go on, new ones see the new chain. */
export class TlsUse implements KeyUseDriver {
  readonly use = 'tls'
  readonly #options: TlsUseOptions
  #listener: HttpsListener | undefined
  #serving: KeyEntry | undefined
  #before: KeyEntry | undefined

  constructor(options: TlsUseOptions) {
    this.#options = options
  }

  canServe(entry: KeyEntry): void {
    certificateToServe(this.use, entry, this.#options.store)
  }

  async apply(entry: KeyEntry): Promise<void> {
    const credentials = { privateKey: this.#options.store.privateKey(entry.id), chain: shownChain(entry) }
    if (this.#listener === undefined) this.#listener = await this.#options.listen(credentials)
    else this.#listener.setCredentials(credentials)
    this.#before = this.#serving
    this.#serving = entry
  }

  current(): KeyId | undefined {
    return this.#serving?.id
  }

  /** The certificate that the listener shows, DER. Asked only while it serves. */
  leaf(): Uint8Array {
    const leaf = this.#serving?.chain[0]
    if (leaf === undefined) throw new TypeError('nothing is served yet')
    return leaf
  }

  /** The port in use; undefined before the first apply. */
  port(): number | undefined {
    return this.#listener?.port
  }

  addressesUsed(): readonly string[] {
    return this.#listener?.addressesUsed() ?? []
  }

  async probe(): Promise<void> {
    const { host, network } = this.#options
    if (this.#serving === undefined || this.#listener === undefined) throw new TypeError('nothing was applied that could be probed')
    const shown = await network.handshake({ host, port: this.#listener.port, timeout: probeTimeout }).catch((cause: unknown) => {
      throw new PlatenError('probe-failed', asPlatenError(cause).message, { facts: asPlatenError(cause).facts, cause })
    })
    checkShown(shownChain(this.#serving), shown)
  }

  async undo(): Promise<void> {
    if (this.#before === undefined) return
    await this.apply(this.#before)
    this.#before = undefined
  }

  /** Ends the listener and what is open on it. */
  async close(): Promise<void> {
    await this.#listener?.close()
  }
}
