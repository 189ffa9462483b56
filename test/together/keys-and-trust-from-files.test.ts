import { execFileSync } from 'node:child_process'
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { CA_FILE_PROMPT, CHALLENGE_PROMPT, EXPORT_PASSWORD_AGAIN_PROMPT, EXPORT_PASSWORD_PROMPT, KEY_FILE_PASSWORD_PROMPT, KEY_FILE_PROMPT, type ResultLine } from '../../protocol/commands/index.js'
import { certificatePem, crlPem } from '../../protocol/pem.js'
import { issueCertificate, issueCrl, type CertificateFields, type Signer } from '../../protocol/scep/index.js'
import type { ProcessBoard } from '../../rig/boards/index.js'
import { startScepServer } from '../../rig/scep-server/index.js'
import { boardUnderTest, does, folder, opensslClient, platform, says } from '../support/board-under-test.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { part } from '../support/parts.js'

const openssl = part('openssl')
const hour = 3_600_000
const now = Date.now()
const challenge = 'open sesame 1234'
const filePassword = 'a password of a file'

function certificate(key: KeyObject, commonName: string, issuer: Signer | undefined, fields: Partial<CertificateFields> = {}): Uint8Array {
  const common = { subject: { commonName }, serial: '0a', notBefore: now - hour, notAfter: now + 1000 * hour, digest: 'sha256', ...fields } as const
  return issueCertificate(issuer === undefined ? { ...common, privateKey: key, isCa: true } : { ...common, publicKey: createPublicKey(key), issuer })
}

const ca = (key: KeyObject, commonName: string): Signer => ({ certificate: certificate(key, commonName, undefined), privateKey: key })
const derOf = ({ certificate: der }: Signer): Uint8Array => der as Uint8Array

/** TLS before a server that speaks none, as a reverse proxy is; its certificate comes from a CA of its own. */
async function tlsFront(t: ExecutionContext, port: number, web: Signer): Promise<number> {
  const key = fixtureKeys.four
  const cert = certificatePem(certificate(key, 'front', web, { serial: '0f', ipAddresses: ['127.0.0.1'] }))
  const server = createServer({ key: key.export({ type: 'pkcs8', format: 'pem' }), cert }, (near) => {
    const far = connect(port, '127.0.0.1')
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

const paste = async (board: ProcessBoard, line: string, prompt: string, text: string, more: Readonly<Record<string, string>> = {}): Promise<ResultLine> =>
  (await board.command(line, { answers: { [prompt]: text, ...more } })).result

openssl.test('device.md 2: enrolment over https, by a trust anchor of its own; a wrong one, none, and a revoked certificate are refused with what to do', async (t) => {
  const scep = await startScepServer({ platform, challenge: { mode: 'static', password: challenge } })
  t.teardown(() => scep.close())
  const web = ca(fixtureKeys.two, 'Web Root')
  const other = ca(fixtureKeys.three, 'Other Root')
  const port = await tlsFront(t, scep.port, web)
  const board = await boardUnderTest(t)
  const refused = async (message: RegExp, fix: RegExp): Promise<void> => {
    const result = await says(board, 'ca fetch')
    t.like(result, { ok: false, code: 'tls-untrusted' })
    if (!result.ok) {
      t.regex(result.message, message)
      t.regex(result.fix, fix)
    }
  }
  await does(t, board, `comm set url=https://127.0.0.1/scep port=${port} timeout=10`)
  await refused(/no trust anchor/, /ca import.*https-trust/)

  t.true((await paste(board, 'ca import other', CA_FILE_PROMPT, certificatePem(derOf(other)).trimEnd())).ok)
  t.true((await paste(board, 'ca import web', CA_FILE_PROMPT, `${Buffer.from(derOf(web)).toString('base64')}\n.`)).ok)
  await refused(/no trust anchor/, /https-trust/)
  await does(t, board, 'comm set https-trust=other')
  await refused(/UNABLE_TO/, /ca import.*https-trust/)

  await does(t, board, 'comm set https-trust=web')
  t.is((await does(t, board, 'ca fetch'))['fingerprint'], scep.fingerprint)
  await does(t, board, `ca pin ${scep.fingerprint}`)
  t.like(await does(t, board, 'request key-name=web cn=127.0.0.1 use=tls', challenge), { status: 'Successful', enabled: 'true' })

  const crl = (at: number, revoked: readonly string[]): string => crlPem(issueCrl({ issuer: web, thisUpdate: at, nextUpdate: now + hour, revoked: revoked.map((serial) => ({ serial, at })), digest: 'sha256' })).trimEnd()
  t.like(await paste(board, 'ca import web', CA_FILE_PROMPT, crl(now - 2000, ['0e'])), { ok: true })
  await does(t, board, 'ca fetch')
  t.like(await paste(board, 'ca import web', CA_FILE_PROMPT, crl(now - 1000, ['0e', '0f'])), { ok: true })
  await refused(/CERT_REVOKED/, /revoked the certificate/)

  // The pinned CA is who issues; it says nothing about a server that has its certificate from elsewhere.
  await does(t, board, 'comm set https-trust=""')
  await refused(/UNABLE_TO/, /https-trust/)
  t.like(await says(board, 'ca delete other'), { ok: true })
})

openssl.test('device.md 6: a key made by openssl pkcs12 is imported, serves TLS with its chain, also after a power cut, and is exported for openssl pkcs12', async (t) => {
  const directory = await folder(t)
  const file = (name: string): string => join(directory, name)
  const root = ca(fixtureKeys.three, 'Root')
  const middle: Signer = { certificate: certificate(fixtureKeys.two, 'Issuing CA', root, { isCa: true, serial: '0b' }), privateKey: fixtureKeys.two }
  const leaf = certificate(fixtureKeys.four, 'printer', middle, { serial: '0c', ipAddresses: ['127.0.0.1'] })
  writeFileSync(file('key.pem'), fixtureKeys.four.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(file('chain.pem'), [leaf, derOf(middle), derOf(root)].map(certificatePem).join(''))
  writeFileSync(file('root.pem'), certificatePem(derOf(root)))
  const base64 = (...options: readonly string[]): string => {
    execFileSync('openssl', ['pkcs12', '-export', '-inkey', file('key.pem'), '-in', file('chain.pem'), '-name', 'printer', '-passout', `pass:${filePassword}`, '-out', file('a.p12'), ...options], { stdio: 'ignore' })
    return execFileSync('openssl', ['base64', '-in', file('a.p12')], { encoding: 'utf8' })
  }

  const board = await boardUnderTest(t, { maxKeys: 3 })
  t.like(await paste(board, 'keys import old', KEY_FILE_PROMPT, `${base64('-legacy')}.`, { [KEY_FILE_PASSWORD_PROMPT]: filePassword }), { ok: true })
  t.true((await says(board, 'keys delete old')).ok)
  t.like(await paste(board, 'keys import printer', KEY_FILE_PROMPT, `${base64()}.`, { [KEY_FILE_PASSWORD_PROMPT]: filePassword }), { ok: true, values: { certificates: '2' } })
  t.like(await paste(board, 'keys import again', KEY_FILE_PROMPT, `${base64()}.`, { [KEY_FILE_PASSWORD_PROMPT]: filePassword }), { ok: false, code: 'key-known' })
  await does(t, board, 'keys assign printer tls')
  const verified = await opensslClient(board, file('root.pem'))
  t.is(verified.code, 0, verified.output)

  await board.cutPower()
  await board.powerOn()
  await board.attend('a password for tests')
  t.is((await opensslClient(board, file('root.pem'))).code, 0)

  const answers = { [EXPORT_PASSWORD_PROMPT]: filePassword, [EXPORT_PASSWORD_AGAIN_PROMPT]: filePassword, [CHALLENGE_PROMPT]: '' }
  const { result, lines } = await board.command('keys export printer', { answers })
  t.true(result.ok)
  writeFileSync(file('out.b64'), `${lines.filter((line) => /^[A-Za-z0-9+/]+=*$/.test(line) && line !== 'Name').join('\n')}\n`)
  execFileSync('openssl', ['base64', '-d', '-in', file('out.b64'), '-out', file('out.p12')])
  const told = execFileSync('openssl', ['pkcs12', '-in', file('out.p12'), '-passin', `pass:${filePassword}`, '-nodes'], { encoding: 'utf8' })
  t.true(told.includes(fixtureKeys.four.export({ type: 'pkcs8', format: 'pem' }).toString()))
  t.is(told.match(/BEGIN CERTIFICATE/g)?.length, 2)
  t.true(told.includes(new X509Certificate(leaf).toString()))
})
