/** Issuances per second of the rig's SCEP server against micromdm's `scepserver`, same load, same size of CA key. */
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildCsr, buildRequest, chooseAuthority, issueCertificate, readCaCertificates, readPkiMessage, type Authority } from '../protocol/scep/index.js'
import { startScepserver } from '../rig/peers/index.js'
import { linuxPlatform, type RigPlatform } from '../rig/platform/index.js'

export interface ScepServerRow {
  readonly server: 'platen' | 'scepserver'
  readonly connections: number
  /** Certificates issued in this row. */
  readonly issued: number
  /** Answers that were no SUCCESS; anything but 0 spoils the row. */
  readonly failed: number
  readonly perSecond: number
  /** Milliseconds from sending a request to the last byte of its answer. */
  readonly p50: number
  readonly p99: number
  /** Resident memory of the server process, MiB: ready and idle, and right after this load. */
  readonly idleRss: number
  readonly loadedRss: number
}

interface Candidate {
  readonly name: ScepServerRow['server']
  readonly url: string
  readonly pid: number
  close(): Promise<void>
}

const challenge = 'bench'
const keyBits = 2048

/**
 * Closed loop: each connection sends the next request when it has the answer to the last. Requests are built
 * beforehand and answers read afterwards, so that the client is not what is measured. One server at a time.
 * @param options.requests per row; a row also ends after `secondsPerRow`
 * @returns rows of the rig's server only, when `scepserver` is not installed
 */
export async function measureScepServers({ requests = 300, secondsPerRow = 4, connections = [1, 8] }: { readonly requests?: number; readonly secondsPerRow?: number; readonly connections?: readonly number[] } = {}): Promise<readonly ScepServerRow[]> {
  const platform = linuxPlatform()
  const keys = await Promise.all([1, 2, 3, 4].map(() => platform.keys.rsa(2048)))
  const rows: ScepServerRow[] = []
  const makers = await platform.processes.has('scepserver') ? [startOurs, startTheirs] : [startOurs]
  for (const make of makers) {
    const directory = mkdtempSync(join(tmpdir(), 'platen-bench-'))
    const candidate = await make(platform, directory)
    try {
      const { body } = await exchange(new Agent(), `${candidate.url}?operation=GetCACert`)
      const builder = new RequestBuilder(platform, chooseAuthority(readCaCertificates(body)), keys)
      const idleRss = residentMebibytes(candidate.pid)
      // Not counted: code is compiled and files are opened at first use.
      await load(candidate.url, builder.build(60), 2, secondsPerRow)
      for (const count of connections) {
        const figures = await load(candidate.url, builder.build(requests), count, secondsPerRow)
        rows.push({ server: candidate.name, connections: count, ...figures, idleRss, loadedRss: residentMebibytes(candidate.pid) })
      }
    } finally {
      await candidate.close()
      rmSync(directory, { recursive: true })
    }
  }
  return rows
}

/** The rig's server as its own process, by its own command. */
async function startOurs({ processes }: RigPlatform): Promise<Candidate> {
  let found: (url: string) => void = () => undefined
  const url = new Promise<string>((resolve) => (found = resolve))
  const main = fileURLToPath(new URL('../rig/main.js', import.meta.url))
  const server = await processes.start(process.execPath, [main, 'scep-server', '--port', '0', '--key-bits', String(keyBits)], {
    environment: { PLATEN_CHALLENGE: challenge },
    onLine: (line) => {
      const [, address] = /^SCEP server:\s+(\S+)/.exec(line) ?? []
      if (address !== undefined) found(address)
    },
  })
  const started = await Promise.race([url, server.exited])
  if (typeof started !== 'string') throw new Error('the rig has no command scep-server, or it did not start')
  return {
    name: 'platen', url: started, pid: server.pid,
    close: async () => {
      server.signal('SIGINT')
      await server.exited
    },
  }
}

async function startTheirs(platform: RigPlatform, directory: string): Promise<Candidate> {
  const server = await startScepserver(platform, { directory, port: await platform.network.freeTcpPort(), keyBits, challenge })
  return { name: 'scepserver', url: server.url, pid: server.pid, close: () => server.close() }
}

class RequestBuilder {
  readonly #platform: RigPlatform
  readonly #authority: Authority
  readonly #keys: readonly KeyObject[]
  #count = 0

  constructor(platform: RigPlatform, authority: Authority, keys: readonly KeyObject[]) {
    this.#platform = platform
    this.#authority = authority
    this.#keys = keys
  }

  /** PKCSReq messages, each with a transaction and a name of its own; the few keys take turns. */
  build(count: number): readonly Uint8Array[] {
    return Array.from({ length: count }, () => this.#next())
  }

  #next(): Uint8Array {
    const { random, clock } = this.#platform
    this.#count += 1
    const key = this.#keys[this.#count % this.#keys.length]!
    const subject = { commonName: `printer-${this.#count}.example` }
    const now = clock.wall()
    const certificate = issueCertificate({ subject, privateKey: key, serial: '01', notBefore: now - 60_000, notAfter: now + 86_400_000, digest: 'sha256', keyUsage: ['digitalSignature', 'keyEncipherment'] })
    return buildRequest({
      messageType: 'PKCSReq', transactionId: Buffer.from(random(16)).toString('hex'), senderNonce: random(16),
      content: buildCsr({ subject, key, digest: 'sha256', dnsNames: [subject.commonName], challengePassword: challenge }),
    }, { signer: { certificate, privateKey: key }, recipient: this.#authority.encryption, digest: 'sha256', cipher: 'aes128-cbc', keyTransport: 'pkcs1', random })
  }
}

async function load(url: string, messages: readonly Uint8Array[], connections: number, limitSeconds: number): Promise<Pick<ScepServerRow, 'issued' | 'failed' | 'perSecond' | 'p50' | 'p99'>> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const waiting = messages.values()
  const times: number[] = []
  const answers: Uint8Array[] = []
  const start = performance.now()
  const worker = async (): Promise<void> => {
    for (const message of waiting) {
      const sent = performance.now()
      if (sent - start > limitSeconds * 1000) return
      answers.push((await exchange(agent, `${url}?operation=PKIOperation`, message)).body)
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const elapsed = performance.now() - start
  agent.destroy()
  const issued = answers.filter((body) => readPkiMessage(body).status === 'SUCCESS').length
  times.sort((a, b) => a - b)
  const percentile = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN
  return { issued, failed: answers.length - issued, perSecond: issued / elapsed * 1000, p50: percentile(0.5), p99: percentile(0.99) }
}

function exchange(agent: Agent, url: string, message?: Uint8Array): Promise<{ readonly body: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const headers = message === undefined ? {} : { 'content-type': 'application/x-pki-message', 'content-length': message.length }
    const sent = request(url, { method: message === undefined ? 'GET' : 'POST', agent, headers }, (response) => {
      const pieces: Uint8Array[] = []
      response.on('data', (piece: Uint8Array) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => resolve({ body: Buffer.concat(pieces) }))
    })
    sent.on('error', reject)
    sent.end(message)
  })
}

function residentMebibytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}
