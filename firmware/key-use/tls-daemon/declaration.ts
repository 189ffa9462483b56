import type { Duration } from '../../../protocol/time.js'

/** A program of this machine that serves TLS with the board's key, as the config declares it. */
export interface TlsDaemonDeclaration {
  readonly name: string
  /** Where the program finds its private key (PKCS#8 PEM) and its certificates (PEM, leaf first): links that the board makes. */
  readonly keyFile: string
  readonly certificateFile: string
  /** `user`, `user:group` or `:group`; without it both files stay the board's own. */
  readonly owner?: string
  /** Of the key file: 0o640. The certificate is for everyone. */
  readonly mode: number
  /** The program and its arguments, run without a shell. Without it the daemon reads the files anew by itself. */
  readonly reload?: readonly string[]
  readonly reloadTimeout: Duration
  /** Where a TLS client reaches it. */
  readonly probe: { readonly host: string; readonly port: number; readonly serverName?: string }
  /** How long it may take after the reload until clients see the new certificate. */
  readonly probeTimeout: Duration
}
