import test from 'ava'
import { issueCertificate, readCertificate, verifyChain, type Certificate } from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { identity, january, nextYear, rootCa } from './support.js'

const ca = { isCa: true, keyUsage: ['keyCertSign'] } as const
const intermediate = identity('Intermediate', fixtureKeys.two, rootCa, { ...ca, serial: '02' })
const lower = identity('Lower', fixtureKeys.three, intermediate, { ...ca, serial: '03' })
const leaf = identity('printer', fixtureKeys.four, lower, { serial: '04' }).certificate
const pool = [lower.certificate, rootCa.certificate, intermediate.certificate]
const top = rootCa.certificate
const at = january + 1000
const names = (path: readonly Certificate[]): readonly string[] => path.map(({ subject }) => subject)

test('C-2: a chain is found up to the pinned top whatever the order of the pool', (t) => {
  for (const order of [pool, pool.toReversed(), [...pool, ...pool]]) {
    t.deepEqual(names(verifyChain(leaf, order, top, { at })), ['CN=printer', 'CN=Lower', 'CN=Intermediate', 'CN=Root'])
  }
  t.deepEqual(names(verifyChain(top, [], top)), ['CN=Root'])
})

test('C-2: the top need not be in the pool, and may itself be an intermediate', (t) => {
  t.is(verifyChain(leaf, [lower.certificate], intermediate.certificate, { at }).length, 3)
})

const refused = (name: string, certificate: Certificate, between: readonly Certificate[], trusted: Certificate = top): void => test(`C-2: no chain through ${name}`, (t) => {
  t.throws(() => verifyChain(certificate, between, trusted, { at }), { code: 'chain-not-trusted' })
})

refused('a missing intermediate', leaf, [lower.certificate])
refused('a top of the same name with another key', leaf, pool, identity('Root', fixtureKeys.four, undefined, ca).certificate)
refused('a self-signed certificate that is not pinned', identity('printer', fixtureKeys.four).certificate, pool)
{
  const noCa = identity('Intermediate', fixtureKeys.two, rootCa)
  refused('an issuer that is not a CA', identity('printer', fixtureKeys.four, noCa).certificate, [noCa.certificate])
  const noSigning = identity('Intermediate', fixtureKeys.two, rootCa, { isCa: true, keyUsage: ['digitalSignature'] })
  refused('a CA whose keyUsage lacks keyCertSign', identity('printer', fixtureKeys.four, noSigning).certificate, [noSigning.certificate])
  const ending = identity('Intermediate', fixtureKeys.two, rootCa, { ...ca, pathLength: 0 })
  const below = identity('Lower', fixtureKeys.three, ending, ca)
  refused('a CA below one whose path length is 0', identity('printer', fixtureKeys.four, below).certificate, [ending.certificate, below.certificate])
  const forger = { certificate: intermediate.certificate, privateKey: fixtureKeys.four }
  refused('a signature by another key than the issuer of that name has', identity('printer', fixtureKeys.three, forger).certificate, pool)
  const sha1 = identity('Intermediate', fixtureKeys.two, rootCa, { ...ca, digest: 'sha1' })
  refused('an intermediate signed over SHA-1', identity('printer', fixtureKeys.four, sha1).certificate, [sha1.certificate])
  test('C-1: SHA-1 in a chain counts by permission', (t) => {
    t.is(verifyChain(identity('printer', fixtureKeys.four, sha1).certificate, [sha1.certificate], top, { at, allowSha1: true }).length, 3)
  })
}

test('C-2: a CA with path length 0 may issue leaves', (t) => {
  const ending = identity('Intermediate', fixtureKeys.two, rootCa, { ...ca, pathLength: 0 })
  t.is(verifyChain(identity('printer', fixtureKeys.four, ending).certificate, [ending.certificate], top, { at }).length, 3)
})

test('device.md 6: a chain outside its dates is certificate-not-valid-now, and names the certificate', (t) => {
  const expired = readCertificate(issueCertificate({ subject: { commonName: 'old' }, publicKey: leaf.publicKey, issuer: lower, serial: '05', notBefore: january - 2000, notAfter: january, digest: 'sha256' }))
  for (const [certificate, when, subject] of [[expired, at, 'CN=old'], [leaf, january - 1000, 'CN=printer'], [leaf, nextYear + 1000, 'CN=printer']] as const) {
    t.like(t.throws(() => verifyChain(certificate, pool, top, { at: when }), { code: 'certificate-not-valid-now' }), { facts: { subject } })
  }
  t.is(verifyChain(leaf, pool, top, { at: january }).length, 4)
  t.is(verifyChain(leaf, pool, top, { at: nextYear }).length, 4)
})

test('architecture.md, ports: without a set clock no validity is decided', (t) => {
  const expired = identity('old', fixtureKeys.four, lower, { notBefore: 0, notAfter: 1000 }).certificate
  t.is(verifyChain(expired, pool, top).length, 4)
})

test('C-2: a path that is valid now is preferred to an expired one of the same names', (t) => {
  const expired = identity('Intermediate', fixtureKeys.two, rootCa, { ...ca, notBefore: 0, notAfter: 1000 })
  t.is(verifyChain(leaf, [expired.certificate, ...pool], top, { at }).length, 4)
})

test('C-19: a pool of many look-alikes ends after a bounded number of signatures', (t) => {
  const alike = Array.from({ length: 31 }, (_, index) => identity('Lower', fixtureKeys.two, { certificate: intermediate.certificate, privateKey: fixtureKeys.one }, { ...ca, serial: (index + 16).toString(16) }).certificate)
  t.throws(() => verifyChain(leaf, alike, top, { at }), { code: 'chain-not-trusted' })
})
