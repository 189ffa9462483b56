import { constants, createPublicKey, generateKeyPairSync, privateDecrypt, publicEncrypt, sign, type KeyObject } from 'node:crypto'
import { LinuxClock, linuxRandom, type Http, type HttpResponse } from '../firmware/platform/index.js'
import { ScepClient, makeSignerCertificate } from '../firmware/scep/index.js'
import { buildCertRep, buildCsr, decodeOperation, issueCertificate, nameDer, openEnvelope, readCertificate, readCsr, readPkiMessage, type Signer } from '../protocol/scep/index.js'
import { days, seconds } from '../protocol/time.js'

/** One line of the table: what one enrolment costs the client, and the least that it could cost. */
export interface EnrolmentRow {
  readonly keyBits: number
  /** Client work of one enrolment with the key ready, median CPU ms. Our server's work and the network are not in it. */
  readonly clientMs: number
  /** The private RSA operations of that enrolment by node:crypto alone, median CPU ms, measured in turns with the above. */
  readonly floorMs: number
  /** clientMs / floorMs. */
  readonly ratio: number
  /** Sign the CSR, the signer's certificate and the message, and decrypt the reply's key. */
  readonly privateOperations: number
}

const rounds = 40
const warmUp = 8

/** Client cost of one enrolment against its floor, both in the same run. */
export async function measureEnrolment(keyLengths: readonly number[] = [2048, 3072, 4096]): Promise<readonly EnrolmentRow[]> {
  const rows: EnrolmentRow[] = []
  for (const keyBits of keyLengths) rows.push(await measure(keyBits))
  return rows
}

async function measure(keyBits: number): Promise<EnrolmentRow> {
  const key = generateKeyPairSync('rsa', { modulusLength: keyBits }).privateKey
  const server = new InProcessServer()
  const ours: number[] = []
  const floor: number[] = []
  for (let round = 0; round < rounds + warmUp; round += 1) {
    const spent = await enrol(key, server)
    const least = privateOperations(key)
    if (round < warmUp) continue
    ours.push(spent)
    floor.push(least)
  }
  const [clientMs, floorMs] = [median(ours), median(floor)]
  return { keyBits, clientMs, floorMs, ratio: clientMs / floorMs, privateOperations: 4 }
}

/** From the key to the accepted certificate, as the board does it. @returns ms, without the server's share */
async function enrol(key: KeyObject, server: InProcessServer): Promise<number> {
  const clock = new LinuxClock({ isSynchronized: () => true })
  server.spent = 0
  const start = cpuMs()
  const client = new ScepClient({
    http: server, clock, random: linuxRandom.bytes, allowLegacy: false,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    server: { url: new URL('http://ca.example.com/scep'), timeout: seconds(30), trustAnchors: [] },
  })
  const authority = await client.findAuthority(server.fingerprint)
  const subject = { commonName: 'printer.example.com', organization: 'Example' }
  const csr = buildCsr({ subject, key, digest: 'sha256', dnsNames: ['printer.example.com'], challengePassword: 'challenge', keyUsage: ['digitalSignature', 'keyEncipherment'] })
  const signer = { certificate: makeSignerCertificate(nameDer(subject), key, linuxRandom.bytes, clock.wall()), privateKey: key }
  const answer = await client.request({ authority, transactionId: 'benchmark', signer, spki: signer.certificate.spki }, csr)
  if (answer.is !== 'issued') throw new Error('the benchmark got no certificate')
  return cpuMs() - start - server.spent
}

/** Three signatures and one decryption. @returns ms */
function privateOperations(key: KeyObject): number {
  const wrapped = publicEncrypt({ key: createPublicKey(key), padding: constants.RSA_PKCS1_OAEP_PADDING }, Buffer.alloc(16))
  const text = Buffer.alloc(1000)
  const start = cpuMs()
  for (let count = 0; count < 3; count += 1) sign('sha256', text, key)
  privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, wrapped)
  return cpuMs() - start
}

/** An authority that answers in this process and keeps count of its own time. */
class InProcessServer implements Http {
  readonly #ca: Signer & { readonly certificate: Uint8Array }
  readonly fingerprint: string
  /** Milliseconds spent in answers since it was last set to 0. */
  spent = 0

  constructor() {
    const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const now = new LinuxClock().wall()
    const certificate = issueCertificate({ subject: { commonName: 'Benchmark CA' }, privateKey, serial: '01', isCa: true, notBefore: now - days(1), notAfter: now + days(1), digest: 'sha256' })
    this.#ca = { certificate, privateKey }
    this.fingerprint = readCertificate(certificate).fingerprint
  }

  exchange(request: Parameters<Http['exchange']>[0]): Promise<HttpResponse> {
    const start = cpuMs()
    const { operation, message } = decodeOperation(request.method, `${request.url.pathname}${request.url.search}`, request.body)
    const body = operation === 'GetCACaps' ? Buffer.from('SCEPStandard\n') : operation === 'GetCACert' ? this.#ca.certificate : this.#issue(message)
    this.spent += cpuMs() - start
    return Promise.resolve({ status: 200, headers: {}, body: Uint8Array.from(body) })
  }

  #issue(bytes: Uint8Array): Uint8Array {
    const message = readPkiMessage(bytes)
    const [recipient] = message.certificates
    const { transactionId, senderNonce } = message
    if (recipient === undefined || transactionId === undefined || senderNonce === undefined) throw new Error('not our own request')
    const csr = readCsr(openEnvelope(message, this.#ca, { ciphers: new Set(['aes128-cbc']), random: linuxRandom.bytes }).content)
    const now = new LinuxClock().wall()
    const certificate = issueCertificate({ subject: csr.subjectDer, publicKey: csr.publicKey, issuer: this.#ca, serial: '02', notBefore: now - days(1), notAfter: now + days(1), digest: 'sha256' })
    return buildCertRep({ status: 'SUCCESS', certificates: [certificate] }, {
      transactionId, recipientNonce: senderNonce, signer: this.#ca, recipient,
      digest: 'sha256', cipher: 'aes128-cbc', keyTransport: 'pkcs1', random: linuxRandom.bytes,
    })
  }
}

/** CPU time of this process: other load on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function nothing(): void {
  // The benchmark reads results, not logs.
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
