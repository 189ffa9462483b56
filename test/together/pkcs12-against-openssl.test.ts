import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { certificatePem } from '../../protocol/pem.js'
import { readKeyMaterial, readPkcs12, writePkcs12 } from '../../protocol/pkcs12/index.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { random } from '../protocol/pkcs12/support.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { part } from '../support/parts.js'

const openssl = part('openssl')
const folder = mkdtempSync(join(tmpdir(), 'platen-pkcs12-'))
const at = (name: string): string => join(folder, name)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const password = 'pässwörd 12'
const pem = readFileSync('test/vectors/pkcs12/key-and-chain.pem', 'utf8')
const certificates = pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))
writeFileSync(at('key.pem'), fixtureKeys.one.export({ type: 'pkcs8', format: 'pem' }))
const [leaf = '', ...others] = certificates.split(/(?<=-----END CERTIFICATE-----\n)/)
writeFileSync(at('leaf.pem'), leaf)
writeFileSync(at('chain.pem'), others.join(''))

const run = (...args: readonly string[]): string => execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Each with the options of `openssl pkcs12 -export` that make it. */
const matrix: readonly (readonly string[])[] = [
  [], ['-legacy'],
  ...['AES-128-CBC', 'AES-192-CBC', 'AES-256-CBC', 'DES-EDE3-CBC'].map((cipher) => ['-keypbe', cipher, '-certpbe', cipher]),
  ...['PBE-SHA1-3DES', 'PBE-SHA1-2DES', 'PBE-SHA1-RC2-40', 'PBE-SHA1-RC2-128'].map((cipher) => ['-legacy', '-keypbe', cipher, '-certpbe', cipher]),
  ...['sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((digest) => ['-macalg', digest]),
  ['-keypbe', 'NONE'], ['-certpbe', 'NONE'], ['-nomaciter'], ['-noiter', '-nomaciter'], ['-iter', '20000'], ['-descert', '-legacy'],
]

openssl.test('device.md 6: what openssl pkcs12 exports is read, over the whole matrix of ciphers, MACs and iterations', (t) => {
  for (const options of matrix) {
    const name = options.join(' ')
    run('pkcs12', '-export', '-inkey', 'key.pem', '-in', 'leaf.pem', '-certfile', 'chain.pem', '-name', 'Büro 1', '-passout', `pass:${password}`, '-out', 'a.p12', ...options)
    const bytes = Uint8Array.from(readFileSync(at('a.p12')))
    const { privateKey, chain, leftOut } = readKeyMaterial(bytes, password)
    t.true(privateKey.equals(fixtureKeys.one), name)
    t.deepEqual(chain.map(({ subject }) => subject), ['CN=printer.example.com', 'CN=Example Issuing CA'], name)
    t.is(leftOut, 0, name)
    t.is(readPkcs12(bytes, password).privateKeys[0]?.friendlyName, 'Büro 1', name)
    t.throws(() => readPkcs12(bytes, 'wrong'), { code: 'wrong-password' }, name)
  }
})

openssl.test('device.md 6: what openssl pkcs8 and rsa write is read, over the matrix of key encryption', (t) => {
  const forms: readonly (readonly string[])[] = [
    ...['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des3'].map((cipher) => ['-topk8', '-v2', cipher]),
    ...['hmacWithSHA1', 'hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512'].map((prf) => ['-topk8', '-v2prf', prf]),
    ['-topk8', '-v1', 'PBE-SHA1-3DES'], ['-topk8', '-iter', '100000'],
  ]
  for (const options of forms) {
    const key = run('pkcs8', '-in', 'key.pem', '-passout', `pass:${password}`, ...options)
    t.true(readKeyMaterial(key + certificates, password).privateKey.equals(fixtureKeys.one), options.join(' '))
    t.throws(() => readKeyMaterial(key + certificates, 'wrong'), { code: 'wrong-password' }, options.join(' '))
  }
  t.true(readKeyMaterial(run('rsa', '-in', 'key.pem', '-traditional') + certificates, '').privateKey.equals(fixtureKeys.one))
})

openssl.test('device.md 6: openssl pkcs12 reads what is written, whole, and only with the password', (t) => {
  const { chain } = readKeyMaterial(pem, '')
  const all = [...chain.map(({ der }) => der), readCertificate(Buffer.from(others[0]?.replace(/-----[^-]+-----|\n/g, '') ?? '', 'base64')).der]
  writeFileSync(at('b.p12'), writePkcs12({ privateKey: fixtureKeys.one, chain: all, friendlyName: 'Büro "1"' }, { password, random }))
  const told = spawnSync('openssl', ['pkcs12', '-in', 'b.p12', '-passin', `pass:${password}`, '-nodes', '-info'], { cwd: folder, encoding: 'utf8' })
  t.is(told.status, 0, told.stderr)
  t.regex(told.stderr, /MAC: sha256, Iteration 100000/)
  t.is(told.stderr.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/g)?.length, 2)
  t.true(told.stdout.includes(fixtureKeys.one.export({ type: 'pkcs8', format: 'pem' }).toString()))
  for (const der of all) t.true(told.stdout.includes(certificatePem(der)))
  // One name and one local key ID join the key and its certificate, and no other.
  t.is(told.stdout.match(/friendlyName: /g)?.length, 2)
  t.is(new Set(told.stdout.match(/localKeyID: .*/g)).size, 1)
  t.not(spawnSync('openssl', ['pkcs12', '-in', 'b.p12', '-passin', 'pass:wrong', '-nodes'], { cwd: folder }).status, 0)
  t.deepEqual(readKeyMaterial(Uint8Array.from(readFileSync(at('b.p12'))), password).chain.map(({ fingerprint }) => fingerprint), chain.map(({ fingerprint }) => fingerprint))
})

openssl.test('a file without a password is read with an empty one, as openssl writes it', (t) => {
  for (const options of [[], ['-legacy'], ['-keypbe', 'NONE', '-certpbe', 'NONE']]) {
    run('pkcs12', '-export', '-inkey', 'key.pem', '-in', 'leaf.pem', '-passout', 'pass:', '-out', 'c.p12', ...options)
    t.true(readKeyMaterial(Uint8Array.from(readFileSync(at('c.p12'))), '').privateKey.equals(fixtureKeys.one))
  }
})
