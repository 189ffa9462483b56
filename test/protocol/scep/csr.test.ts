import fc from 'fast-check'
import * as pkijs from 'pkijs'
import test from 'ava'
import { buildCsr, readCsr, type CsrFields } from '../../../protocol/scep/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { someCsr } from './support.js'

const csr = (fields: Partial<CsrFields> = {}): Uint8Array => buildCsr({ subject: { commonName: 'printer' }, key: fixtureKeys.two, digest: 'sha256', ...fields })

test('a request reads back as built: subject, names, challenge, usages, every digest', (t) => {
  const name = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' }).filter((text) => text.trim() !== '')
  fc.assert(fc.property(name, fc.option(name, { nil: undefined }), fc.array(fc.domain(), { maxLength: 4 }), fc.array(fc.oneof(fc.ipV4()), { maxLength: 3 }), fc.constantFrom('sha256', 'sha384', 'sha512'),
    (commonName, challengePassword, dnsNames, ipAddresses, digest) => {
      const read = readCsr(csr({ subject: { commonName }, ...(challengePassword === undefined ? {} : { challengePassword }), dnsNames, ipAddresses, digest, keyUsage: ['keyEncipherment'] }))
      t.is(read.challengePassword, challengePassword)
      t.deepEqual([read.dnsNames, read.ipAddresses, read.digest], [dnsNames, ipAddresses, digest])
      t.deepEqual([...read.keyUsage!], ['keyEncipherment'])
    }), { numRuns: 40 })
})

test('C-16: a challenge is a PrintableString when it fits, else a UTF8String', (t) => {
  const printable = Buffer.concat([Buffer.of(0x13, 8), Buffer.from('Ab-1+/=?')])
  t.true(Buffer.from(csr({ challengePassword: 'Ab-1+/=?' })).includes(printable))
  t.true(Buffer.from(csr({ challengePassword: 'p_ß*1' })).includes(Buffer.concat([Buffer.of(0x0c, 6), Buffer.from('p_ß*1')])))
})

test('C-16: a renewal without a challenge has none', (t) => {
  t.is(readCsr(csr()).challengePassword, undefined)
  t.false(Buffer.from(csr()).includes(Buffer.from('2a864886f70d010907', 'hex')))
})

test('a request that its own key did not sign is refused', (t) => {
  const mine = Buffer.from(csr())
  mine[mine.length - 5]! ^= 1
  t.throws(() => readCsr(mine), { code: 'signature-invalid' })
})

test('pkijs reads our request and verifies it too', async (t) => {
  const request = pkijs.CertificationRequest.fromBER(Uint8Array.from(someCsr()))
  t.true(await request.verify())
  t.is(request.attributes?.length, 2)
})

test('a foreign name cannot write lines into a log, and is escaped as RFC 4514 section 2.4 asks', (t) => {
  t.is(readCsr(csr({ subject: { commonName: 'a,b\n= ok', organization: 'x+y' } })).subject, 'CN=a\\,b\\0a\\= ok,O=x\\+y')
})
