import type { ExecutionContext } from 'ava'
import { CA_FILE_PROMPT } from '../../protocol/commands/index.js'
import { certificatePem, crlPem } from '../../protocol/pem.js'
import { seconds } from '../../protocol/time.js'
import type { RunningProcess } from '../../rig/platform/index.js'
import type { ScepServer } from '../../rig/scep-server/index.js'
import { does, folder, platform } from '../support/board-under-test.js'
import { gatewayKeyPem, request, tunnelOffice, tunnels, type TunnelOffice } from '../support/tunnel-office.js'

const place = 'http://192.0.2.2:8080'
const serial = '77'

/** A certificate of the gateway that says where one learns whether it is revoked, made by openssl, in a folder with the CA's files. */
async function pointing(directory: string, { authority }: ScepServer, extension: string): Promise<Uint8Array> {
  const { certificate, privateKey } = authority.signing
  await platform.files.write(`${directory}/ca.pem`, certificatePem(certificate.der))
  await platform.files.write(`${directory}/ca.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  await platform.files.write(`${directory}/gateway.key`, gatewayKeyPem)
  await platform.files.write(`${directory}/extensions`, `subjectAltName=DNS:gateway.example.com\nkeyUsage=digitalSignature\n${extension}\n`)
  await openssl(directory, 'req', '-new', '-key', 'gateway.key', '-subj', '/CN=gateway.example.com', '-out', 'csr')
  await openssl(directory, 'x509', '-req', '-in', 'csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', `0x${serial}`, '-days', '30', '-sha256', '-extfile', 'extensions', '-outform', 'DER', '-out', 'gateway.der')
  return await platform.files.read(`${directory}/gateway.der`) ?? new Uint8Array()
}

async function openssl(directory: string, ...args: readonly string[]): Promise<void> {
  const { code, lines } = await platform.processes.run('env', ['-C', directory, 'openssl', ...args], seconds(60))
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${lines.join(' ')}`)
}

/** Starts a program in the gateway's namespace and waits until it says that it listens. */
async function listening({ there }: TunnelOffice, command: string, args: readonly string[], words: string, directory?: string): Promise<RunningProcess> {
  let heard = (): void => undefined
  const ready = new Promise<void>((resolve) => (heard = resolve))
  const running = await there.processes.start(command, args, { onLine: (line) => line.includes(words) && heard(), ...directory === undefined ? {} : { directory } })
  await Promise.race([ready, running.exited.then(() => Promise.reject(new Error(`${command} ended`)))])
  return running
}

/** A web server for one file, which may change. */
const webServer = (office: TunnelOffice, file: string): Promise<RunningProcess> => listening(office, process.execPath, ['-e', `
  require('http').createServer((_, reply) => reply.end(require('fs').readFileSync(${JSON.stringify(file)}))).listen(8080, () => console.log('listens'))`], 'listens')

async function writeList(directory: string, { authority }: ScepServer): Promise<void> {
  await platform.files.write(`${directory}/crl.pem`, `-----BEGIN X509 CRL-----\n${Buffer.from(authority.revocationList()).toString('base64').replace(/.{64}/gu, '$&\n')}\n-----END X509 CRL-----\n`)
  await openssl(directory, 'crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'list.crl')
}

/** What a policy is with this check: another one is another tunnel, so the gateway's certificate is checked anew. */
async function check(t: ExecutionContext, { board, daemon }: TunnelOffice, revocation: 'relaxed' | 'ifuri' | 'strict'): Promise<Readonly<Record<string, string>>> {
  // What it learned before is kept in the daemon until it runs out.
  await daemon().swanctl('--flush-certs')
  await does(t, board, 'ipsec disable office')
  await does(t, board, `ipsec edit office revocation=${revocation}`)
  return does(t, board, 'ipsec enable office')
}

tunnels('device.md 7: a CRL that the gateway\'s certificate names: fetched by charon; a revoked gateway is refused in words, one of which nothing is known as the policy says', async (t) => {
  const directory = await folder(t)
  const office = await tunnelOffice(t, { certificate: (server) => pointing(directory, server, `crlDistributionPoints=URI:${place}/list.crl`), policy: 'revocation=strict' })
  const { board, server } = office
  const refused = await request(board, 'first')
  t.like(refused, { ok: false })
  t.regex(JSON.stringify(refused) + (await board.command('log 50')).lines.join(' '), /whether the peer's certificate is revoked cannot be learned/)
  t.like(await check(t, office, 'relaxed'), { state: 'no-key', revocation: 'relaxed' })
  await does(t, board, 'keys assign first ipsec:office')
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving' })
  t.like(await check(t, office, 'ifuri'), { state: 'failed', detail: 'whether the peer\'s certificate is revoked cannot be learned, and the policy asks for it' })

  await writeList(directory, server)
  await webServer(office, `${directory}/list.crl`)
  t.like(await check(t, office, 'ifuri'), { state: 'serving' })
  t.like(await check(t, office, 'strict'), { state: 'serving' })

  server.authority.revoke(serial)
  await writeList(directory, server)
  for (const revocation of ['relaxed', 'strict'] as const) {
    const row = await check(t, office, revocation)
    t.is(row['state'], 'failed')
    t.regex(row['detail'] ?? '', /^the peer's certificate is revoked \(since /)
  }
  t.is((await office.pings(1)).received, 0)
})

tunnels('device.md 7: an OCSP responder that the gateway\'s certificate names is asked by charon: good serves, revoked is refused in words', async (t) => {
  const directory = await folder(t)
  const office = await tunnelOffice(t, { certificate: (server) => pointing(directory, server, `authorityInfoAccess=OCSP;URI:${place}`), policy: 'revocation=strict' })
  const responder = async (entry: string): Promise<RunningProcess> => {
    await platform.files.write(`${directory}/index`, `${entry}\t${serial}\tunknown\t/CN=gateway.example.com\n`)
    return listening(office, 'openssl', ['ocsp', '-index', 'index', '-port', '8080', '-rsigner', 'ca.pem', '-rkey', 'ca.key', '-CA', 'ca.pem', '-nmin', '5'], 'waiting for OCSP', directory)
  }
  const good = await responder('V\t491231235959Z\t')
  t.like(await request(office.board, 'first'), { ok: true, values: { enabled: 'true' } })
  t.like(await does(t, office.board, 'ipsec status office'), { state: 'serving', revocation: 'strict' })
  good.signal('SIGKILL')
  await good.exited
  await responder('R\t491231235959Z\t260101000000Z')
  const row = await check(t, office, 'strict')
  t.is(row['state'], 'failed')
  t.regex(row['detail'] ?? '', /^the peer's certificate is revoked \(since /)
})

tunnels('device.md 7: a CRL of the key store is enough for charon, without any server for it: not listed serves under strict, listed is refused in words', async (t) => {
  const office = await tunnelOffice(t, { policy: 'revocation=strict' })
  const { board, server } = office
  const name = `CA ${server.fingerprint.slice(0, 16)}`
  const register = async (): Promise<void> => {
    const { result } = await board.command(`ca import "${name}"`, { answers: { [CA_FILE_PROMPT]: crlPem(server.authority.revocationList()).trimEnd() } })
    t.true(result.ok, JSON.stringify(result))
  }
  await register()
  t.like(await request(board, 'first'), { ok: true, values: { enabled: 'true' } })
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving' })
  server.authority.revoke('02')
  await register()
  const row = await check(t, office, 'relaxed')
  t.is(row['state'], 'failed')
  t.regex(row['detail'] ?? '', /^the peer's certificate is revoked \(since /)
})
