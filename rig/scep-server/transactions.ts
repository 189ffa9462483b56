import type { Csr } from '../../protocol/scep/index.js'
import type { IssuedCertificate } from './authority.js'

/** An enrolment that the server knows of, by its transaction ID. */
export interface Transaction {
  readonly id: string
  readonly csr: Csr
  /** SubjectPublicKeyInfo of the key that signed the request: only that key may ask again. */
  readonly signer: Uint8Array
  /** Undefined while the request is pending. */
  readonly certificate?: IssuedCertificate
}

/** Bounded, oldest first out: a client that polls for longer is told badCertId, and enrols anew (scep.md C-14). */
const limit = 10_000

export class Transactions {
  readonly #byId = new Map<string, Transaction>()

  find(id: string): Transaction | undefined {
    return this.#byId.get(id)
  }

  keep(transaction: Transaction): void {
    this.#byId.set(transaction.id, transaction)
    const [oldest] = this.#byId.keys()
    if (this.#byId.size > limit && oldest !== undefined) this.#byId.delete(oldest)
  }
}
