import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createPrivateKey } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { buildCsr, chooseAuthority, isSelfSigned, readCertificate, readCsr, verifyChain, type KeyUsageBit } from '../../../protocol/scep/index.js'
import { days, minutes } from '../../../protocol/time.js'
import { Authority, type AuthorityOptions } from '../../../rig/scep-server/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { fixturePlatform } from '../../support/rig-server.js'

const open = (options: AuthorityOptions = {}): Promise<Authority> => Authority.open(options, fixturePlatform())
const csrWith = (keyUsage: readonly KeyUsageBit[]): ReturnType<typeof readCsr> =>
  readCsr(buildCsr({ subject: { commonName: 'printer.example', organization: 'Example' }, key: fixtureKeys.four, digest: 'sha256', dnsNames: ['printer.example'], ipAddresses: ['192.0.2.7', '2001:db8::7'], keyUsage }))

function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'platen-authority-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return join(path, 'new', 'ca')
}

test('the CA is a self-signed root that may sign, decrypt, and issue', async (t) => {
  const { ca, certificates, fingerprint } = await open()
  t.true(isSelfSigned(ca) && ca.isCa)
  t.deepEqual([...ca.keyUsage!].sort(), ['cRLSign', 'digitalSignature', 'keyCertSign', 'keyEncipherment'])
  t.is(certificates.length, 1)
  t.is(fingerprint, ca.fingerprint)
})

const roles: readonly ['one' | 'two', number][] = [['one', 2], ['two', 3]]
for (const [ra, count] of roles) {
  test(`with ${ra} RA certificate(s) each has the key usage of its role and leads to the root`, async (t) => {
    const authority = await open({ ra })
    const read = authority.certificates.map(readCertificate)
    t.is(read.length, count)
    const { encryption, signers, top } = chooseAuthority(read)
    t.is(encryption.fingerprint, authority.encryption.certificate.fingerprint)
    t.is(signers[0]!.fingerprint, authority.signing.certificate.fingerprint)
    t.is(top.fingerprint, authority.fingerprint)
    t.is(encryption.fingerprint === signers[0]!.fingerprint, ra === 'one')
    for (const certificate of [encryption, signers[0]!]) t.notThrows(() => verifyChain(certificate, [], top, { at: Date.now() }))
  })
}

test('a certificate has the names of the request, a random serial number and begins a little in the past', async (t) => {
  const authority = await open({ validity: days(10) })
  const csr = csrWith(['digitalSignature'])
  const [first, second] = [authority.issue(csr, authority.order(csr)), authority.issue(csr, authority.order(csr))].map(({ der }) => readCertificate(der))
  t.is(first!.subject, 'CN=printer.example,O=Example')
  t.deepEqual([[...first!.dnsNames], [...first!.ipAddresses]], [['printer.example'], ['192.0.2.7', '2001:db8::7']])
  t.is(first!.serial.length, 32)
  t.not(first!.serial, second!.serial)
  t.false(first!.isCa)
  const now = Date.now()
  t.true(first!.notBefore <= now - minutes(4) && first!.notBefore > now - minutes(6))
  t.true(Math.abs(first!.notAfter - now - days(10)) < minutes(1))
})

test('key usage is granted as asked, except what belongs to a CA', async (t) => {
  const authority = await open()
  const granted = (asked: readonly KeyUsageBit[]): readonly string[] => {
    const csr = csrWith(asked)
    return [...readCertificate(authority.issue(csr, authority.order(csr)).der).keyUsage!].sort()
  }
  t.deepEqual(granted(['digitalSignature']), ['digitalSignature'])
  t.deepEqual(granted(['digitalSignature', 'keyCertSign', 'cRLSign']), ['digitalSignature'])
  t.deepEqual(granted([]), ['digitalSignature', 'keyEncipherment'])
})

test('no certificate outlives the CA', async (t) => {
  const authority = await open({ validity: days(36_500) })
  t.is(authority.order(csrWith([])).notAfter, authority.ca.notAfter)
})

for (const ra of ['none', 'one', 'two'] as const) {
  test(`an authority kept in a directory is the same after a restart (RA: ${ra})`, async (t) => {
    const path = directory(t)
    const before = await open({ ra, directory: path })
    const after = await open({ ra: 'none', bits: 4096, name: 'Other', directory: path })
    t.deepEqual(after.certificates.map((der) => Buffer.from(der).toString('hex')), before.certificates.map((der) => Buffer.from(der).toString('hex')))
    t.deepEqual([after.signing, after.encryption].map(({ privateKey }) => privateKey.equals(before.signing.privateKey)), [true, ra !== 'two'])
    for (const name of readdirSync(path)) t.is(statSync(join(path, name)).mode & 0o777, 0o600, name)
  })
}

test('a damaged directory is refused by name, and nothing in it is changed', async (t) => {
  const path = directory(t)
  await open({ directory: path })
  const file = join(path, 'ca.pem')
  const good = readFileSync(file, 'utf8')
  const foreign = good.slice(0, good.indexOf('-----BEGIN PRIVATE KEY')) + createPrivateKey(fixtureKeys.four.export({ type: 'pkcs8', format: 'pem' })).export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const bad of ['', good.slice(0, 500), good.replace(/-----BEGIN PRIVATE[^]*/, ''), foreign]) {
    writeFileSync(file, bad)
    const error = await t.throwsAsync(open({ directory: path }))
    t.like(error, { code: 'store-damaged' })
    t.true(error.message.includes(file))
    t.is(readFileSync(file, 'utf8'), bad)
  }
})
