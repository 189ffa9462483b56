import { PlatenError } from '../../../protocol/errors.js'
import { certificateOfPem } from '../../../protocol/pem.js'
import { chooseAuthority, readCaCertificates, readCapabilities, readCertificate, type Capabilities } from '../../../protocol/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import type { BenchScep } from '../../bench/index.js'
import { startScepContainer, startScepserver, type PeerScepServer } from '../../peers/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { ownServer, relayedServer, type ServerForm } from '../../scenarios/index.js'
import { Authority, newChallenge } from '../../scep-server/index.js'

/** The SCEP server of a bench. Each board gets a listener of its own, so that each transcript is of one board. */
export interface BenchServer {
  /** For people. */
  readonly about: string
  readonly form: ServerForm
  /** Of the top CA, DER. */
  readonly ca: Uint8Array
  close(): Promise<void>
}

/**
 * Starts the server that a bench names, or asks the one elsewhere.
 * @param directory for this user only
 * @throws connect-failed, timed-out, ca-mismatch
 */
export async function openServer(platform: RigPlatform, scep: BenchScep, directory: string): Promise<BenchServer> {
  if (scep.kind === 'url') return elsewhere(platform, scep)
  const challenge = newChallenge(platform.random)
  const { address } = scep
  if (scep.kind === 'embedded') {
    const authority = await Authority.open({ ra: 'one' }, platform)
    const form = await ownServer(platform, { address, authority, challenge })
    return { about: "the rig's own SCEP server", form: { ...form, policy: scep.policy ?? form.policy }, ca: authority.ca.der, close: () => Promise.resolve() }
  }
  const port = await platform.network.freeTcpPort()
  const start: (...given: Parameters<typeof startScepserver>) => Promise<PeerScepServer> = scep.kind === 'container' ? startScepContainer : startScepserver
  const server = await start(platform, { directory, port, keyBits: 2048, challenge })
  const ca = certificateOfPem(server.caPem) ?? new Uint8Array()
  const { fingerprint } = readCertificate(ca)
  const form = relayedServer(platform, { fingerprint, challenge, policy: scep.policy ?? 'legacy', upstream: server.url, address })
  return { about: `Debian's scepserver as a ${scep.kind}`, form, ca, close: () => server.close() }
}

async function elsewhere(platform: RigPlatform, scep: BenchScep): Promise<BenchServer> {
  const { url = '', fingerprint = '', policy = 'standard', challengeFile, address } = scep
  const asked = await askServer(platform.http, url)
  if (asked.fingerprint !== fingerprint) {
    throw new PlatenError('ca-mismatch', `${url} has a CA with the fingerprint ${asked.fingerprint}, not the one of the bench file`, { facts: { url }, fix: 'Ask whoever runs the server, then correct the bench file.' })
  }
  const challenge = challengeFile === undefined ? '' : Buffer.from(await platform.files.read(challengeFile) ?? []).toString('utf8').split(/\r?\n/u)[0] ?? ''
  return { about: url, form: relayedServer(platform, { fingerprint, challenge, policy, upstream: url, address }), ca: asked.ca, close: () => Promise.resolve() }
}

/** What a SCEP server says of itself. @throws connect-failed, timed-out, http-status, bad-response */
export async function askServer(http: RigPlatform['http'], url: string): Promise<{ readonly capabilities: Capabilities; readonly fingerprint: string; readonly ca: Uint8Array }> {
  const get = async (operation: string): Promise<Uint8Array> => {
    const { status, body } = await http.exchange({ method: 'GET', url: new URL(`${url}?operation=${operation}`), timeout: seconds(10), limit: 1024 * 1024 })
    if (status !== 200) throw new PlatenError('http-status', `${url} answers ${operation} with HTTP ${status}`, { facts: { url, status }, fix: 'Check the path of the url.' })
    return body
  }
  const capabilities = readCapabilities(await get('GetCACaps'))
  const { top } = chooseAuthority(readCaCertificates(await get('GetCACert')))
  return { capabilities, fingerprint: top.fingerprint, ca: top.der }
}
