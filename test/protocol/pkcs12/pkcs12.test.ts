import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { parse, sequence } from '../../../protocol/ber.js'
import * as der from '../../../protocol/der.js'
import { keyFileLimits, readKeyMaterial, readPkcs12, writePkcs12 } from '../../../protocol/pkcs12/index.js'
import { readCertificate } from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { contentOf, data, password, random, withMac } from './support.js'

const file = (name: string): Uint8Array => Uint8Array.from(readFileSync(`test/vectors/pkcs12/${name}`))
const text = (name: string): string => readFileSync(`test/vectors/pkcs12/${name}`, 'utf8')
const pkcs8 = (key = fixtureKeys.one): string => key.export({ type: 'pkcs8', format: 'der' }).toString('base64')
const names = ['CN=printer.example.com', 'CN=Example Issuing CA']

const chain = readKeyMaterial(file('modern.p12'), password).chain.map((certificate) => certificate.der)
const written = (options: { readonly friendlyName?: string; readonly password?: string; readonly rounds?: number } = {}): Uint8Array =>
  writePkcs12({ privateKey: fixtureKeys.one, chain, friendlyName: options.friendlyName ?? 'office' }, { password, rounds: 100, random, ...options })

for (const name of ['modern.p12', 'modern-sha512.p12', 'legacy.p12', 'legacy-rc2-128.p12', 'no-password.p12']) {
  test(`device.md 6: ${name} of OpenSSL gives its key and its chain, leaf first, without the root`, (t) => {
    const { privateKey, chain: found, leftOut } = readKeyMaterial(file(name), name.startsWith('no-') ? '' : password)
    t.is(pkcs8(privateKey), pkcs8())
    t.deepEqual(found.map(({ subject }) => subject), names)
    t.is(leftOut, 0)
  })

  test(`a wrong password and a damaged ${name} get the same answer`, (t) => {
    const right = name.startsWith('no-') ? '' : password
    const changed = file(name)
    changed[changed.length >> 1]! ^= 1
    const errors = [() => readKeyMaterial(file(name), `${right}x`), () => readKeyMaterial(changed, right)].map((read) => t.throws(read, { code: 'wrong-password' }))
    t.is(errors[0]?.message, errors[1]?.message)
  })
}

for (const name of ['key-and-chain.pem', 'encrypted-key-and-chain.pem', 'pkcs1-and-certificate.pem']) {
  test(`device.md 6: ${name} gives its key and what it has of its chain`, (t) => {
    const { privateKey, chain: found } = readKeyMaterial(text(name), password)
    t.is(pkcs8(privateKey), pkcs8())
    t.deepEqual(found.map(({ subject }) => subject), names.slice(0, found.length))
    t.deepEqual(readKeyMaterial(file(name), password).chain.map(({ der: each }) => each), found.map(({ der: each }) => each))
  })
}

test('an encrypted PKCS#8 key with a wrong password', (t) => {
  t.throws(() => readKeyMaterial(text('encrypted-key-and-chain.pem'), 'wrong'), { code: 'wrong-password' })
})

test('what is written is read again, whatever the name and the password', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 64 }), (secret, friendlyName) => {
    const { privateKeys, certificates } = readPkcs12(written({ password: secret, friendlyName, rounds: 1 }), secret)
    t.is(Buffer.from(privateKeys[0]!.der).toString('base64'), pkcs8())
    t.is(privateKeys[0]?.friendlyName, friendlyName)
    t.deepEqual(certificates.map((bag) => Buffer.from(bag.der)), chain.map((each) => Buffer.from(each)))
  }), { numRuns: 25 })
})

test('a file is never written without a password or a certificate', (t) => {
  t.throws(() => written({ password: '' }), { instanceOf: TypeError })
  t.throws(() => writePkcs12({ privateKey: fixtureKeys.one, chain: [], friendlyName: '' }, { password, random }), { instanceOf: TypeError })
})

test('nothing of the key or its certificates stands in a written file in clear', (t) => {
  const bytes = Buffer.from(written())
  t.false(bytes.includes(fixtureKeys.one.export({ type: 'pkcs8', format: 'der' }).subarray(40, 72)))
  t.false(bytes.includes(Buffer.from(readCertificate(chain[0]!).spki).subarray(40, 72)))
})

test('RFC 9579: PBMAC1 is taken in place of the MAC of PKCS#12', (t) => {
  const bytes = withMac(contentOf(written()), 2048)
  t.is(readPkcs12(bytes, password).privateKeys.length, 1)
  t.throws(() => readPkcs12(bytes, 'wrong'), { code: 'wrong-password' })
})

const refused: readonly (readonly [what: string, data: string | Uint8Array, message: RegExp])[] = [
  ['nothing', '', /neither PEM nor base64/],
  ['text', 'hello there', /neither PEM nor base64/],
  ['a file that is too large', new Uint8Array(keyFileLimits.bytes + 1).fill(0x30), /more than 32768 bytes/],
  ['a certificate alone', chain[0]!, /cannot be read/],
  ['a certificate alone in PEM', text('key-and-chain.pem').replace(/^[^]*?-----END PRIVATE KEY-----/, ''), /no private key in it/],
  ['a key alone', text('key-and-chain.pem').replace(/-----END PRIVATE KEY-----[^]*$/, '-----END PRIVATE KEY-----'), /no certificate in it/],
  ['two keys', text('key-and-chain.pem') + text('pkcs1-and-certificate.pem'), /2 private keys/],
  ['half a block', text('key-and-chain.pem').slice(0, -30), /not complete/],
  ['a key under the old encryption of OpenSSL', text('old-encryption.pem'), /encrypted the old way/],
  ['a block that belongs to no key', `${text('key-and-chain.pem')}-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n`, /CERTIFICATE REQUEST/],
]

for (const [what, given, message] of refused) {
  test(`${what} is refused with the field and the fix`, (t) => {
    const error = t.throws(() => readKeyMaterial(given, password), { code: 'invalid-value', message })
    t.like(error, { facts: { field: 'data' } })
    t.not((error as Error & { fix: string }).fix, '')
  })
}

test('device.md 6: a certificate for another key is refused', (t) => {
  const other = fixtureKeys.four.export({ type: 'pkcs8', format: 'pem' }).toString()
  const certificates = text('key-and-chain.pem').replace(/^[^]*?-----END PRIVATE KEY-----/, '')
  t.throws(() => readKeyMaterial(other + certificates, ''), { code: 'certificate-not-for-our-key' })
})

test('a private key with the public half of another one is refused', (t) => {
  const [one, four] = [fixtureKeys.one, fixtureKeys.four].map((key) => key.export({ format: 'jwk' }))
  const mixed = { ...four, n: one!.n, e: one!.e } as Record<string, string>
  const number = (name: string): Uint8Array => der.integer(Buffer.from(mixed[name]!, 'base64url').toString('hex'))
  const pkcs1 = der.sequence(der.integer(0), ...['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map(number))
  const certificates = text('key-and-chain.pem').replace(/^[^]*?-----END PRIVATE KEY-----/, '')
  const mixture = `-----BEGIN RSA PRIVATE KEY-----\n${Buffer.from(pkcs1).toString('base64')}\n-----END RSA PRIVATE KEY-----\n${certificates}`
  t.throws(() => readKeyMaterial(mixture, ''), { code: 'certificate-not-for-our-key' })
})

test('a file that asks for more rounds of hashing than it is worth is refused before they are done', (t) => {
  t.throws(() => readPkcs12(file('legacy.p12'), password, { rounds: 1000 }), { code: 'invalid-value', message: /rounds of hashing/ })
  t.notThrows(() => readPkcs12(file('legacy.p12'), password, { rounds: 50_000 }))
  const [version, safe, mac] = sequence(parse(file('modern.p12'), 'x'), 'x')
  const [info, salt] = sequence(mac, 'x')
  for (const count of ['7fffffff', 'ffffffffffffffff', '00']) {
    const endless = der.sequence(version!.raw, safe!.raw, der.sequence(info!.raw, salt!.raw, der.integer(count)))
    t.throws(() => readPkcs12(endless, password), { code: 'invalid-value' }, count)
  }
})

test('bags within bags end somewhere', (t) => {
  const nested = (depth: number): Uint8Array => (depth === 0 ? der.sequence() : der.sequence(der.sequence(der.objectIdentifier('1.2.840.113549.1.12.10.1.6'), der.context(0, nested(depth - 1)))))
  const whole = (contents: Uint8Array): Uint8Array => withMac(der.sequence(data(contents)))
  t.deepEqual(readPkcs12(whole(nested(4)), password), { privateKeys: [], certificates: [] })
  t.throws(() => readPkcs12(whole(nested(5)), password), { code: 'invalid-value', message: /nested too deeply/ })
  const flat = der.sequence(...Array.from({ length: 65 }, () => der.sequence(der.objectIdentifier('1.2.840.113549.1.12.10.1.6'), der.context(0, der.sequence()))))
  t.throws(() => readPkcs12(whole(flat), password), { message: /64/ })
})
