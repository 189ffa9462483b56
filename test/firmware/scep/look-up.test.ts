import test, { type ExecutionContext } from 'ava'
import { readCertificate, readCrl } from '../../../protocol/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import { LinuxClock, LinuxHttp, linuxRandom } from '../../../firmware/platform/index.js'
import { ScepClient, makeSignerCertificate, type Operation } from '../../../firmware/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { rigServer } from '../../support/rig-server.js'
import { silentLog } from '../../support/silent-log.js'
import type { RawScepClient } from '../../support/raw-scep-client.js'
import { checkScript, type ScepServer } from '../../../rig/scep-server/index.js'

async function setUp(t: ExecutionContext): Promise<{ client: ScepClient; operation: Operation; server: ScepServer; serial: string }> {
  const { server, client: raw } = await rigServer(t, { authority: { ra: 'one' } })
  const serial = await issued(raw)
  const clock = new LinuxClock()
  const client = new ScepClient({
    http: new LinuxHttp(clock), clock, random: linuxRandom.bytes, log: silentLog, allowLegacy: false,
    server: { url: new URL(server.url), timeout: seconds(5), trustAnchors: [] },
  })
  const privateKey = fixtureKeys.four
  const certificate = makeSignerCertificate(readCertificate(server.authority.ca.der).subjectDer, privateKey, linuxRandom.bytes, clock.wall())
  return { client, server, serial, operation: { authority: await client.findAuthority(server.fingerprint), transactionId: 'look', signer: { certificate, privateKey }, spki: certificate.spki } }
}

const issued = async (raw: RawScepClient): Promise<string> => raw.certificate(await raw.request()).serial

test('C-21: GetCert gives a certificate by issuer and serial; an unknown one is Fail Info 4', async (t) => {
  const { client, operation, serial } = await setUp(t)
  t.is((await client.getCertificate(operation, serial)).subject, 'CN=printer.example')
  const error = await t.throwsAsync<Error & { facts: object }>(client.getCertificate(operation, '0123'), { code: 'scep-failure' })
  t.like(error.facts, { failInfo: 4 })
})

test('C-21: GetCRL gives the list that says what is revoked', async (t) => {
  const { client, operation, server, serial } = await setUp(t)
  t.deepEqual(readCrl(await client.getCrl(operation, serial), server.authority.ca).revoked, [])
  server.authority.revoke(serial)
  t.deepEqual(readCrl(await client.getCrl(operation, serial), server.authority.ca).revoked.map((one) => one.serial), [serial])
})

test('C-9, C-21: what answers GetCert and GetCRL is held against signature, transaction and nonce like any other', async (t) => {
  const { client, operation, server, serial } = await setUp(t)
  for (const [fault, code] of [['other-signer', 'signature-invalid'], ['other-transaction', 'other-transaction'], ['wrong-nonce', 'nonce-mismatch']] as const) {
    server.setScript(checkScript({ faults: [fault] }))
    await t.throwsAsync(client.getCertificate(operation, serial), { code })
    await t.throwsAsync(client.getCrl(operation, serial), { code })
  }
})
