import { certificateOfPem } from '../../../protocol/pem.js'
import { readCertificate } from '../../../protocol/scep/index.js'
import { startScepserver } from '../../peers/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { checkScript, displayExchange, startScepServer, type FaultScript } from '../../scep-server/index.js'

/** The SCEP server of the demo: ours, which can also misbehave, or one that no one here wrote. */
export interface DemoServer {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly challenge: string
  /** Of the CA certificate, SHA-256, hex: what its operator would tell the administrator. */
  readonly fingerprint: string
  /** The CA certificate, DER. */
  readonly ca: Uint8Array
  /** What its certificates say they are for; a strict TLS client goes no further with `clients`. */
  readonly certificatesFor: 'servers' | 'clients'
  /** The board's policy that this server needs. */
  readonly policy: 'standard' | 'legacy'
  /** Only ours can. */
  readonly misbehave?: (script: FaultScript) => void
  close(): Promise<void>
}

/** @param onExchange each exchange, in words */
export async function startOwnServer(platform: RigPlatform, onExchange: (line: string) => void): Promise<DemoServer> {
  const challenge = freshSecret(platform)
  const server = await startScepServer({ platform, authority: { ra: 'one' }, challenge: { mode: 'static', password: challenge }, onExchange: (record) => onExchange(displayExchange(record)) })
  return {
    name: "Platen's own server, a root CA with an RA",
    url: server.url,
    port: server.port,
    challenge,
    fingerprint: server.fingerprint,
    ca: server.authority.ca.der,
    certificatesFor: 'servers',
    policy: 'standard',
    misbehave: (script) => server.setScript(checkScript(script)),
    close: () => server.close(),
  }
}

/** Debian's `scepserver`. @throws connect-failed when it is not installed */
export async function startMicromdmServer(platform: RigPlatform, directory: string): Promise<DemoServer> {
  const challenge = freshSecret(platform)
  const port = await platform.network.freeTcpPort()
  const server = await startScepserver(platform, { directory, port, keyBits: 2048, challenge })
  const { der, fingerprint } = readCertificate(certificateOfPem(server.caPem) ?? new Uint8Array())
  return { name: "Debian's scepserver (micromdm)", url: server.url, port, challenge, fingerprint, ca: der, certificatesFor: 'clients', policy: 'legacy', close: () => server.close() }
}

/** 16 letters and digits. */
export function freshSecret({ random }: RigPlatform): string {
  return Buffer.from(random(12)).toString('base64url').replace(/[-_]/gu, '0')
}
