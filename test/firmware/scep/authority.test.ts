import test from 'ava'
import { linuxRandom } from '../../../firmware/platform/index.js'
import { ScepClient } from '../../../firmware/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { ScriptedScep, issueBelow, makeRoot } from '../../support/scripted-scep.js'
import { silentLog } from '../../support/silent-log.js'

const now = Date.UTC(2026, 5, 1)
const client = (http: ScriptedScep, clock = new VirtualClock(now), allowLegacy = false): ScepClient => new ScepClient({
  http, clock, random: linuxRandom.bytes, log: silentLog, allowLegacy,
  server: { url: new URL('http://ca.example.com/scep'), timeout: seconds(30), trustAnchors: [] },
})

test('C-2: an authority with another fingerprint than the pin is not trusted, and both are named', async (t) => {
  const http = new ScriptedScep()
  const error = await t.throwsAsync(client(http).findAuthority('ab'.repeat(32)), { code: 'ca-mismatch' })
  t.true(error.message.includes(http.root.certificate.fingerprint))
})

test('C-2: certificates that do not lead to the pinned CA have no role, wherever they stand', async (t) => {
  const http = new ScriptedScep()
  const intruder = makeRoot('Root', fixtureKeys.two)
  const foreignRa = issueBelow(intruder, 'RA', fixtureKeys.four, { keyUsage: ['digitalSignature', 'keyEncipherment'] })
  for (const certificates of [[intruder.certificate, foreignRa.certificate, http.root.certificate], [http.root.certificate, foreignRa.certificate, intruder.certificate]]) {
    http.certificates = certificates
    const authority = await client(http).findAuthority(http.root.certificate.fingerprint)
    t.is(authority.encryption.fingerprint, http.root.certificate.fingerprint)
    t.deepEqual(authority.signers.map(({ fingerprint }) => fingerprint), [http.root.certificate.fingerprint])
    t.is(authority.top.fingerprint, http.root.certificate.fingerprint)
  }
})

test('C-5: the certificate of another device of the same CA is no RA, though it leads to the pin; under the policy legacy it may be', async (t) => {
  const http = new ScriptedScep()
  const device = issueBelow(http.root, 'Another printer', fixtureKeys.two, { keyUsage: ['digitalSignature', 'keyEncipherment'], extendedKeyUsage: ['serverAuth', 'clientAuth'] }).certificate
  http.certificates = [device, http.root.certificate]
  const authority = await client(http).findAuthority(http.root.certificate.fingerprint)
  t.is(authority.encryption.subject, http.root.certificate.subject, 'the challenge is not encrypted to it')
  t.deepEqual(authority.signers.map(({ subject }) => subject), [http.root.certificate.subject])
  t.is((await client(http, new VirtualClock(now), true).findAuthority(http.root.certificate.fingerprint)).encryption.subject, 'CN=Another printer')
})

test('C-5: RA certificates get their roles by key usage, in any order', async (t) => {
  const http = new ScriptedScep()
  const signing = issueBelow(http.root, 'RA signing', fixtureKeys.two, { keyUsage: ['digitalSignature'] }).certificate
  const encryption = issueBelow(http.root, 'RA encryption', fixtureKeys.four, { keyUsage: ['keyEncipherment'], serial: '03' }).certificate
  for (const certificates of [[signing, encryption, http.root.certificate], [http.root.certificate, encryption, signing]]) {
    http.certificates = certificates
    const authority = await client(http).findAuthority(http.root.certificate.fingerprint)
    t.is(authority.encryption.subject, 'CN=RA encryption')
    t.is(authority.signers[0]?.subject, 'CN=RA signing')
  }
})

test('C-2: an expired RA is an error of its own, not a reason to choose another role; without a clock it is not judged', async (t) => {
  const http = new ScriptedScep()
  const ra = issueBelow(http.root, 'RA', fixtureKeys.two, { keyUsage: ['digitalSignature', 'keyEncipherment'], notAfter: Date.UTC(2026, 1, 1) }).certificate
  http.certificates = [ra, http.root.certificate]
  await t.throwsAsync(client(http).findAuthority(http.root.certificate.fingerprint), { code: 'certificate-not-valid-now' })
  const authority = await client(http, new VirtualClock(now, 'unset')).findAuthority(http.root.certificate.fingerprint)
  t.is(authority.encryption.subject, 'CN=RA')
})

test('C-3: an HTTP error for GetCACaps means that nothing is stated; a redirect and a lost connection stay errors', async (t) => {
  const http = new ScriptedScep()
  const exchange = http.exchange.bind(http)
  const caps = (status: number): void => {
    http.exchange = (request) => (request.url.search.includes('GetCACaps') ? Promise.resolve({ status, headers: {}, body: new Uint8Array() }) : exchange(request))
  }
  for (const status of [404, 500, 501]) {
    caps(status)
    const { capabilities } = await client(http).fetchAuthority()
    t.deepEqual(Object.values(capabilities).filter(Boolean), [])
  }
  caps(302)
  await t.throwsAsync(client(http).fetchAuthority(), { code: 'redirect-refused' })
})
