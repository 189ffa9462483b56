import test from 'ava'
import { asPlatenError } from '../../../protocol/errors.js'
import type { RequestSpecification } from '../../../firmware/issuance/index.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { bench, enrolAt, specification } from '../../support/issuance-bench.js'
import { rigServer } from '../../support/rig-server.js'

const wrong: readonly (readonly [string, Partial<RequestSpecification>, string, RegExp])[] = [
  ['an empty key name', { keyName: '' }, 'keyName', /1 to 64/],
  ['a key name of 65 characters', { keyName: 'k'.repeat(65) }, 'keyName', /1 to 64/],
  ['a key name with a line feed', { keyName: 'a\nb' }, 'keyName', /control/],
  ['a key length that is not offered', { keyLength: 1024 as 2048 }, 'keyLength', /2048, 3072, 4096/],
  ['a digest that is not offered', { digest: 'md5' as 'sha256' }, 'digest', /sha256/],
  ['a common name that is one word', { commonName: 'printer' }, 'commonName', /IP address or a full host name/],
  ['a common name that is nearly an IPv4 address', { commonName: '192.0.2.256' }, 'commonName', /IP address/],
  ['a common name with a zone', { commonName: 'fe80::1%eth0' }, 'commonName', /IP address/],
  ['a common name with a space', { commonName: 'the printer.example.com' }, 'commonName', /IP address/],
  ['a common name with an underscore', { commonName: 'my_printer.example.com' }, 'commonName', /IP address/],
  ['a common name with a wildcard', { commonName: '*.example.com' }, 'commonName', /IP address/],
  ['a common name that ends in a hyphen', { commonName: 'printer-.example.com' }, 'commonName', /IP address/],
  ['a common name of 65 characters', { commonName: `${'a'.repeat(57)}.example` }, 'commonName', /at most 64/],
  ['an empty organization', { organization: '' }, 'organization', /left out/],
  ['an organization of 65 characters', { organization: 'o'.repeat(65) }, 'organization', /64/],
  ['a DNS name that is none', { dnsNames: ['printer', 'not a name'] }, 'dnsNames', /"not a name"/],
  ['an IP address that is none', { ipAddresses: ['192.0.2.1', '192.0.2'] }, 'ipAddresses', /"192.0.2"/],
  ['too many names', { dnsNames: Array.from({ length: 33 }, (_, index) => `p${index}`) }, 'dnsNames', /32/],
]

test('bad input is refused with its field and a fix, before anything is written or sent', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  const before = [board.disk.operations.length, server.transcript.records.length]
  for (const [what, change, field, reason] of wrong) {
    const error = asPlatenError(await t.throwsAsync(board.issuance.request({ ...specification, ...change }), undefined, what))
    t.deepEqual([error.code, error.facts['field']], ['invalid-value', field], what)
    t.regex(error.message, reason)
    t.not(error.fix, '', what)
  }
  const challenge = asPlatenError(await t.throwsAsync(board.issuance.request(specification, { challenge: 'secret '.repeat(40) })))
  t.deepEqual([challenge.code, challenge.facts['field']], ['invalid-value', 'challenge'])
  t.notRegex(challenge.message + challenge.fix, /secret/)
  t.deepEqual([board.disk.operations.length, server.transcript.records.length], before)
  t.deepEqual(board.issuance.history(), [])
})

test('common names of every allowed kind are taken', async (t) => {
  const { server } = await rigServer(t, { script: { faults: ['refuse'] } })
  const board = await bench(t)
  await enrolAt(board, server)
  for (const commonName of ['192.0.2.10', '2001:db8::10', '::ffff:192.0.2.10', 'printer.example.com', 'PRINTER-2.example', `${'a'.repeat(56)}.example`]) {
    t.is((await board.issuance.request({ ...specification, commonName })).code, 'connect-failed', commonName)
  }
})

test('a key name that is taken is refused without a row', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  await t.throwsAsync(board.issuance.request({ ...specification, keyName: 'Default Key' }), { code: 'key-name-taken' })
  t.deepEqual(board.issuance.history(), [])
})

test('device.md 3: SHA-1 is for the policy legacy alone', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  await t.throwsAsync(board.issuance.request({ ...specification, digest: 'sha1' }), { code: 'algorithm-refused' })
  await board.settings.update({ policy: 'legacy' })
  t.is((await board.issuance.request({ ...specification, digest: 'sha1' })).status, 'Successful')
})

test('nothing is sent while there is no server, no pin, or no clock, and the refusal says what to do', async (t) => {
  const { server } = await rigServer(t)
  const clock = new VirtualClock(Date.now(), 'unset')
  const board = await bench(t, { clock })
  const refusal = async (): Promise<string> => {
    const error = asPlatenError(await t.throwsAsync(board.issuance.request(specification)))
    t.not(error.fix, '')
    return error.code
  }
  const before = server.transcript.records.length
  t.is(await refusal(), 'not-configured')
  await enrolAt(board, server)
  await board.settings.update({ caFingerprint: undefined })
  t.is(await refusal(), 'ca-not-pinned')
  await enrolAt(board, server)
  t.is(await refusal(), 'clock-not-set')
  t.is(server.transcript.records.length, before)
  clock.setWall(Date.now(), 'held')
  t.is((await board.issuance.request(specification)).status, 'Successful')
})
