import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import test from 'ava'
import { issueCertificate, issueCrl } from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { certificateFor, isWhole, openStore, register } from '../../support/key-store-fixture.js'
import { RecordingDisk } from '../../support/recording-disk.js'
import { closePrimes, sharedPrime } from '../../support/weak-keys.js'

const { two, three, four } = fixtureKeys
const chainOf = (key: KeyObject): readonly Uint8Array[] => [certificateFor(key, 'imported')]

test('device.md 6: an imported key is there with its chain after a restart, and serves like any other', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  const entry = await store.import('Imported', two, chainOf(two))
  t.like(entry, { name: 'Imported', kind: 'imported', state: 'ready', bits: 2048, uses: [] })
  await store.assign('tls', entry.id)
  await store.close()
  const again = await openStore(disk)
  t.deepEqual(again.keyFor('tls'), { ...entry, uses: ['tls'] })
  t.true(isWhole(again, again.get(entry.id)))
  await again.assign('tls', undefined)
  await again.delete(entry.id)
  t.is(again.find('Imported'), undefined)
})

test('device.md 6: an import is refused by the limit and by a taken name, and changes nothing', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk, { limits: { maxKeys: 2, maxCaCertificates: 1 } })
  await t.throwsAsync(store.import('Default Key', two, chainOf(two)), { code: 'key-name-taken' })
  await t.throwsAsync(store.import('', two, chainOf(two)), { code: 'invalid-value' })
  const slot = await store.reserve('Requested')
  const operations = disk.operations.length
  await t.throwsAsync(store.import('Imported', two, chainOf(two)), { code: 'store-full' })
  await t.throwsAsync(store.import('Requested', two, chainOf(two)), { code: 'key-name-taken' })
  t.is(disk.operations.length, operations)
  await store.abandon(slot)
  await t.notThrowsAsync(store.import('Imported', two, chainOf(two)))
})

test('device.md 6: a certificate for another key, and a key that is there already, are refused', async (t) => {
  const store = await openStore(new RecordingDisk())
  await t.throwsAsync(store.import('Imported', two, chainOf(three)), { code: 'certificate-not-for-our-key' })
  await t.throwsAsync(store.import('Imported', two, []), { code: 'bad-response' })
  await register(store, 'A', two)
  const error = await t.throwsAsync(store.import('Imported', two, chainOf(two)), { code: 'key-known' })
  t.like(error, { facts: { name: 'A' } })
})

const weak: readonly (readonly [weakness: string, make: () => KeyObject])[] = [
  ['size', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
  ['not-rsa', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['exponent', () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey],
  ['close-primes', closePrimes],
]

for (const [weakness, make] of weak) {
  test(`device.md 6: an imported key with the weakness ${weakness} is refused by name, and nothing of it stays`, async (t) => {
    const disk = new RecordingDisk()
    const store = await openStore(disk)
    const operations = disk.operations.length
    const key = make()
    const spki = key.asymmetricKeyType === 'ec' ? ecCertificate(key) : certificateFor(key, weakness)
    const error = await t.throwsAsync(store.import('Weak', key, [spki]), { code: 'weak-key' })
    t.like(error, { facts: { name: 'Weak', weakness } })
    t.is(disk.operations.length, operations)
    t.is(store.find('Weak'), undefined)
  })
}

function ecCertificate(key: KeyObject): Uint8Array {
  const subject = { subject: { commonName: 'ec' }, serial: '05', notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2036, 0, 1), digest: 'sha256' } as const
  const issuer = { certificate: certificateFor(two, 'root'), privateKey: two }
  return issueCertificate({ ...subject, issuer, publicKey: createPublicKey(key) })
}

test('device.md 6: a key that shares a prime with one in the store is refused', async (t) => {
  const store = await openStore(new RecordingDisk())
  const [one, other] = sharedPrime()
  await store.import('One', one, chainOf(one))
  t.like(await t.throwsAsync(store.import('Other', other, chainOf(other)), { code: 'weak-key' }), { facts: { weakness: 'shared-factor' } })
})

const january = Date.UTC(2026, 0, 1)
const root = { certificate: certificateFor(two, 'root'), privateKey: two }
const crl = (thisUpdate: number, issuer = root): Uint8Array => issueCrl({ issuer, thisUpdate, nextUpdate: thisUpdate + 1e10, revoked: [], digest: 'sha256' })

test('a list of revoked certificates stays with its CA, over a restart and a compaction, and goes with it', async (t) => {
  const disk = new RecordingDisk()
  const store = await openStore(disk)
  await store.addCaCertificate('Root', root.certificate)
  await store.setCrl('Root', crl(january))
  await store.close()
  const again = await openStore(disk, { compactFrom: 1 })
  await again.assign('ipsec:x', again.entries()[0]!.id)
  t.deepEqual(again.caCertificates(), [{ name: 'Root', der: root.certificate, crl: Uint8Array.from(crl(january)) }])
  await again.close()
  const third = await openStore(disk)
  t.deepEqual(third.caCertificates()[0]?.crl, Uint8Array.from(crl(january)))
  await third.deleteCaCertificate('Root')
  await third.addCaCertificate('Root', root.certificate)
  t.is(third.caCertificates()[0]?.crl, undefined)
})

test('a list that the CA did not make, or that is older than the one there, is refused', async (t) => {
  const store = await openStore(new RecordingDisk())
  await t.throwsAsync(store.setCrl('Root', crl(january)), { code: 'key-not-found' })
  await store.addCaCertificate('Root', root.certificate)
  await t.throwsAsync(store.setCrl('Root', crl(january, { certificate: certificateFor(four, 'root'), privateKey: four })), { code: 'signature-invalid' })
  await store.setCrl('Root', crl(january))
  await t.throwsAsync(store.setCrl('Root', crl(january - 1000)), { code: 'invalid-value' })
  await t.notThrowsAsync(store.setCrl('Root', crl(january + 1000)))
})
