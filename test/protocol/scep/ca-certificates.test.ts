import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import test from 'ava'
import {
  chooseAuthority, degenerate, issueCertificate, readCaCertificates, readCertificate, readNextCaCertificates, writeCaCertificates, writeNextCaCertificates, type Authority, type Certificate, type KeyUsageBit,
} from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { identity, january, nextYear, rootCa } from './support.js'

const root = rootCa.certificate
const issuing = identity('Issuing', fixtureKeys.two, rootCa, { isCa: true, keyUsage: ['keyCertSign'], serial: '02' })
const ra = (name: string, keyUsage?: readonly KeyUsageBit[]): Certificate => identity(name, fixtureKeys.three, issuing, keyUsage === undefined ? {} : { keyUsage }).certificate
const both = ra('both', ['digitalSignature', 'keyEncipherment'])
const encrypting = ra('encrypting', ['keyEncipherment'])
const signing = ra('signing', ['digitalSignature'])
const silent = ra('silent')

function orders<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}

const roles = ({ top, issuer, encryption, signers }: Authority): readonly string[] => [top, issuer, encryption, signers[0]!].map(({ subject }) => subject.replace('CN=', ''))

for (const [name, set, expected] of [
  ['one CA alone', [root], ['Root', 'Root', 'Root', 'Root']],
  ['root and issuing CA', [root, issuing.certificate], ['Root', 'Issuing', 'Issuing', 'Issuing']],
  ['an RA for both', [root, issuing.certificate, both], ['Root', 'Issuing', 'both', 'both']],
  ['two RAs, one for each', [root, issuing.certificate, encrypting, signing], ['Root', 'Issuing', 'encrypting', 'signing']],
  ['an RA with half a keyUsage', [root, issuing.certificate, signing], ['Root', 'Issuing', 'signing', 'signing']],
  ['an RA without keyUsage', [root, issuing.certificate, silent], ['Root', 'Issuing', 'silent', 'silent']],
  ['no root among them', [issuing.certificate, both], ['Issuing', 'Issuing', 'both', 'both']],
] as const) {
  test(`C-5: the roles are found in any order: ${name}`, (t) => {
    for (const order of orders<Certificate>(set)) t.deepEqual(roles(chooseAuthority(order)), expected)
  })
}

test('C-5: an RA whose key cannot encrypt leaves that to the CA', (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const elliptic = readCertificate(issueCertificate({ subject: { commonName: 'ec' }, publicKey, issuer: issuing, serial: '09', notBefore: january, notAfter: nextYear, digest: 'sha256' }))
  const { encryption, signers } = chooseAuthority([elliptic, issuing.certificate, root])
  t.is(encryption.subject, 'CN=Issuing')
  t.is(signers[0], elliptic)
})

test('C-5: a set without any CA is refused, unless it is one old certificate that does not say what it is', (t) => {
  t.throws(() => chooseAuthority([both, signing]), { code: 'bad-response' })
  t.throws(() => chooseAuthority([]), { code: 'bad-response' })
  const old = identity('Old', fixtureKeys.four).certificate
  t.is(chooseAuthority([old]).top, old)
})

test('C-5: GetCACert is one certificate as it is, or several in a degenerate SignedData, told apart by what they are', (t) => {
  const single = writeCaCertificates([root])
  t.deepEqual([single.mediaType, Buffer.from(single.bytes)], ['application/x-x509-ca-cert', Buffer.from(root.der)])
  t.is(readCaCertificates(single.bytes)[0]!.fingerprint, root.fingerprint)
  const several = writeCaCertificates([root, both])
  t.is(several.mediaType, 'application/x-x509-ca-ra-cert')
  t.deepEqual(new Set(readCaCertificates(several.bytes).map(({ fingerprint }) => fingerprint)), new Set([root.fingerprint, both.fingerprint]))
})

test('C-19: 32 certificates in a set are read, 33 are refused', (t) => {
  const make = (count: number): Uint8Array => degenerate(Array.from({ length: count }, (_, index) => identity(`CA ${index}`, fixtureKeys.one).certificate.der))
  t.is(readCaCertificates(make(32)).length, 32)
  t.throws(() => readCaCertificates(make(33)), { code: 'bad-response' })
})

test('C-20: the next CA certificates are read only when the current CA signed them', (t) => {
  const next = identity('Root', fixtureKeys.four, undefined, { isCa: true })
  const { mediaType, bytes } = writeNextCaCertificates([next.certificate], rootCa, 'sha256')
  t.is(mediaType, 'application/x-x509-next-ca-cert')
  t.deepEqual(readNextCaCertificates(bytes, [root]).map(({ fingerprint }) => fingerprint), [next.certificate.fingerprint])
  t.throws(() => readNextCaCertificates(bytes, [next.certificate]), { code: 'signature-invalid' })
  t.throws(() => readNextCaCertificates(degenerate([next.certificate.der]), [root]), { code: 'bad-response' })
  const forged = writeNextCaCertificates([next.certificate], { certificate: rootCa.certificate, privateKey: fixtureKeys.four }, 'sha256').bytes
  t.throws(() => readNextCaCertificates(forged, [root]), { code: 'signature-invalid' })
})

test('the key of a certificate is that of its SubjectPublicKeyInfo', (t) => {
  t.true(root.publicKey.equals(createPublicKey(fixtureKeys.one)))
})
