import { PlatenError } from '../../../protocol/errors.js'
import { certificateOfPem } from '../../../protocol/pem.js'
import { chooseAuthority, readCaCertificates, readCapabilities, readCertificate, type Capabilities } from '../../../protocol/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import type { BenchScep } from '../../bench/index.js'
import { startScepContainer, startScepserver, type PeerScepServer } from '../../peers/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { newChallenge, startScepServer, type ExchangeRecord } from '../../scep-server/index.js'

/** The SCEP server of a bench, serving. */
export interface BenchServer {
  /** As the boards reach it. */
  readonly url: string
  readonly port: number
  readonly challenge: string
  /** Of the top CA, SHA-256, hex. */
  readonly fingerprint: string
  readonly policy: 'standard' | 'legacy'
  close(): Promise<void>
}

/**
 * Starts the server that a bench names, or asks the one elsewhere.
 * @param directory for this user only
 * @throws connect-failed, timed-out, ca-mismatch
 */
export async function openServer(platform: RigPlatform, scep: BenchScep, directory: string, onExchange: (record: ExchangeRecord) => void): Promise<BenchServer> {
  if (scep.kind === 'url') return elsewhere(platform, scep)
  const challenge = newChallenge(platform.random)
  const { address } = scep
  if (scep.kind === 'embedded') {
    const server = await startScepServer({ platform, address, authority: { ra: 'one' }, challenge: { mode: 'static', password: challenge }, onExchange })
    return { url: server.url, port: server.port, challenge, fingerprint: server.fingerprint, policy: scep.policy ?? 'standard', close: () => server.close() }
  }
  const port = await platform.network.freeTcpPort()
  const start: (...given: Parameters<typeof startScepserver>) => Promise<PeerScepServer> = scep.kind === 'container' ? startScepContainer : startScepserver
  const server = await start(platform, { directory, port, keyBits: 2048, challenge })
  const { fingerprint } = readCertificate(certificateOfPem(server.caPem) ?? new Uint8Array())
  const host = address.includes(':') ? `[${address}]` : address
  return { url: `http://${host}:${port}/scep`, port, challenge, fingerprint, policy: scep.policy ?? 'legacy', close: () => server.close() }
}

async function elsewhere(platform: RigPlatform, scep: BenchScep): Promise<BenchServer> {
  const { url = '', fingerprint = '', policy = 'standard', challengeFile } = scep
  const asked = await askServer(platform.http, url)
  if (asked.fingerprint !== fingerprint) {
    throw new PlatenError('ca-mismatch', `${url} has a CA with the fingerprint ${asked.fingerprint}, not the one of the bench file`, { facts: { url }, fix: 'Ask whoever runs the server, then correct the bench file.' })
  }
  const challenge = challengeFile === undefined ? '' : Buffer.from(await platform.files.read(challengeFile) ?? []).toString('utf8').split(/\r?\n/u)[0] ?? ''
  const { port, protocol } = new URL(url)
  return { url, port: Number(port) || (protocol === 'https:' ? 443 : 80), challenge, fingerprint, policy, close: () => Promise.resolve() }
}

/** What a SCEP server says of itself. @throws connect-failed, timed-out, http-status, bad-response */
export async function askServer(http: RigPlatform['http'], url: string): Promise<{ readonly capabilities: Capabilities; readonly fingerprint: string }> {
  const get = async (operation: string): Promise<Uint8Array> => {
    const { status, body } = await http.exchange({ method: 'GET', url: new URL(`${url}?operation=${operation}`), timeout: seconds(10), limit: 1024 * 1024 })
    if (status !== 200) throw new PlatenError('http-status', `${url} answers ${operation} with HTTP ${status}`, { facts: { url, status }, fix: 'Check the path of the url.' })
    return body
  }
  const capabilities = readCapabilities(await get('GetCACaps'))
  return { capabilities, fingerprint: chooseAuthority(readCaCertificates(await get('GetCACert'))).top.fingerprint }
}
