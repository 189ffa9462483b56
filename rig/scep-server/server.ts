import { limits } from '../../protocol/scep/index.js'
import type { RigPlatform } from '../platform/index.js'
import { answerExchange } from './answer.js'
import { Authority, type AuthorityOptions } from './authority.js'
import { openChallengeBook, type ChallengePolicy } from './challenge.js'
import { checkScript, startScript, type PreparedScript } from './faults/index.js'
import { Front } from './front.js'
import { makeStrangers } from './strangers.js'
import { Transactions } from './transactions.js'
import { Transcript, type ExchangeListener } from './transcript.js'

export interface ScepServerOptions {
  readonly platform: Pick<RigPlatform, 'clock' | 'random' | 'keys' | 'files' | 'listenHttp'>
  /** Default 127.0.0.1. */
  readonly address?: string
  /** Default 0: the system chooses. */
  readonly port?: number
  /** An authority that exists, or how to make one; default RSA-2048 without RA, in memory. */
  readonly authority?: Authority | AuthorityOptions
  /** Default: none is asked for. */
  readonly challenge?: ChallengePolicy
  /** From `checkScript` or `readScript`; default: no faults. */
  readonly script?: PreparedScript
  readonly onExchange?: ExchangeListener
}

export interface ScepServer {
  /** What a client is configured with. */
  readonly url: string
  readonly port: number
  /** SHA-256 of the CA certificate, 64 lower-case hex digits. */
  readonly fingerprint: string
  readonly authority: Authority
  readonly transcript: Transcript
  /** A new one-time challenge. @throws TypeError in another mode */
  issueChallenge(): string
  /** Replaces all faults, with fresh counters. */
  setScript(script: PreparedScript): void
  /** Ends every connection and timer; exchanges that wait are cut off. */
  close(): Promise<void>
}

/** Starts a SCEP server in this process. @throws listen-failed, store-damaged, disk-failed */
export async function startScepServer(options: ScepServerOptions): Promise<ScepServer> {
  const { platform, address = '127.0.0.1', port = 0 } = options
  const { clock, random } = platform
  const authority = options.authority instanceof Authority ? options.authority : await Authority.open(options.authority ?? {}, platform)
  const challenge = openChallengeBook(options.challenge ?? { mode: 'none' }, { clock, random })
  const strangers = makeStrangers(authority.signing.certificate, platform)
  const transcript = new Transcript()
  if (options.onExchange !== undefined) transcript.subscribe(options.onExchange)
  const office = { authority, challenge, transactions: new Transactions(), clock, random }
  const front = new Front({ clock, last: (exchange) => answerExchange(exchange, office) }, transcript)
  front.behaviours = startScript(options.script ?? checkScript({ faults: [] }), { strangers, relatives: authority.relatives, ca: authority.ca.der })
  const listening = await platform.listenHttp({ address, port, clock, limit: limits.messageBytes, handler: front })
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${listening.port}/scep`,
    port: listening.port,
    fingerprint: authority.fingerprint,
    authority,
    transcript,
    issueChallenge: () => challenge.issue(),
    setScript: (next) => (front.behaviours = startScript(next, { strangers, relatives: authority.relatives, ca: authority.ca.der })),
    close: async () => {
      front.end()
      await listening.close()
    },
  }
}
